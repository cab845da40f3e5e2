import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { groupLayers, measureImage } from "../../src/ci-image/layers.js";
import { type Descriptor, digestOf, type ImageManifest, mediaTypes } from "../../src/oci/manifest.js";
import type { ContentSource } from "../../src/oci/source.js";

const id = (digit: number) => `sha256:${String(digit).repeat(64)}`;
const ids = (count: number) => Array.from({ length: count }, (_, index) => id(index + 1));

const run = {
  packages: "RUN set -eu; apk add --no-cache ca-certificates git curl",
  mise: "RUN set -eu; asset=mise-v1; apk add --no-cache --virtual .verify minisign; mise --version",
  tools: 'RUN set -eu; cd /tmp/tools; mise install "$linter" "$releaser"; golangci-lint --version',
};
const instructions = [run.packages, run.mise, run.tools, "WORKDIR /src"];

describe("groupLayers", () => {
  it.each([
    ["each instruction its layer", 6, ids(2), ["base", "base", "packages", "mise", "tools", "other"]],
    ["none for a WORKDIR that was there", 5, ids(2), ["base", "base", "packages", "mise", "tools"]],
    [
      "no guess where instructions and layers differ in number",
      4,
      ids(2),
      ["base", "base", "other", "other"],
    ],
    [
      "layers of the base up to the first that differs",
      5,
      [id(1), id(9)],
      ["base", "packages", "mise", "tools", "other"],
    ],
    ["a base only where the image starts with it", 4, [id(2)], ["packages", "mise", "tools", "other"]],
    ["all to a base that has more", 2, ids(3), ["base", "base"]],
    ["nothing to an image without layers", 0, ids(2), []],
  ])("gives %s", (_, count, base, groups) => {
    expect(groupLayers(ids(count), { base, instructions })).toEqual(groups);
  });
});

describe("measureImage", () => {
  const blobs = new Map<string, Buffer>();
  const store = (bytes: Buffer, mediaType: string): Descriptor => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    blobs.set(descriptor.digest, bytes);
    return descriptor;
  };
  const read = async ({ digest }: Descriptor) => blobs.get(digest) ?? Buffer.alloc(0);
  const content: ContentSource = {
    name: "image.tar",
    read,
    open: async (blob) => Readable.from([await read(blob)]),
  };
  const layer = "application/vnd.oci.image.layer.v1.tar";
  const base = store(Buffer.alloc(30_720), layer);
  const packages = store(gzipSync(Buffer.alloc(20_480, "p")), `${layer}+gzip`);
  const mise = store(zstdCompressSync(Buffer.alloc(10_240, "m")), `${layer}+zstd`);

  it("gives every layer its group and both of its sizes", async () => {
    const archives = [Buffer.alloc(30_720), Buffer.alloc(20_480, "p"), Buffer.alloc(10_240, "m")];
    const rootfs = { diff_ids: archives.map(digestOf) };
    const config = store(
      Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", rootfs })),
      mediaTypes.config,
    );
    const layers = [base, packages, mise];
    const manifest: ImageManifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
    const variant = { descriptor: config, bytes: Buffer.alloc(0), manifest };
    expect(
      await measureImage(content, variant, {
        base: rootfs.diff_ids.slice(0, 1),
        instructions: [run.packages, run.mise],
      }),
    ).toEqual({
      layers: [
        { digest: base.digest, group: "base", pulled: 30_720, uncompressed: 30_720 },
        { digest: packages.digest, group: "packages", pulled: packages.size, uncompressed: 20_480 },
        { digest: mise.digest, group: "mise", pulled: mise.size, uncompressed: 10_240 },
      ],
      config: config.size,
    });
  });
});
