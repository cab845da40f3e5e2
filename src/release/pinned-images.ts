import { summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { imagesOf } from "../dockerfile/stages.js";
import type { RegistryClient } from "../registry/client.js";
import { manifestOf, parseReference } from "../registry/reference.js";
import { requireManifest } from "../registry/verify.js";
import { baseRemarks } from "./assemble.js";
import type { StagedRelease, StagedTarget } from "./stage.js";

/** The images that a build starts from, by target, each as its reference with the digest that it has now. */
export interface PinnedImages {
  images: ReadonlyMap<StagedTarget, string[]>;
  /** What is to be known of those that may move, a sentence each. */
  remarks: string[];
}

/** Asks the registries what the images are that the stages of a Dockerfile start from or copy from. */
export async function pinImages(
  client: RegistryClient,
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
  const digests = await Promise.all(references.map((reference) => digestNow(client, reference)));
  const pinned = new Map(references.map((reference, at) => [reference, `${reference} ${digests[at]}`]));
  return {
    images: new Map(named.map(([target, names]) => [target, names.map((name) => pinned.get(name) ?? name)])),
    remarks: baseRemarks(references),
  };
}

async function digestNow(client: RegistryClient, text: string): Promise<string> {
  const reference = parseReference(text, "base image");
  if (reference.digest !== undefined) return reference.digest;
  return (await requireManifest(client, reference, manifestOf(reference))).descriptor.digest;
}
