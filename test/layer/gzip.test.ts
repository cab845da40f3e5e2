import { execFileSync } from "node:child_process";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { gzip } from "../../src/layer/gzip.js";

const block = 1 << 19;

/** Text that compresses, and that comes again only far behind itself. */
function textOf(size: number): Buffer {
  const text = Buffer.alloc(size);
  let state = 1;
  for (let at = 0; at < size; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    text[at] = 97 + ((state >> 16) % 7);
  }
  return text;
}

const compress = (chunks: Iterable<Buffer>) =>
  buffer(Readable.from(gzip(Readable.from(chunks, { objectMode: true })), { objectMode: false }));

function* inChunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it.each([0, 1, block - 1, block, block + 1, 3 * block, 20 * block + 7])(
  "%i bytes are one file of gzip, whatever chunks they arrive in",
  async (size) => {
    const bytes = textOf(size);
    const packed = await compress(inChunksOf(bytes, 1 << 20));
    expect(gunzipSync(packed).equals(bytes)).toBe(true);
    expect(execFileSync("gzip", ["-dc"], { input: packed, maxBuffer: 1 << 26 }).equals(bytes)).toBe(true);
    expect((await compress(inChunksOf(bytes, 9_973))).equals(packed)).toBe(true);
  },
);

it("has no time, no name and no system in its header", async () => {
  expect([...(await compress([Buffer.from("text")])).subarray(0, 10)]).toEqual([
    ...[0x1f, 0x8b, 8, 0],
    ...[0, 0, 0, 0, 0, 0xff],
  ]);
});

it("is hardly larger than a file without blocks", async () => {
  const bytes = textOf(10 * block);
  const packed = await compress(inChunksOf(bytes, 1 << 20));
  expect(packed.length).toBeLessThan(gzipSync(bytes, { level: 6 }).length * 1.01);
});

it("ends where its source breaks off", async () => {
  const chunks = function* () {
    yield textOf(3 * block);
    throw new Error("broke off");
  };
  await expect(compress(chunks())).rejects.toThrow("broke off");
});
