import { Readable } from "node:stream";
import {
  buildIndex,
  type Descriptor,
  digestOf,
  type ImageManifest,
  mediaTypes,
  type PlatformDescriptor,
} from "../../src/oci/manifest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { ImageVariant, PublishableImage } from "../../src/oci/source.js";

/** What one platform of a synthetic image consists of. */
export interface VariantOptions {
  platform: string;
  /** Content of each layer; equal content is one blob. */
  layers: readonly (string | Buffer)[];
  labels?: Record<string, string>;
  /** Moment of the build, which makes two images of the same content differ. */
  created?: string;
  /** What the configuration says of the layers, where that is wrong. */
  diffIds?: readonly string[];
  /** The configuration, where that is none of an image. */
  configuration?: string;
  /** What the index says the platform is, where that differs. */
  listedAs?: string;
}

/** One platform with its blobs, by digest. */
export interface SyntheticVariant extends ImageVariant {
  descriptor: PlatformDescriptor;
  blobs: ReadonlyMap<string, Buffer>;
}

export interface ImageOptions extends Partial<Pick<VariantOptions, "labels" | "created">> {
  platforms?: readonly string[];
  /** Layers that all platforms share; each platform has one of its own as well. */
  shared?: readonly (string | Buffer)[];
}

/** An image in memory, with a layer that all platforms share and one for each platform unless told otherwise. */
export function makeImage(options: ImageOptions = {}): PublishableImage {
  const { platforms = ["linux/amd64", "linux/arm64"], shared = ["base"], ...rest } = options;
  return joinVariants(
    platforms.map((platform) =>
      makeVariant({ ...rest, platform, layers: [...shared, `${shared.join()} for ${platform}`] }),
    ),
  );
}

/** Lists the variants in an index. */
export function joinVariants(variants: readonly SyntheticVariant[]): PublishableImage {
  const blobs = new Map(variants.flatMap((variant) => [...variant.blobs]));
  const read = async ({ digest }: Descriptor): Promise<Buffer> => {
    const blob = blobs.get(digest);
    if (blob === undefined) throw new Error(`The synthetic image has no ${digest}.`);
    return blob;
  };
  return {
    index: buildIndex(
      variants.map(({ descriptor }) => descriptor),
      {},
    ),
    variants: [...variants],
    content: {
      name: "synthetic image",
      read,
      open: async (descriptor) => Readable.from([await read(descriptor)], { objectMode: false }),
    },
  };
}

/** One platform. Its layers are not archives: no registry looks into them. */
export function makeVariant(options: VariantOptions): SyntheticVariant {
  const { platform, labels = {}, created = "2025-12-13T14:00:00Z", listedAs = platform } = options;
  const layers = options.layers.map((layer) => Buffer.from(layer));
  const config = Buffer.from(
    options.configuration ??
      JSON.stringify({
        ...parsePlatform(platform),
        created,
        config: { Labels: labels },
        rootfs: { type: "layers", diff_ids: options.diffIds ?? layers.map(digestOf) },
        history: layers.map(() => ({ created_by: "COPY" })),
      }),
  );
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: describeBytes(config, mediaTypes.config),
    layers: layers.map((layer) => describeBytes(layer, "application/vnd.oci.image.layer.v1.tar")),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return {
    descriptor: { ...describeBytes(bytes, mediaTypes.manifest), platform: parsePlatform(listedAs) },
    bytes,
    manifest,
    blobs: new Map([config, ...layers].map((blob) => [digestOf(blob), blob])),
  };
}

/** The descriptor of some bytes. */
export function describeBytes(bytes: Uint8Array, mediaType = "application/octet-stream"): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
