import { type AssembledVariant, assembleVariant } from "../image/assemble.js";
import { loadContext } from "../image/context.js";
import { packImage } from "../image/pack.js";
import type { RegistryClient } from "../registry/client.js";
import { readBase } from "./base.js";
import type { BuiltRelease } from "./built.js";
import { imageIdsOf } from "./image-ids.js";
import type { StagedRelease } from "./stage.js";

export interface AssemblyOptions {
  /** Reads the base images. */
  client: RegistryClient;
  /** SOURCE_DATE_EPOCH: seconds since 1970, the time of every file and of the image. */
  sourceDateEpoch: number;
}

/**
 * Assembles all platforms of a release; a base is read from its registry, `scratch` needs none. Its layers are
 * compressed into files, which have to stay until the image was published.
 */
export async function assembleRelease(
  { dockerfile, context, layers, targets, annotations, format }: StagedRelease,
  { client, sourceDateEpoch }: AssemblyOptions,
): Promise<BuiltRelease> {
  const variants: AssembledVariant[] = [];
  // One after the other: each has a tree of its own, and a base is read as a whole.
  for (const target of targets) {
    const base = await readBase(client, target.base, target.platform);
    variants.push(
      await assembleVariant({
        dockerfile,
        context: await loadContext(context, dockerfile.name),
        target,
        created: sourceDateEpoch,
        ...(base === undefined ? {} : { base }),
      }),
    );
  }
  return {
    origin: "slipway",
    image: imageIdsOf(variants),
    pack: () => packImage(variants, { annotations, format, directory: layers }),
  };
}
