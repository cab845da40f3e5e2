import { constants, crc32, deflateRaw, type ZlibOptions } from "node:zlib";
import { eachBlock } from "./blocks.js";

// Of programs it makes one to two hundredths more than 6, the level of `gzip`, in about six tenths of its time.
const level = 4;
// Bytes. What is smaller compresses worse, and what is larger leaves cores without work at the end of a layer.
const blockSize = 1 << 19;
// What programs compress to mostly fits: each piece of output costs a turn of the event loop.
const chunkSize = 1 << 18;
// How far deflate looks back (RFC 1951 section 2): a block goes on from the end of the one before it.
const window = 1 << 15;

// No time, no name, and no operating system (RFC 1952 section 2.3.1).
const header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const lastBlock = [3, 0];

/**
 * Compresses a stream with gzip, in blocks of one size that are compressed at the same time: the same bytes give the
 * same file, whatever machine and however they arrive.
 */
export async function* gzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(header);
  let checksum = 0;
  let length = 0;
  let dictionary: Buffer = Buffer.alloc(0);
  yield* eachBlock(chunks, blockSize, (block) => {
    checksum = crc32(block, checksum);
    length += block.length;
    const options = { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize };
    const before = dictionary;
    dictionary = block.subarray(-window);
    return deflate(block, before.length === 0 ? options : { ...options, dictionary: before });
  });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.from([...lastBlock, ...trailer]);
}

function deflate(block: Buffer, options: ZlibOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, packed) => (error === null ? resolve(packed) : reject(error)));
  });
}
