import { uncheckedRemarks } from "../binaries/preflight-report.js";
import { type AssembledVariant, assembleVariant } from "../dockerfile/assemble.js";
import { loadContext } from "../dockerfile/context.js";
import { scratch } from "../dockerfile/from.js";
import { packImage } from "../dockerfile/pack.js";
import type { RegistryClient } from "../registry/client.js";
import { parseReference } from "../registry/reference.js";
import { readBase } from "./base.js";
import type { BuiltRelease } from "./built.js";
import { imageIdsOf } from "./image-ids.js";
import type { StagedRelease, StagedTarget } from "./stage.js";

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
  { dockerfile, context, layers, targets, annotations, format, checks }: StagedRelease,
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
    remarks: [...uncheckedRemarks(checks), ...baseRemarks(targets)],
    pack: () => packImage(variants, { annotations, format, directory: layers }),
  };
}

/** The image is a function of its input, and a base under a tag is none that stays. */
function baseRemarks(targets: readonly StagedTarget[]): string[] {
  const bases = new Set(targets.map(({ base }) => base));
  return [...bases]
    .filter((base) => base !== scratch && parseReference(base, "base image").digest === undefined)
    .map(
      (base) =>
        `The base ${base} has no digest: once it moves, the same binaries are another image, which a version that is published refuses. Pin it in the Dockerfile, as in FROM name:tag@sha256:….`,
    );
}
