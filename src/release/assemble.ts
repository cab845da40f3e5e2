import { uncheckedRemarks } from "../binaries/preflight-report.js";
import { type AssembledVariant, assembleVariant, type OpenImage } from "../dockerfile/assemble.js";
import { packImage } from "../dockerfile/pack.js";
import { imageKey, imagesOf } from "../dockerfile/stages.js";
import type { BaseImage } from "../layer/base.js";
import type { RegistryClient } from "../registry/client.js";
import { parseReference } from "../registry/reference.js";
import { readBase } from "./base.js";
import type { BuiltRelease } from "./built.js";
import { choiceRemarks } from "./dockerfile-choice.js";
import { imageIdsOf } from "./image-ids.js";
import type { StagedRelease } from "./stage.js";

export interface AssemblyOptions {
  /** Reads the base images. */
  client: RegistryClient;
  /** SOURCE_DATE_EPOCH: seconds since 1970, the time of every file and of the image. */
  sourceDateEpoch: number;
}

/**
 * Assembles all platforms of a release; images that it starts from or copies from are read from their registries. Its
 * layers are compressed into files, which have to stay until the image was published.
 */
export async function assembleRelease(
  { chosen, dockerfile, builderNeeded, layers, targets, annotations, labels, format, checks }: StagedRelease,
  { client, sourceDateEpoch }: AssemblyOptions,
): Promise<BuiltRelease> {
  if (builderNeeded !== undefined) throw builderNeeded;
  if (dockerfile === undefined) throw new Error("The Dockerfile was not interpreted.");
  const variants: AssembledVariant[] = [];
  const openImage = imageReader(client);
  // One after the other: each has a tree of its own, and a base is read as a whole.
  for (const target of targets)
    variants.push(
      await assembleVariant({
        dockerfile,
        context: target.context,
        target,
        openImage,
        created: sourceDateEpoch,
        labels,
        workspace: layers,
      }),
    );
  const copying = targets.flatMap(({ context }) => context.remarks);
  const bases = targets.flatMap((target) => imagesOf(dockerfile, target).map(({ reference }) => reference));
  return {
    origin: "slipway",
    image: imageIdsOf(variants),
    remarks: [
      ...choiceRemarks(chosen),
      ...uncheckedRemarks(checks),
      ...new Set(variants.flatMap(({ remarks }) => remarks)),
      ...new Set(copying),
      ...baseRemarks(bases),
    ],
    pack: () => packImage(variants, { annotations, format, directory: layers }),
  };
}

/** The image is a function of its input, and a base under a tag is none that stays. */
export function baseRemarks(references: readonly string[]): string[] {
  return [...new Set(references)]
    .filter((reference) => parseReference(reference, "base image").digest === undefined)
    .map(
      (reference) =>
        `The base ${reference} has no digest: once it moves, the same binaries are another image, which a version that is published refuses. Pin it in the Dockerfile, as in FROM name:tag@sha256:….`,
    );
}

/** Each image is opened once for a platform. */
function imageReader(client: RegistryClient): OpenImage {
  const opened = new Map<string, Promise<BaseImage>>();
  return (reference, platform) => {
    const key = imageKey({ reference, platform });
    const image = opened.get(key) ?? readBase(client, reference, platform);
    opened.set(key, image);
    return image;
  };
}
