import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { gunzip } from "../../src/layer/gunzip.js";
import { uncompressedSize } from "../../src/layer/uncompressed.js";
import { digestOf } from "../../src/oci/manifest.js";
import type { ContentSource } from "../../src/oci/source.js";
import type { StoredLayer } from "../../src/oci/stored-layer.js";

const tar = Buffer.alloc(5_000_001, "layer ");

/** A source of one blob, which arrives in small pieces. */
function store(bytes: Buffer, mediaType: string, archive = tar): [ContentSource, StoredLayer] {
  const pieces = function* () {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
  };
  return [
    { name: "image.tar", read: async () => bytes, open: async () => Readable.from(pieces()) },
    { mediaType, digest: digestOf(bytes), size: bytes.length, diffId: digestOf(archive) },
  ];
}

const gzip = gzipSync(tar);
const zstd = zstdCompressSync(tar);

describe("uncompressedSize", () => {
  it.each([
    ["application/vnd.oci.image.layer.v1.tar", tar],
    ["application/vnd.oci.image.layer.v1.tar+gzip", gzip],
    ["application/vnd.oci.image.layer.v1.tar+zstd", zstd],
    ["application/vnd.docker.image.rootfs.diff.tar", tar],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", gzip],
  ])("%s", async (mediaType, bytes) => {
    expect(await uncompressedSize(...store(bytes, mediaType))).toBe(tar.length);
  });

  it("counts all members of a gzip file", async () => {
    const two = Buffer.concat([gzip, gzip]);
    const archive = Buffer.concat([tar, tar]);
    const layer = store(two, "application/vnd.oci.image.layer.v1.tar+gzip", archive);
    expect(await uncompressedSize(...layer)).toBe(2 * tar.length);
  });

  it.each([
    ["a name", 8, 511, true],
    ["a name", 8, 512, false],
    ["a comment", 16, 511, true],
    ["a comment", 16, 512, false],
    ["a name that does not end", 8, 100_000, false],
  ])("reads a gzip layer with %s as Go does: flag %i, %i bytes: %s", async (_, flag, length, isRead) => {
    const header = Buffer.from(gzip.subarray(0, 10)).fill(flag, 3, 4);
    const bytes = Buffer.concat([header, Buffer.alloc(length, "n"), Buffer.alloc(1), gzip.subarray(10)]);
    const size = uncompressedSize(...store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip"));
    if (isRead) expect(await size).toBe(tar.length);
    else
      await expect(size).rejects.toThrow("expected a gzip header with a name and a comment of at most 511");
  });

  it.each([
    ["its checksum", 0],
    ["another checksum", 1],
  ])("reads a gzip header as Go does: with %s", async (_, difference) => {
    const header = Buffer.concat([
      Buffer.from(gzip.subarray(0, 10)).fill(2 | 8, 3, 4),
      Buffer.from("name\0"),
    ]);
    const checksum = Buffer.alloc(2);
    checksum.writeUInt16LE((crc32(header) & 0xffff) ^ difference);
    const bytes = Buffer.concat([header, checksum, gzip.subarray(10)]);
    const size = uncompressedSize(...store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip"));
    if (difference === 0) expect(await size).toBe(tar.length);
    else await expect(size).rejects.toThrow("expected a gzip header of its checksum, got");
  });

  it("asks for no more of a gzip layer than the member that is read, however slow its reader is", async () => {
    const member = gzipSync(Buffer.alloc(2 ** 19));
    let asked = 0;
    const chunks = async function* () {
      for (; asked < 1000; asked += 1) yield member;
    };
    for await (const _ of gunzip(chunks(), "layer")) {
      await sleep(50);
      break;
    }
    // As many as are looked at for what is small.
    expect(asked).toBeLessThan(2 ** 15 / member.length + 5);
  });

  it("refuses a later member of gzip that Go does not read", async () => {
    const header = Buffer.from(gzip.subarray(0, 10)).fill(8, 3, 4);
    const bytes = Buffer.concat([gzip, header, Buffer.alloc(512, "n"), Buffer.alloc(1), gzip.subarray(10)]);
    const layer = store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip", Buffer.concat([tar, tar]));
    await expect(uncompressedSize(...layer)).rejects.toThrow("a name and a comment of at most 511 bytes");
  });

  it.each([
    ["checksum", -8],
    ["size", -4],
  ])("refuses a member of gzip of another %s", async (_, at) => {
    const bytes = Buffer.concat([gzip, gzip]);
    bytes.writeUInt8((bytes.readUInt8(bytes.length + at) + 1) % 256, bytes.length + at);
    const layer = store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip", Buffer.concat([tar, tar]));
    await expect(uncompressedSize(...layer)).rejects.toThrow("one that is not of its checksum");
  });

  it("refuses more members of gzip than files can be in their bytes", async () => {
    const empty = gzipSync(Buffer.alloc(0));
    const bytes = Buffer.concat([gzip, ...Array<Buffer>(64_000).fill(empty)]);
    const size = uncompressedSize(...store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip"));
    await expect(size).rejects.toThrow("expected members of gzip of at least 96 bytes on average");
  });

  it("reads a gzip layer whose header has more, and arrives byte by byte", async () => {
    const header = Buffer.from(gzip.subarray(0, 10)).fill(4 | 8, 3, 4);
    const extra = Buffer.concat([Buffer.from([3, 0]), Buffer.from("\0\0\0"), Buffer.from("name\0")]);
    const bytes = Buffer.concat([header, extra, gzip.subarray(10)]);
    const [source, layer] = store(bytes, "application/vnd.oci.image.layer.v1.tar+gzip");
    const pieces = function* () {
      for (const byte of bytes.subarray(0, 30)) yield Buffer.from([byte]);
      yield bytes.subarray(30);
    };
    const slow = { ...source, open: async () => Readable.from(pieces()) };
    expect(await uncompressedSize(slow, layer)).toBe(tar.length);
  });

  it.each([
    ["a gzip layer that breaks off", gzip.subarray(0, -9), "tar+gzip", "a whole layer, got"],
    ["a zstd layer that breaks off", zstd.subarray(0, -9), "tar+zstd", "a whole archive, got"],
    ["a layer that is not what it says", tar, "tar+gzip", "a whole layer, got"],
    ["a layer of an unknown form", tar, "tar+xz", "layers as tar, gzip or zstd that may be distributed, got"],
    [
      "an encrypted layer",
      gzip,
      "tar+gzip+encrypted",
      "layers as tar, gzip or zstd that may be distributed, got",
    ],
  ])("refuses %s", async (_, bytes, form, message) => {
    const layer = store(bytes, `application/vnd.oci.image.layer.v1.${form}`);
    const size = uncompressedSize(...layer);
    await expect(size).rejects.toThrow(InputError);
    await expect(size).rejects.toThrow(`image.tar: layer ${layer[1].digest}: expected ${message}`);
  });

  it("refuses a layer that is whole and another one", async () => {
    const [content, layer] = store(gzip, "application/vnd.oci.image.layer.v1.tar+gzip");
    const other = { ...layer, digest: digestOf(tar) };
    await expect(uncompressedSize(content, other)).rejects.toThrow(
      `image.tar: layer ${other.digest} of ${layer.size} bytes arrived as ${layer.size} bytes of ${layer.digest}. Get it again;`,
    );
  });

  it("passes on what the source says", async () => {
    const [content, layer] = store(gzip, "application/vnd.oci.image.layer.v1.tar+gzip");
    const broken = { ...content, open: async () => Promise.reject(new Error("registry is down")) };
    await expect(uncompressedSize(broken, layer)).rejects.toThrow(/^registry is down$/);
  });
});
