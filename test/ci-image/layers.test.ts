import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { groupLayers, measureImage } from "../../src/ci-image/layers.js";
import { type Descriptor, digestOf, type ImageManifest, mediaTypes } from "../../src/image/manifest.js";
import type { ContentSource } from "../../src/image/source.js";

const id = (digit: number) => `sha256:${String(digit).repeat(64)}`;
const ids = (count: number) => Array.from({ length: count }, (_, index) => id(index + 1));
const image = (...createdBy: string[]) => ({
  rootfs: { diff_ids: ids(createdBy.length) },
  history: createdBy.map((created_by) => ({ created_by })),
});

const run = {
  packages:
    'set -eu;     if [ -n "$APK_REPOSITORIES" ]; then x; fi;     apk add --no-cache ca-certificates git curl',
  mise: "set -eu; asset=mise-v1; apk add --no-cache --virtual .verify minisign; mise --version",
  tools: 'set -eu; cd /tmp/tools; mise install "$linter" "$releaser"; golangci-lint --version',
};
const engine = (command: string) => `mount / from exec /bin/sh -c ${command}`;
const docker = (command: string) =>
  `RUN |2 APK_REPOSITORIES= MISE_DOWNLOAD=https://github.com/jdx/mise/releases /bin/sh -c ${command} # buildkit`;

describe("groupLayers", () => {
  it("knows the layers that the engine builds", () => {
    const built = image(
      `import image layer ${id(1)}`,
      `import image layer ${id(2)}`,
      engine(run.packages),
      engine(run.mise),
      engine(run.tools),
      "withNewDirectory /src",
    );
    expect(groupLayers(built)).toEqual(["base", "base", "packages", "mise", "tools", "other"]);
  });

  it("knows the layers that docker build makes, whose base brings its own history", () => {
    const built = image(
      "ADD alpine-minirootfs.tar.gz / # buildkit",
      "RUN /bin/sh -c apk add --no-cache ca-certificates # buildkit",
      docker(run.packages),
      docker(run.mise),
      docker(run.tools),
      "WORKDIR /src",
    );
    const withEmpty = {
      ...built,
      history: built.history.flatMap((entry) => [{ created_by: "ENV X=mise", empty_layer: true }, entry]),
    };
    expect(groupLayers(withEmpty, ids(2))).toEqual(["base", "base", "packages", "mise", "tools", "other"]);
  });

  it.each([
    ["the base's layers only where they are the first", [id(2)], ["packages", "packages"]],
    ["layers up to the first that differs", [id(1), id(9)], ["base", "packages"]],
    ["all layers where the base has more", ids(3), ["base", "base"]],
  ])("takes %s", (_, base, groups) => {
    expect(groupLayers(image(engine(run.packages), engine(run.packages)), base)).toEqual(groups);
  });

  it("does not guess where the history does not cover the layers", () => {
    const built = image("import image layer x", engine(run.packages), engine(run.mise));
    const cut = { ...built, history: built.history.slice(1) };
    expect(groupLayers(cut, [id(1)])).toEqual(["base", "other", "other"]);
  });

  it("is no layer at all for an image of none", () => {
    expect(groupLayers(image())).toEqual([]);
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
    const { rootfs, history } = image("import image layer x", engine(run.packages), engine(run.mise));
    const config = store(
      Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", rootfs, history })),
      mediaTypes.config,
    );
    const layers = [base, packages, mise];
    const manifest: ImageManifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
    const variant = { descriptor: config, bytes: Buffer.alloc(0), manifest };
    expect(await measureImage(content, variant)).toEqual({
      layers: [
        { digest: base.digest, group: "base", pulled: 30_720, uncompressed: 30_720 },
        { digest: packages.digest, group: "packages", pulled: packages.size, uncompressed: 20_480 },
        { digest: mise.digest, group: "mise", pulled: mise.size, uncompressed: 10_240 },
      ],
      config: config.size,
    });
  });
});
