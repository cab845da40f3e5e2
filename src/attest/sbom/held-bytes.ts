import type { ProgramBytes } from "../../binaries/program-bytes.js";

/** A program in memory, in the chunks in which it arrived. */
export class HeldBytes implements ProgramBytes {
  readonly #chunks: readonly Buffer[];
  /** Where each chunk begins. */
  readonly #starts: readonly number[];
  readonly length: number;

  constructor(chunks: readonly Buffer[]) {
    let length = 0;
    this.#chunks = chunks;
    this.#starts = chunks.map((chunk) => {
      const start = length;
      length += chunk.length;
      return start;
    });
    this.length = length;
  }

  subarray(start: number, end: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = this.#chunkAt(start); at < this.#chunks.length; at += 1) {
      const begins = this.#starts[at] ?? 0;
      if (begins >= end) break;
      const part = this.#chunks[at]?.subarray(Math.max(start - begins, 0), Math.max(end - begins, 0));
      if (part !== undefined) parts.push(part);
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** The last chunk that begins there or before. */
  #chunkAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
