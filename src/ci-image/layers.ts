import { type ImageConfig, parseConfig } from "../image/manifest.js";
import type { ContentSource, ImageVariant } from "../image/source.js";
import { uncompressedSize } from "../image/uncompressed.js";

/** What a layer brings into the image, in the order of Dockerfile.ci. */
export const layerGroups = ["base", "packages", "mise", "tools", "other"] as const;

export type LayerGroup = (typeof layerGroups)[number];

/** A size in bytes: as it is pulled, and as the tar archives of the layers hold it. */
export interface Size {
  pulled: number;
  uncompressed: number;
}

export interface LayerSize extends Size {
  digest: string;
  group: LayerGroup;
}

/** The sizes of one platform of an image. */
export interface MeasuredImage {
  layers: LayerSize[];
  /** Bytes of the image configuration, which is pulled beside the layers. */
  config: number;
}

// The first that matches counts: the step that installs mise also adds a package and removes it again, and the
// tools come through mise. The engine describes the layers of a base image in the words of the first line.
const instructions: readonly [RegExp, LayerGroup][] = [
  [/^import image layer /, "base"],
  [/\bmise (install|use)\b/, "tools"],
  [/\bmise\b/, "mise"],
  [/\bapk add\b/, "packages"],
];

/** Reads the size of every layer, as a stream and never unpacked. `base` is what `groupLayers` takes. */
export async function measureImage(
  content: ContentSource,
  { manifest }: ImageVariant,
  base?: readonly string[],
): Promise<MeasuredImage> {
  const config = parseConfig(await content.read(manifest.config), `${content.name}: image configuration`);
  const groups = groupLayers(config, base);
  const layers = manifest.layers.map(async (layer, index) => ({
    digest: layer.digest,
    group: groups[index] ?? "other",
    pulled: layer.size,
    uncompressed: await uncompressedSize(content, layer),
  }));
  return { layers: await Promise.all(layers), config: manifest.config.size };
}

/**
 * The group of each layer. `base` are the diff IDs of the base image: the layers that the image starts with in
 * common with it are the base's. The others go by the instruction that made them, which is known only where the
 * history has an entry for every layer.
 */
export function groupLayers(
  { rootfs, history }: Pick<ImageConfig, "rootfs" | "history">,
  base: readonly string[] = [],
): LayerGroup[] {
  const ids = rootfs.diff_ids;
  const firstOwn = ids.findIndex((id, index) => id !== base[index]);
  const made = history.filter((entry) => entry.empty_layer !== true);
  return ids.map((_, index) => {
    if (firstOwn === -1 || index < firstOwn) return "base";
    return made.length === ids.length ? groupOf(made[index]?.created_by ?? "") : "other";
  });
}

function groupOf(createdBy: string): LayerGroup {
  // Before the shell stand the values of build arguments, such as the download address of mise.
  const command = createdBy.replace(/^.*?\/bin\/sh -c /s, "");
  return instructions.find(([pattern]) => pattern.test(command))?.[1] ?? "other";
}
