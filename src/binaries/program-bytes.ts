import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** The bytes of a program, of which what is asked for is read: a Uint8Array is one. */
export interface ProgramBytes {
  readonly length: number;
  /** What is past the end is left out. */
  subarray(start: number, end: number): Uint8Array;
}

/** A program on disk, which may be larger than memory. Whoever opens it closes it. */
export class ProgramFile implements ProgramBytes {
  readonly #file: number;
  readonly length: number;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.length = fstatSync(this.#file).size;
  }

  subarray(start: number, end: number): Uint8Array {
    const bytes = Buffer.alloc(Math.max(Math.min(end, this.length) - start, 0));
    return bytes.subarray(0, readSync(this.#file, bytes, 0, bytes.length, start));
  }

  close(): void {
    closeSync(this.#file);
  }
}
