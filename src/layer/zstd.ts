import { type ByteSource, StreamedBytes } from "../archive/bytes.js";
import { InputError } from "../errors.js";
import { type PartLimit, partCounter } from "./part-limit.js";

const magic = 0xfd2fb528;
// The last four bits are free.
const skippable = 0x184d2a50;

// Bytes of fields, by their flag in the descriptor of a frame.
const dictionarySizes = [0, 1, 2, 4];
const contentSizes = [0, 2, 4, 8];

// Each chunk is a way through the thread pool, which takes longer than a small block.
const smallest = 1 << 16;

// Each frame is such a way. One of a file takes more, with the header of the file before it, and few layers have as many.
const frames: PartLimit = { name: "frames of zstd", any: 10_000, least: 24 };

// Those of zeros take a few bytes, and hold 128 KiB: so many hold more of them than images have, 16 GiB.
const blocks: PartLimit = { name: "blocks of zstd", any: 2 ** 17, least: 24 };

/**
 * Cuts what zstd compressed at the ends of its frames (RFC 8878, section 3). Node's own stream ends after a frame that
 * is not at the end of a chunk; the layers of zstd:chunked have one for each file.
 */
export async function* readZstd(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Buffer> {
  const bytes = new StreamedBytes(chunks, subject);
  try {
    const countFrame = partCounter(frames, bytes, subject);
    const countBlock = partCounter(blocks, bytes, subject);
    do {
      yield* gathered(readFrame(bytes, subject, countBlock));
      countFrame();
    } while (!(await bytes.isAtEnd()));
  } finally {
    await bytes.close();
  }
}

async function* gathered(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const part of parts) {
    waiting.push(part);
    size += part.length;
    if (size < smallest) continue;
    yield Buffer.concat(waiting, size);
    [waiting, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(waiting, size);
}

async function* readFrame(
  bytes: ByteSource,
  subject: string,
  countBlock: () => void,
): AsyncGenerator<Buffer> {
  const start = await bytes.read(4);
  const found = start.readUInt32LE();
  if ((found & ~0xf) === skippable) return bytes.skip((await bytes.read(4)).readUInt32LE());
  if (found !== magic)
    throw new InputError({ subject, expected: "a whole layer", given: "bytes that are no frame of zstd" });
  const descriptor = await bytes.read(1);
  const flags = descriptor.readUInt8();
  yield Buffer.concat([start, descriptor, await bytes.read(headerSize(flags))]);
  for (let last = false; !last; ) {
    const header = await bytes.read(3);
    const block = header.readUIntLE(0, 3);
    last = (block & 1) === 1;
    countBlock();
    // A block that repeats a byte holds that byte alone.
    const repeats = ((block >> 1) & 3) === 1;
    yield Buffer.concat([header, await bytes.read(repeats ? 1 : block >> 3)]);
  }
  const checked = (flags & 4) === 4;
  if (checked) yield await bytes.read(4);
}

/** Bytes of the header of a frame that follow its descriptor. */
function headerSize(flags: number): number {
  const single = (flags & 0x20) === 0x20;
  const contentSize = contentSizes[flags >> 6] || (single ? 1 : 0);
  return (single ? 0 : 1) + (dictionarySizes[flags & 3] ?? 0) + contentSize;
}
