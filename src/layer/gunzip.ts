import { constants, crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import { StreamedBytes } from "../archive/bytes.js";
import { InputError } from "../errors.js";
import { type Decompressor, decompress, pieces } from "./decompressor.js";
import { type PartLimit, partCounter } from "./part-limit.js";

// Fields of the header (RFC 1952, section 2.3.1).
const magic = 0x1f8b;
const deflate = 8;
const flag = { headerChecksum: 2, extra: 4, name: 8, comment: 16 };

// Bytes of a name or comment: Go reads no longer one (compress/gzip: Reader.readString).
const longest = 511;

// Each is a stream of Node. Layers of eStargz have one for each file, with the header of the file in it.
const members: PartLimit = { name: "members of gzip", any: 50_000, least: 96 };

// What one of a file takes.
const smallPacked = 1 << 15;
const small = { chunkSize: 1 << 14, maxOutputLength: 1 << 18, finishFlush: constants.Z_SYNC_FLUSH };

// A stream takes what follows its end for nothing: only one that has used a chunk is given another.
const oneByOne = {
  chunkSize: pieces.chunkSize,
  readableHighWaterMark: pieces.highWaterMark,
  writableHighWaterMark: 1,
};

/** What Node's inflateRawSync gives where it is asked for information. */
interface Inflated {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

/**
 * Gives what gzip compressed, one member after the other (RFC 1952). Node's own stream passes over the headers, and
 * takes those that Go, and so what runs images, does not: with a long name or comment.
 */
export async function* gunzip(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Buffer> {
  const bytes = new StreamedBytes(chunks, subject);
  try {
    const countMember = partCounter(members, bytes, subject);
    do {
      await skipHeader(bytes, subject);
      yield* readMember(bytes, subject);
      countMember();
    } while (!(await bytes.isAtEnd()));
  } finally {
    await bytes.close();
  }
}

type Read = (size: number) => Promise<Buffer>;

async function skipHeader(bytes: StreamedBytes, subject: string): Promise<void> {
  const start = bytes.offset;
  let checksum = 0;
  const read: Read = async (size) => {
    const part = await bytes.read(size);
    checksum = crc32(part, checksum);
    return part;
  };
  const fixed = await read(4);
  const flags = fixed.readUInt8(3);
  if (fixed.readUInt16BE() !== magic || fixed.readUInt8(2) !== deflate || flags > 31) {
    // Where others arrived than were asked for, that is the error.
    await bytes.drain();
    throw new InputError({
      subject,
      expected: "a whole layer",
      given: start === 0 ? "bytes that are no gzip" : "other bytes behind it",
    });
  }
  await read(6);
  if (flags & flag.extra) await read((await read(2)).readUInt16LE());
  if (flags & flag.name) await skipText(read, subject);
  if (flags & flag.comment) await skipText(read, subject);
  const whole = checksum & 0xffff;
  if (flags & flag.headerChecksum && (await read(2)).readUInt16LE() !== whole)
    throw new InputError({ subject, expected: "a gzip header of its checksum", given: "another one" });
}

async function skipText(read: Read, subject: string): Promise<void> {
  for (let length = 0; (await read(1)).readUInt8() !== 0; length += 1)
    if (length >= longest)
      throw new InputError({
        subject,
        expected: `a gzip header with a name and a comment of at most ${longest} bytes`,
        given: "a longer one",
      });
}

/** What is compressed in one, which has to have the checksum and the size that stand behind it. */
async function* readMember(bytes: StreamedBytes, subject: string): AsyncGenerator<Buffer> {
  let [checksum, size] = [0, 0];
  for await (const chunk of inflate(bytes)) {
    checksum = crc32(chunk, checksum);
    size += chunk.length;
    yield chunk;
  }
  const trailer = await bytes.read(8);
  if (trailer.readUInt32LE() !== checksum || trailer.readUInt32LE(4) !== size % 2 ** 32)
    throw new InputError({ subject, expected: "a whole layer", given: "one that is not of its checksum" });
}

/** Reads to the end of what is compressed, and no further. */
async function* inflate(bytes: StreamedBytes): AsyncGenerator<Buffer> {
  const whole = inflateSmall(await bytes.peek(smallPacked));
  if (whole === undefined) return yield* inflateStreamed(bytes);
  await bytes.skip(whole.size);
  yield whole.content;
}

/** What the first bytes hold, and how many of them, if that is small: a stream takes longer to make. */
function inflateSmall(start: Buffer): { content: Buffer; size: number } | undefined {
  try {
    const inflated = inflateRawSync(start, { ...small, info: true }) as unknown as Inflated;
    const size = inflated.engine.bytesWritten;
    return size < start.length ? { content: inflated.buffer, size } : undefined;
  } catch {
    // More than that, or broken, which the stream says.
    return undefined;
  }
}

async function* inflateStreamed(bytes: StreamedBytes): AsyncGenerator<Buffer> {
  const stream: Decompressor = createInflateRaw(oneByOne);
  const feed = new Feed(bytes, stream);
  yield* decompress(stream, () => feed.chunks());
  feed.giveBackUnused();
}

/** What a decompressor is given, a chunk at a time: of the last one it may use a part. */
class Feed {
  #last: Buffer = Buffer.alloc(0);
  /** Bytes that were given, the last chunk included. */
  #given = 0;
  #failure: { error: unknown } | undefined;

  constructor(
    private readonly bytes: StreamedBytes,
    private readonly stream: Decompressor,
  ) {}

  async *chunks(): AsyncGenerator<Buffer> {
    while (this.#unused === 0 && !(await this.#isAtEnd())) {
      this.#last = this.bytes.next();
      this.#given += this.#last.length;
      yield this.#last;
    }
  }

  giveBackUnused(): void {
    if (this.#failure) throw this.#failure.error;
    this.bytes.giveBack(this.#last.subarray(this.#last.length - this.#unused));
  }

  /** Bytes behind the end of what was compressed, once the last chunk was looked at. */
  get #unused(): number {
    return this.#given - this.stream.bytesWritten;
  }

  /** A decompressor that has come to its end passes no error on. */
  async #isAtEnd(): Promise<boolean> {
    try {
      return await this.bytes.isAtEnd();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
