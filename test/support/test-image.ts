import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { buildIndex, type Descriptor, digestOf, mediaTypes, parseManifest } from "../../src/oci/manifest.js";
import { type ImagePlatform, parsePlatform } from "../../src/oci/platform.js";
import type { ImageVariant, PublishableImage } from "../../src/oci/source.js";

/** What makes an image: other content gives other image IDs. */
export interface TestImageOptions {
  platforms?: readonly string[];
  content?: string;
  /** Level of the compression, which image IDs do not depend on. */
  compression?: number;
  /** Annotations of the index. */
  annotations?: Record<string, string>;
}

/** An image in memory, with the image ID of each platform. */
export interface TestImage extends PublishableImage {
  identities: { platform: ImagePlatform; imageId: string }[];
}

const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";

/** Makes a small whole image, one layer a platform. */
export function makeImage(options: TestImageOptions = {}): TestImage {
  const {
    platforms = ["linux/amd64", "linux/arm64"],
    content = "content",
    compression = 6,
    annotations = {},
  } = options;
  const blobs = new Map<string, Buffer>();
  const keep = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const assembled = platforms.map((text): ImageVariant & { platform: ImagePlatform } => {
    const platform = parsePlatform(text);
    // Long enough that compression levels differ.
    const layer = Buffer.from(`${text} ${content} `.repeat(1000));
    const config = { ...platform, config: {}, rootfs: { type: "layers", diff_ids: [digestOf(layer)] } };
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: keep(mediaTypes.config, Buffer.from(JSON.stringify(config))),
      layers: [keep(layerType, gzipSync(layer, { level: compression }))],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const descriptor = { mediaType: mediaTypes.manifest, digest: digestOf(bytes), size: bytes.length };
    return { platform, descriptor, bytes, manifest: parseManifest(bytes, "test image") };
  });
  const read = async ({ digest }: Descriptor) => {
    const bytes = blobs.get(digest);
    if (bytes === undefined) throw new Error(`The test image has no ${digest}.`);
    return bytes;
  };
  return {
    index: buildIndex(
      assembled.map(({ descriptor, platform }) => ({ ...descriptor, platform })),
      annotations,
    ),
    variants: assembled,
    identities: assembled.map(({ platform, manifest }) => ({ platform, imageId: manifest.config.digest })),
    content: { name: "test image", read, open: async (descriptor) => Readable.from(await read(descriptor)) },
  };
}
