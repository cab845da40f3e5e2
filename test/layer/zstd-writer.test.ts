import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { decompressors } from "../../src/layer/decompression.js";
import { zstd } from "../../src/layer/zstd-writer.js";

const frame = 1 << 22;

const bytesOf = (chunks: AsyncIterable<Buffer>) => buffer(Readable.from(chunks, { objectMode: false }));
const compress = (chunks: Iterable<Buffer>) => bytesOf(zstd(Readable.from(chunks, { objectMode: true })));

function* inChunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it.each([1, frame - 1, frame, frame + 1, 3 * frame + 7])(
  "%i bytes are frames of zstd, whatever chunks they arrive in",
  async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => (at * at) % 251));
    const packed = await compress(inChunksOf(bytes, 1 << 20));
    const read = decompressors.zstd(Readable.from([packed], { objectMode: true }), "layer");
    expect((await bytesOf(read)).equals(bytes)).toBe(true);
    expect((await compress(inChunksOf(bytes, 9_973))).equals(packed)).toBe(true);
  },
);
