import { createReadStream } from "node:fs";
import { join } from "node:path";
import { type CompressedLayer, compressLayer } from "../layer/compression.js";
import type { Layer } from "../layer/layer.js";
import { type Compression, layerType } from "../oci/formats.js";
import { type JoinOptions, joinPlatforms, type StoredPlatform } from "../oci/join.js";
import type { ContentSource, PublishableImage } from "../oci/source.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import type { AssembledVariant } from "./assemble.js";

/** How an image is packed. */
export interface PackOptions extends JoinOptions {
  /** Where compressed layers are kept, until the image was published. */
  directory: string;
  compression: Compression;
}

/** Compressed layers by the digest of what they hold: platforms share those that are equal. */
type CompressedLayers = ReadonlyMap<string, CompressedLayer>;

/**
 * Makes an image of its assembled platforms that can be published. Here the layers are compressed, which the
 * image IDs did not need; those of a base are taken as they are stored.
 */
export async function packImage(
  variants: readonly AssembledVariant[],
  { directory, compression, ...options }: PackOptions,
): Promise<PublishableImage> {
  const compressed = await compressLayers(
    variants.flatMap(({ layers }) => layers),
    { directory, compression },
  );
  return joinPlatforms(
    variants.map((variant) => storePlatform(variant, compressed, compression)),
    options,
  );
}

async function compressLayers(
  layers: readonly Layer[],
  { directory, compression }: Pick<PackOptions, "directory" | "compression">,
): Promise<CompressedLayers> {
  const distinct = new Map(layers.map((layer) => [layer.diffId, layer]));
  const entries = [...distinct].map(async ([diffId, layer]) => {
    const path = join(directory, `${diffId.slice("sha256:".length)}.${compression}`);
    return [diffId, await compressLayer(layer, path, compression)] as const;
  });
  // Nothing is left running where one of them fails.
  await Promise.allSettled(entries);
  return new Map(await Promise.all(entries));
}

function storePlatform(
  variant: AssembledVariant,
  compressed: CompressedLayers,
  compression: Compression,
): StoredPlatform {
  const { platform, imageId, config, base } = variant;
  const own = variant.layers.map(({ diffId }): StoredLayer => {
    const { digest = "", size = 0 } = compressed.get(diffId) ?? {};
    return { mediaType: layerType(compression, "oci", diffId), digest, size, diffId };
  });
  const layers = [...(base?.layers ?? []), ...own];
  return { platform, imageId, config, layers, content: contentOf(variant, compressed) };
}

/** Own layers from disk, and those of a base from where it is. */
function contentOf({ base }: AssembledVariant, compressed: CompressedLayers): ContentSource {
  const files = new Map([...compressed.values()].map(({ digest, path }) => [digest, path]));
  const open: ContentSource["open"] = async (blob) => {
    const file = files.get(blob.digest);
    if (file !== undefined) return createReadStream(file);
    if (base === undefined) throw new Error(`The assembled image has no ${blob.digest}.`);
    return base.content.open(blob);
  };
  return {
    name: base?.name ?? "assembled image",
    open,
    read: async (blob) => Buffer.concat(await (await open(blob)).toArray()),
    mountableFrom: (registry, blob) =>
      blob === undefined || base?.layers.some(({ digest }) => digest === blob.digest)
        ? base?.content.mountableFrom?.(registry, blob)
        : undefined,
  };
}
