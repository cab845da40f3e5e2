import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { AssembledVariant } from "./assemble.js";
import { type CompressedLayer, compressLayer } from "./compression.js";
import { formats, formOf, type ImageFormat, layerType } from "./formats.js";
import type { Layer } from "./layer.js";
import {
  buildIndex,
  type Descriptor,
  digestOf,
  type ImageManifest,
  type PlatformDescriptor,
} from "./manifest.js";
import type { ContentSource, ImageVariant, PublishableImage } from "./source.js";

/** How an image is packed. */
export interface PackOptions {
  /** Annotations of the index; Docker's format has none. */
  annotations: Readonly<Record<string, string>>;
  format: ImageFormat;
  /** Where compressed layers are kept, until the image was published. */
  directory: string;
}

/** Compressed layers by the digest of what they hold: platforms share those that are equal. */
type CompressedLayers = ReadonlyMap<string, CompressedLayer>;

/**
 * Makes an image of its assembled platforms that can be published. Here the layers are compressed, which the
 * image IDs did not need; those of a base are taken as they are stored.
 */
export async function packImage(
  variants: readonly AssembledVariant[],
  { annotations, format, directory }: PackOptions,
): Promise<PublishableImage> {
  const compressed = await compressLayers(
    variants.flatMap(({ layers }) => layers),
    directory,
  );
  const packed = variants.map((variant) => packVariant(variant, compressed, format));
  const index = buildIndex(
    packed.map(({ descriptor }) => descriptor),
    format === "oci" ? { ...annotations } : {},
    formats[format].index,
  );
  return { index, variants: packed, content: contentOf(variants, compressed) };
}

async function compressLayers(layers: readonly Layer[], directory: string): Promise<CompressedLayers> {
  const distinct = new Map(layers.map((layer) => [layer.diffId, layer]));
  const entries = [...distinct].map(async ([diffId, layer]) => {
    const path = join(directory, `${diffId.slice("sha256:".length)}.tar.gz`);
    return [diffId, await compressLayer(layer, path)] as const;
  });
  // Nothing is left running where one of them fails.
  await Promise.allSettled(entries);
  return new Map(await Promise.all(entries));
}

function packVariant(
  { platform, config, layers, base }: AssembledVariant,
  compressed: CompressedLayers,
  format: ImageFormat,
): ImageVariant & { descriptor: PlatformDescriptor } {
  const types = formats[format];
  const baseLayers = (base?.layers ?? []).map(({ mediaType, digest, size }): Descriptor => {
    const subject = `${base?.name}: layer ${digest}`;
    return {
      mediaType: layerType(formOf({ mediaType, digest, size }, subject), format, subject),
      digest,
      size,
    };
  });
  const ownLayers = layers.map(({ diffId }): Descriptor => {
    const { digest = "", size = 0 } = compressed.get(diffId) ?? {};
    return { mediaType: layerType("gzip", format, diffId), digest, size };
  });
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, digest: digestOf(config), size: config.length },
    layers: [...baseLayers, ...ownLayers],
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = { mediaType: types.manifest, digest: digestOf(bytes), size: bytes.length, platform };
  return { descriptor, bytes, manifest };
}

/** Configurations from memory, own layers from disk, and those of a base from where it is. */
function contentOf(variants: readonly AssembledVariant[], compressed: CompressedLayers): ContentSource {
  const configs = new Map(variants.map(({ imageId, config }) => [imageId, config]));
  const files = new Map([...compressed.values()].map(({ digest, path }) => [digest, path]));
  const bases = variants.flatMap(({ base }) => base ?? []);
  const baseOf = ({ digest }: Descriptor) =>
    bases.find(({ layers }) => layers.some((layer) => layer.digest === digest))?.content;
  const open = async (blob: Descriptor): Promise<Readable> => {
    const config = configs.get(blob.digest);
    if (config !== undefined) return Readable.from([config], { objectMode: false });
    const file = files.get(blob.digest);
    if (file !== undefined) return createReadStream(file);
    const base = baseOf(blob);
    if (base === undefined) throw new Error(`The assembled image has no ${blob.digest}.`);
    return base.open(blob);
  };
  return {
    name: "assembled image",
    open,
    read: async (blob) => Buffer.concat(await (await open(blob)).toArray()),
    mountableFrom: (registry, blob) => {
      const sources = blob === undefined ? bases.map(({ content }) => content) : [baseOf(blob)];
      return sources
        .map((source) => source?.mountableFrom?.(registry, blob))
        .find((path) => path !== undefined);
    },
  };
}
