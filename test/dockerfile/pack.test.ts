import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packImage } from "../../src/dockerfile/pack.js";
import { VerificationError } from "../../src/errors.js";
import { digestOf } from "../../src/oci/manifest.js";
import { type AssemblyOptions, assemble as assembleFiles, release } from "../support/image-assembly.js";
import { makeBase } from "../support/image-base.js";
import { writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = makeTemporaryDirectory();
  await writeFiles(directory.path, release.files);
});
afterEach(() => directory.remove());

const assemble = (options?: AssemblyOptions) => assembleFiles(directory.path, options);

// Read anew when it is packed, in bytes.
const large = 300_000;

describe("packImage", () => {
  const types = {
    oci: {
      index: "application/vnd.oci.image.index.v1+json",
      manifest: "application/vnd.oci.image.manifest.v1+json",
      config: "application/vnd.oci.image.config.v1+json",
      layer: "application/vnd.oci.image.layer.v1.tar+gzip",
    },
    docker: {
      index: "application/vnd.docker.distribution.manifest.list.v2+json",
      manifest: "application/vnd.docker.distribution.manifest.v2+json",
      config: "application/vnd.docker.container.image.v1+json",
      layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    },
  };
  const annotations = {
    "org.opencontainers.image.version": "1.2.3",
    "org.opencontainers.image.title": "hello",
  };

  it("compresses its own layers with zstd on request, and leaves those of the base", async () => {
    const base = await makeBase({ layers: [[{ path: "a" }]] });
    const options = { annotations, format: "oci", directory: directory.path } as const;
    const [image, usual] = [
      await packImage([await assemble({ base })], { ...options, compression: "zstd" }),
      await packImage([await assemble({ base })], { ...options, compression: "gzip" }),
    ];
    const [variant] = image.variants;
    expect(variant?.manifest.layers.map(({ mediaType }) => mediaType.replace(/.*\./, ""))).toEqual([
      "tar+gzip",
      ...Array(variant === undefined ? 0 : variant.manifest.layers.length - 1).fill("tar+zstd"),
    ]);
    expect(variant?.manifest.config.digest).toBe(usual.variants[0]?.manifest.config.digest);
  });

  it.each(["oci", "docker"] as const)("packs in the %s format", async (format) => {
    const base = await makeBase({ layers: [[{ path: "a" }]] });
    const variants = [await assemble({ platform: "linux/arm64" }), await assemble({ base })];
    const image = await packImage(variants, {
      annotations,
      format,
      compression: "gzip",
      directory: directory.path,
    });

    const index = JSON.parse(image.index.bytes.toString());
    expect(index.mediaType).toBe(types[format].index);
    expect(index.annotations).toEqual(format === "oci" ? annotations : undefined);
    expect(index.manifests.map((manifest: { platform: object }) => manifest.platform)).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ]);
    for (const { descriptor, manifest, bytes } of image.variants) {
      expect(JSON.parse(bytes.toString())).toEqual(manifest);
      expect(descriptor.mediaType).toBe(types[format].manifest);
      expect(manifest.mediaType).toBe(types[format].manifest);
      expect(manifest.config.mediaType).toBe(types[format].config);
      expect(new Set(manifest.layers.map(({ mediaType }) => mediaType))).toEqual(
        new Set([types[format].layer]),
      );
    }
    expect(image.variants.map(({ manifest }) => manifest.config.digest)).toEqual(
      variants.map(({ imageId }) => imageId),
    );
    const [{ digest, size } = {}] = base.layers;
    expect(image.variants[1]?.manifest.layers[0]).toEqual({ mediaType: types[format].layer, digest, size });
  });

  it("gives each blob under its digest and size", async () => {
    const base = await makeBase({ layers: [[{ path: "a", content: "base" }]] });
    const image = await packImage([await assemble({ base })], {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    const blobs = image.variants.flatMap(({ manifest }) => [manifest.config, ...manifest.layers]);
    expect(blobs).toHaveLength(5);
    for (const blob of blobs) {
      const bytes = await image.content.read(blob);
      expect([digestOf(bytes), bytes.length]).toEqual([blob.digest, blob.size]);
    }
  });

  it("mounts the layers of a base, and nothing else", async () => {
    const base = await makeBase({ layers: [[{ path: "a", content: "base" }]] });
    const { content, variants } = await packImage([await assemble({ base })], {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    const [first, second] = variants[0]?.manifest.layers ?? [];
    expect(content.mountableFrom?.("example.test", first)).toBe("base");
    expect(content.mountableFrom?.("example.test", second)).toBeUndefined();
    expect(content.mountableFrom?.("other.test", first)).toBeUndefined();
    expect(content.mountableFrom?.("example.test")).toBe("base");
  });

  it("compresses a layer that platforms share once", async () => {
    const text = "FROM scratch\nCOPY etc /etc";
    const variants = [await assemble({ text }), await assemble({ text, platform: "linux/arm64" })];
    const { variants: packed } = await packImage(variants, {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    expect(packed[0]?.manifest.layers).toEqual(packed[1]?.manifest.layers);
    expect(variants[0]?.imageId).not.toBe(variants[1]?.imageId);
  });

  it("writes no time and no name into gzip", async () => {
    const { content, variants } = await packImage([await assemble()], {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    for (const layer of variants[0]?.manifest.layers ?? []) {
      const header = (await content.read(layer)).subarray(0, 9).toString("hex");
      expect(header).toBe("1f8b08000000000000");
    }
  });

  it.each<[string, string, RegExp]>([
    [
      "another content of the same size",
      "P".repeat(large),
      /^Layer sha256:[0-9a-f]{64} became sha256:[0-9a-f]{64} while it was compressed: its files changed\. Run this again\.$/,
    ],
    ["more content", "p".repeat(large + 1), /hello changed while it was read\. Run this again\.$/],
    ["less content", "p", /hello changed while it was read\. Run this again\.$/],
  ])("refuses large files that changed in between: %s", async (_, content, message) => {
    const file = join(directory.path, "linux/amd64/hello");
    await writeFile(file, "p".repeat(large));
    const variant = await assemble();
    await writeFile(file, content);
    const packed = packImage([variant], {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    await expect(packed).rejects.toThrow(VerificationError);
    await expect(packed).rejects.toThrow(message);
  });

  it("packs a small file as it was when the layer was made, since it is read once", async () => {
    const file = join(directory.path, "linux/amd64/hello");
    await writeFile(file, "program");
    const variant = await assemble();
    await writeFile(file, "another");
    const { variants } = await packImage([variant], {
      annotations,
      format: "oci",
      compression: "gzip",
      directory: directory.path,
    });
    expect(variants[0]?.manifest.layers).toHaveLength(variant.layers.length);
  });

  it("refuses a form of layer that Docker's format has no name for", async () => {
    const base = await makeBase({
      layers: [[{ path: "a" }]],
      mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
    });
    const packed = packImage([await assemble({ base })], {
      annotations,
      format: "docker",
      compression: "gzip",
      directory: directory.path,
    });
    await expect(packed).rejects.toThrow(
      'expected layers that the docker format has a media type for, got "zstd". Publish it in the oci format.',
    );
  });
});
