import type { BaseImage } from "../layer/base.js";
import { readBaseFiles } from "../layer/base-files.js";
import { FileTree } from "../layer/file-tree.js";
import { createLayer, type Layer } from "../layer/layer.js";
import { formatConfiguration, type HistoryEntry } from "../oci/configuration.js";
import { digestOf } from "../oci/manifest.js";
import type { ImagePlatform } from "../oci/platform.js";
import type { BuildTarget } from "./build-arguments.js";
import { describeImage } from "./description.js";
import type { Dockerfile } from "./dockerfile.js";
import { applyChange } from "./file-changes.js";
import { emptyConfig } from "./from.js";

/** Everything that decides what one platform of an image is. */
export interface Assembly {
  dockerfile: Dockerfile;
  /** The files that COPY may take. */
  context: FileTree;
  target: BuildTarget;
  /** What FROM names; absent where that is `scratch`. */
  base?: BaseImage;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  created: number;
}

/** One platform of an image, before anything is compressed or sent. */
export interface AssembledVariant {
  platform: ImagePlatform;
  /** Digest of the configuration, which covers the uncompressed layers: the identity of the image. */
  imageId: string;
  config: Buffer;
  /** Layers on top of those of the base. */
  layers: Layer[];
  base?: BaseImage;
}

/**
 * What every history entry of an assembled layer says of its builder, where BuildKit writes
 * `buildkit.dockerfile.v0`. A label would make the configuration another one than `docker build` gives.
 */
export const builder = "slipway";

/** Assembles one platform: a layer for each instruction that changes files, as `docker build` has it. */
export async function assembleVariant(assembly: Assembly): Promise<AssembledVariant> {
  const { dockerfile, context, target, base, created } = assembly;
  const { config, author, steps } = describeImage(
    dockerfile,
    target,
    base?.configuration.config ?? emptyConfig,
  );
  const tree = base === undefined ? new FileTree() : await readBaseFiles(base);
  const time = formatTime(created);
  const history: HistoryEntry[] = base === undefined ? [] : historyOf(base);
  const layers: Layer[] = [];
  for (const { instruction, change } of steps) {
    if (change !== undefined) await applyChange(tree, change, context, instruction);
    const layer = await createLayer(tree, tree.takeChanges(), created);
    if (layer !== undefined) layers.push(layer);
    history.push({
      created: time,
      created_by: instruction.text,
      comment: builder,
      empty_layer: layer === undefined,
    });
  }
  const maintainer = author ?? base?.configuration.author;
  const bytes = formatConfiguration({
    created: time,
    ...(maintainer === undefined ? {} : { author: maintainer }),
    ...target.platform,
    config,
    rootfs: {
      diff_ids: [...(base?.configuration.rootfs.diff_ids ?? []), ...layers.map(({ diffId }) => diffId)],
    },
    history,
  });
  return {
    platform: target.platform,
    imageId: digestOf(bytes),
    config: bytes,
    layers,
    ...(base === undefined ? {} : { base }),
  };
}

/** The history of a base; one that does not account for its layers is replaced by an entry for each of them. */
function historyOf({ configuration: { history, rootfs } }: BaseImage): HistoryEntry[] {
  const layers = history.filter((entry) => entry.empty_layer !== true).length;
  if (layers === rootfs.diff_ids.length) return [...history];
  return rootfs.diff_ids.map(() => ({ created_by: "FROM" }));
}

/** RFC 3339, in whole seconds. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
