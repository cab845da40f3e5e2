import { InputError } from "../errors.js";
import type { Descriptor } from "./manifest.js";

/** A layer as it is stored, and what its archive has to be. */
export interface StoredLayer extends Descriptor {
  /** SHA-256 of the uncompressed archive. */
  diffId: string;
}

// Docker takes no more (moby, layer/layer_store.go): overlay mounts hold that many at once.
const maxLayers = 125;

/** Refuses an image of more layers than can be run. */
export function requireLayerCount(count: number, subject: string): void {
  if (count <= maxLayers) return;
  throw new InputError({
    subject,
    expected: `at most ${maxLayers} layers, since Docker runs no image of more`,
    given: count,
    fix: "Build it with fewer instructions that change files",
  });
}

/** The layers that a manifest lists, with what the configuration says of each: one diff ID in the same place. */
export function pairLayers(
  layers: readonly Descriptor[],
  diffIds: readonly string[],
  subject: string,
): StoredLayer[] {
  requireLayerCount(layers.length, subject);
  if (diffIds.length !== layers.length)
    throw new InputError({
      subject,
      expected: `as many diff IDs as layers, ${layers.length}`,
      given: diffIds.length,
    });
  return layers.map((layer, at) => ({ ...layer, diffId: diffIds[at] ?? "" }));
}
