import { createCipheriv } from "node:crypto";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkedContent } from "../../src/layer/checked-content.js";
import { digestOf } from "../../src/oci/manifest.js";
import type { StoredLayer } from "../../src/oci/stored-layer.js";
import { messageThrownBy } from "../support/thrown.js";

// Bytes that no compression makes fewer, the same in every run.
const archive = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(3 << 20),
);

/** A layer that arrives in chunks, and what of it is passed on. */
function pass(bytes: Buffer, claimed = archive, chunk = 1 << 16, limit = 2 ** 30) {
  const layer: StoredLayer = {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    digest: digestOf(bytes),
    size: bytes.length,
    diffId: digestOf(claimed),
  };
  const pieces = function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
  const content = { name: "a", read: async () => bytes, open: async () => Readable.from(pieces()) };
  const passed: Buffer[] = [];
  const checked = checkedContent(content, [layer], limit);
  const read = async () => {
    for await (const part of await checked.open(layer)) passed.push(part);
  };
  return { layer, passed, read };
}

describe("a layer that is copied", () => {
  it.each([1000, 1 << 16, 1 << 30])("arrives as it is, in chunks of %i bytes", async (chunk) => {
    const { passed, read } = pass(gzipSync(archive), archive, chunk);
    await read();
    expect(Buffer.concat(passed).equals(gzipSync(archive))).toBe(true);
  });

  it.each<[string, Buffer, string]>([
    ["another archive", gzipSync(Buffer.concat([archive, Buffer.alloc(1)])), "where the configuration says"],
    ["no gzip at all", archive, "expected a whole layer, got"],
    ["other bytes behind it", Buffer.concat([gzipSync(archive), archive]), "expected a whole layer, got"],
    ["a part", gzipSync(archive).subarray(0, -9), "expected a whole layer, got"],
  ])("does not arrive where it is %s, and says why", async (_, bytes, why) => {
    const { layer, passed, read } = pass(bytes);
    expect(await messageThrownBy(read)).toContain(why);
    expect(await messageThrownBy(read)).toContain(`a: layer ${layer.digest}`);
    expect(Buffer.concat(passed).length).toBeLessThan(2 * bytes.length);
    expect(Buffer.concat(passed).subarray(-9).equals(bytes.subarray(-9))).toBe(false);
  });

  it("is refused at once where its archive is said to be two", () => {
    const { layer } = pass(gzipSync(archive));
    const other = { ...layer, diffId: digestOf(Buffer.alloc(1)) };
    const content = { name: "a", read: async () => archive, open: async () => Readable.from([]) };
    expect(checkedContent(content, [layer, { ...layer }], 1).name).toBe("a");
    for (const layers of [
      [layer, other],
      [other, layer, layer],
    ])
      expect(() => checkedContent(content, layers, 1)).toThrow(
        `a: layer ${layer.digest}: its archive is said to be ${layers[0]?.diffId} and ${layers[1]?.diffId}: nobody can unpack that image. Build it again.`,
      );
  });

  it("does not arrive where its archive holds more than images have", async () => {
    const bytes = gzipSync(archive);
    const { layer, passed, read } = pass(bytes, archive, 1 << 16, archive.length - 1);
    expect(await messageThrownBy(read)).toBe(
      `a: layer ${layer.digest}: expected at most ${archive.length - 1} bytes in the archives of all layers, got "more". Take another base image, or leave out what the image does not need.`,
    );
    expect(Buffer.concat(passed).length).toBeLessThan(bytes.length);
  });

  it("counts once, however often it is sent", async () => {
    const { passed, read } = pass(gzipSync(archive), archive, 1 << 16, archive.length);
    await Promise.all([read(), read()]);
    await read();
    expect(Buffer.concat(passed).length).toBe(3 * gzipSync(archive).length);
  });
});
