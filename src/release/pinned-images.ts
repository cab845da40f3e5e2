import { summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { imagesOf } from "../dockerfile/stages.js";
import { parseReference } from "../registry/reference.js";
import type { StagedRelease, StagedTarget } from "./stage.js";

/** The images that a build starts from, by target, each as its reference with the digest that it has now. */
export interface PinnedImages {
  images: ReadonlyMap<StagedTarget, string[]>;
  /** The digests of all of them, by how the Dockerfile names them. */
  digests: ReadonlyMap<string, string>;
}

/** The digest that an image has now, as whoever builds from it sees it. */
export type DigestNow = (reference: string) => Promise<string>;

/** Finds out what the images are that the stages of a Dockerfile start from or copy from. */
export async function pinImages(
  digestNow: DigestNow,
  { dockerfile, targets }: StagedRelease,
  text: string,
): Promise<PinnedImages> {
  const named = targets.map((target): [StagedTarget, string[]] => [
    target,
    dockerfile === undefined
      ? [...summarizeDockerfile(text, target.buildArgs).bases]
      : imagesOf(dockerfile, target).map(({ reference }) => reference),
  ]);
  const references = [...new Set(named.flatMap(([, names]) => names))];
  const digests = await Promise.all(
    references.map(
      async (reference) => parseReference(reference, "base image").digest ?? digestNow(reference),
    ),
  );
  const byReference = new Map(references.map((reference, at) => [reference, digests[at] ?? ""]));
  return {
    images: new Map(
      named.map(([target, names]) => [target, names.map((name) => `${name} ${byReference.get(name)}`)]),
    ),
    digests: byReference,
  };
}
