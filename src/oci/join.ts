import { Readable } from "node:stream";
import { InputError } from "../errors.js";
import { type HistoryEntry, parseConfiguration } from "./configuration.js";
import { formats, formOf, type ImageFormat, layerType } from "./formats.js";
import {
  buildIndex,
  type Descriptor,
  digestOf,
  type ImageManifest,
  type PlatformDescriptor,
} from "./manifest.js";
import { formatPlatform, type ImagePlatform, parsePlatform } from "./platform.js";
import type { ContentSource, ImageVariant, PublishableImage } from "./source.js";
import { pairLayers, type StoredLayer } from "./stored-layer.js";

/** One platform of an image whose layers are stored already, whoever built it. */
export interface StoredPlatform {
  platform: ImagePlatform;
  /** Digest of the configuration: the identity of the image. */
  imageId: string;
  config: Buffer;
  layers: StoredLayer[];
  /** Where the layers are. */
  content: ContentSource;
}

/** How platforms become one image. */
export interface JoinOptions {
  /** Annotations of the index; Docker's format has none. */
  annotations: Readonly<Record<string, string>>;
  format: ImageFormat;
}

/** Reads what a manifest of a layout is: the platform is that of the configuration. */
export async function readPlatform(
  content: ContentSource,
  { manifest }: ImageVariant,
): Promise<StoredPlatform> {
  const config = await content.read(manifest.config);
  const subject = `${content.name}: image configuration`;
  const { os, architecture, variant, rootfs, history } = parseConfiguration(config, subject);
  const layers = pairLayers(manifest.layers, rootfs.diff_ids, subject);
  requireHistory(history, layers.length, subject);
  return {
    platform: parsePlatform(formatPlatform({ os, architecture, variant: variant ?? "" })),
    imageId: manifest.config.digest,
    config,
    layers,
    content,
  };
}

/** Docker loads no image whose history has more layers than there are (moby: image.Store, Create). */
function requireHistory(history: readonly HistoryEntry[], layers: number, subject: string): void {
  const told = history.filter(({ empty_layer }) => empty_layer !== true).length;
  if (told > layers)
    throw new InputError({ subject, expected: `a history of at most ${layers} layers`, given: told });
}

/** One image of several platforms, by the media types of a format: the same platforms give the same bytes. */
export function joinPlatforms(
  platforms: readonly StoredPlatform[],
  { annotations, format }: JoinOptions,
): PublishableImage {
  const variants = platforms.map((stored) => describePlatform(stored, format));
  const index = buildIndex(
    variants.map(({ descriptor }) => descriptor),
    format === "oci" ? { ...annotations } : {},
    formats[format].index,
  );
  return { index, variants, content: contentOf(platforms) };
}

function describePlatform(
  { platform, imageId, config, layers, content }: StoredPlatform,
  format: ImageFormat,
): ImageVariant & { descriptor: PlatformDescriptor } {
  const types = formats[format];
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, digest: imageId, size: config.length },
    layers: layers.map((layer): Descriptor => {
      const subject = `${content.name}: layer ${layer.digest}`;
      const mediaType = layerType(formOf(layer, subject), format, subject);
      return { mediaType, digest: layer.digest, size: layer.size };
    }),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = { mediaType: types.manifest, digest: digestOf(bytes), size: bytes.length, platform };
  return { descriptor, bytes, manifest };
}

/** Configurations from memory, layers from where they are. */
function contentOf(platforms: readonly StoredPlatform[]): ContentSource {
  const configs = new Map(platforms.map(({ imageId, config }) => [imageId, config]));
  const holders = new Map(
    platforms.flatMap(({ layers, content }) => layers.map(({ digest }) => [digest, content] as const)),
  );
  const open = async (blob: Descriptor): Promise<Readable> => {
    const config = configs.get(blob.digest);
    if (config !== undefined) return Readable.from([config], { objectMode: false });
    const holder = holders.get(blob.digest);
    if (holder === undefined) throw new Error(`The image has no ${blob.digest}.`);
    return holder.open(blob);
  };
  return {
    name: "image",
    open,
    read: async (blob) => Buffer.concat(await (await open(blob)).toArray()),
    mountableFrom: (registry, blob) => {
      const asked = blob === undefined ? platforms.map(({ content }) => content) : [holders.get(blob.digest)];
      return asked
        .map((content) => content?.mountableFrom?.(registry, blob))
        .find((path) => path !== undefined);
    },
  };
}
