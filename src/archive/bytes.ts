import type { FileHandle } from "node:fs/promises";
import { InputError } from "../errors.js";

/** Bytes from start to end, by the sizes that a reader asks for. */
export interface ByteSource {
  /** Where the next byte lies. */
  readonly offset: number;
  /** Whether nothing is left. */
  isAtEnd(): Promise<boolean>;
  /** The next bytes; fewer than asked for are an error. */
  read(size: number): Promise<Buffer>;
  skip(size: number): Promise<void>;
  /** Skips the next bytes, as many as there are. */
  skipAtMost(size: number): Promise<void>;
}

/** What arrives as a stream. */
export class StreamedBytes implements ByteSource {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(
    chunks: AsyncIterable<Buffer>,
    private readonly subject: string,
  ) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  get offset(): number {
    return this.#offset;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#iterator.next();
      if (done) return true;
      this.#rest = value;
    }
    return false;
  }

  async read(size: number): Promise<Buffer> {
    if (size <= this.#rest.length) return this.#next(size);
    const parts: Buffer[] = [];
    for await (const part of this.take(size)) parts.push(part);
    return Buffer.concat(parts);
  }

  async skip(size: number): Promise<void> {
    if (size <= this.#rest.length) this.#next(size);
    else for await (const _ of this.take(size));
  }

  async skipAtMost(size: number): Promise<void> {
    for (let left = size; left > 0 && !(await this.isAtEnd()); ) left -= this.#next(left).length;
  }

  /** The next bytes as they arrive; fewer than asked for are an error. */
  async *take(size: number): AsyncGenerator<Buffer> {
    for (let missing = size; missing > 0; ) {
      if (await this.isAtEnd()) throw cutShort(this.subject, missing);
      const part = this.#next(missing);
      missing -= part.length;
      yield part;
    }
  }

  /** What has arrived of the next bytes. */
  next(): Buffer {
    return this.#next(this.#rest.length);
  }

  /** The next bytes, so many or what is left of them, without going on. */
  async peek(size: number): Promise<Buffer> {
    const parts = [this.#rest];
    let arrived = this.#rest.length;
    while (arrived < size) {
      const { value, done } = await this.#iterator.next();
      if (done) break;
      parts.push(value);
      arrived += value.length;
    }
    if (parts.length > 1) this.#rest = Buffer.concat(parts, arrived);
    return this.#rest.subarray(0, size);
  }

  /** Takes back the end of what was read last: it is read again. */
  giveBack(end: Buffer): void {
    this.#rest = this.#rest.length === 0 ? end : Buffer.concat([end, this.#rest]);
    this.#offset -= end.length;
  }

  /** Reads what is left, so that whatever checks the stream at its end does so. */
  async drain(): Promise<void> {
    while (!(await this.isAtEnd())) this.#next(this.#rest.length);
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  #next(most: number): Buffer {
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    this.#offset += part.length;
    return part;
  }
}

/** A file, of which only what is asked for is read. */
export class FileBytes implements ByteSource {
  #offset = 0;

  constructor(
    private readonly file: FileHandle,
    /** Bytes of the file. */
    private readonly size: number,
    private readonly subject: string,
  ) {}

  get offset(): number {
    return this.#offset;
  }

  async isAtEnd(): Promise<boolean> {
    return this.#offset >= this.size;
  }

  async read(size: number): Promise<Buffer> {
    const start = this.#offset;
    // Before memory is taken: what a header says may be any size.
    await this.skip(size);
    const { buffer, bytesRead } = await this.file.read(Buffer.alloc(size), 0, size, start);
    if (bytesRead < size) throw cutShort(this.subject, size - bytesRead);
    return buffer;
  }

  async skip(size: number): Promise<void> {
    const missing = this.#offset + size - this.size;
    if (missing > 0) throw cutShort(this.subject, missing);
    this.#offset += size;
  }

  async skipAtMost(size: number): Promise<void> {
    this.#offset = Math.min(this.#offset + size, this.size);
  }
}

function cutShort(subject: string, missing: number): InputError {
  return new InputError({
    subject,
    expected: "a whole archive",
    given: `one that ends ${missing} bytes early`,
  });
}
