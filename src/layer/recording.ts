import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

/** A file whose bytes stay where they are, read anew each time. */
export interface ReferredFile {
  path: string;
  size: number;
  read(): AsyncIterable<Buffer>;
}

type Segment = { bytes: Buffer } | { start: number; end: number } | ReferredFile;

// What is held in memory; what follows goes into a file.
const memoryLimit = 4 << 20;

/**
 * Bytes that are read again: many small files cost much more to open than to read, so they are kept one after the other,
 * in memory as long as they are few, and else in a file of a directory. Large files are referred to.
 */
export class Recording {
  readonly #segments: Segment[] = [];
  #held = 0;
  #written = 0;
  #file: FileHandle | undefined;
  #path = "";

  constructor(
    private readonly directory: string,
    private readonly name: string,
  ) {}

  async add(bytes: Buffer): Promise<void> {
    if (this.#held + bytes.length <= memoryLimit) {
      this.#held += bytes.length;
      this.#segments.push({ bytes });
      return;
    }
    if (this.#file === undefined) {
      this.#path = join(this.directory, this.name);
      this.#file = await open(this.#path, "w");
    }
    await this.#file.writeFile(bytes);
    const last = this.#segments.at(-1);
    const start = this.#written;
    this.#written += bytes.length;
    if (last !== undefined && "start" in last) last.end = this.#written;
    else this.#segments.push({ start, end: this.#written });
  }

  refer(file: ReferredFile): void {
    this.#segments.push(file);
  }

  /** Nothing more is added. */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  open(): Readable {
    return Readable.from(this.#read(), { objectMode: false });
  }

  async *#read(): AsyncGenerator<Buffer> {
    for (const segment of this.#segments) {
      if ("bytes" in segment) yield segment.bytes;
      else if ("read" in segment) yield* segment.read();
      else
        yield* createReadStream(this.#path, {
          start: segment.start,
          end: segment.end - 1,
        }) as AsyncIterable<Buffer>;
    }
  }
}
