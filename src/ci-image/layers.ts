import { uncompressedSize } from "../layer/uncompressed.js";
import { parseConfiguration } from "../oci/configuration.js";
import type { ContentSource, ImageVariant } from "../oci/source.js";
import { pairLayers } from "../oci/stored-layer.js";

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

/** The size of a tool that has an image of its own. */
export interface ToolSize extends Size {
  name: string;
}

/** What tells base layers and own layers apart: the history does not, once the engine has them from its cache. */
export interface LayerOrigin {
  /** Diff IDs of the base image. */
  base: readonly string[];
  /** Instructions of the Dockerfile that make a layer, in order. */
  instructions: readonly string[];
}

// The first that matches counts: the step that installs mise also adds a package and removes it again, and the
// tools come through mise.
const purposes: readonly [RegExp, LayerGroup][] = [
  [/\bmise (install|use)\b/, "tools"],
  [/\bmise\b/, "mise"],
  [/\bapk add\b/, "packages"],
];

/** Reads the size of every layer, as a stream and never unpacked. */
export async function measureImage(
  content: ContentSource,
  { manifest }: ImageVariant,
  origin: LayerOrigin,
): Promise<MeasuredImage> {
  const subject = `${content.name}: image configuration`;
  const { diff_ids } = parseConfiguration(await content.read(manifest.config), subject).rootfs;
  const groups = groupLayers(diff_ids, origin);
  const layers = pairLayers(manifest.layers, diff_ids, subject).map(async (layer, index) => ({
    digest: layer.digest,
    group: groups[index] ?? "other",
    pulled: layer.size,
    uncompressed: await uncompressedSize(content, layer),
  }));
  return { layers: await Promise.all(layers), config: manifest.config.size };
}

/**
 * The group of each layer, by diff ID. Those that the image starts with in common with its base are the base's;
 * the others go by their instruction where there is one for each, with or without WORKDIR, which makes a layer
 * only for a directory that is not there.
 */
export function groupLayers(ids: readonly string[], { base, instructions }: LayerOrigin): LayerGroup[] {
  const differs = ids.findIndex((id, index) => id !== base[index]);
  const firstOwn = differs === -1 ? ids.length : differs;
  const own = [instructions, instructions.filter((instruction) => !/^WORKDIR\b/i.test(instruction))].find(
    ({ length }) => length === ids.length - firstOwn,
  );
  return ids.map((_, index) => (index < firstOwn ? "base" : groupOf(own?.[index - firstOwn] ?? "")));
}

function groupOf(instruction: string): LayerGroup {
  return purposes.find(([pattern]) => pattern.test(instruction))?.[1] ?? "other";
}
