import { messageOf, RegistryError, SlipwayError } from "../errors.js";
import { withNewRepositoryAdvice } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import type { Repository } from "../registry/reference.js";
import { readImage } from "../registry/verify.js";
import { type ImageIds, publishedImageIds } from "./image-ids.js";

/** What a tag holds. */
export type PublishedTag =
  | { digest: string; ids: ImageIds }
  /** No whole image: something else was pushed there, or parts of it were deleted. */
  | { digest: string; unreadable: string };

/** How a repository is read. */
export interface Reading {
  client: RegistryClient;
  repository: Repository;
  /** Treats a 401 or 403 as a repository that was never pushed to. */
  firstPublish: boolean;
}

/** The tags of a repository; none where it does not exist. */
export async function readTags({ client, repository, firstPublish }: Reading): Promise<readonly string[]> {
  return (await orAbsent(firstPublish, () => client.listTags(repository))) ?? [];
}

/**
 * What a tag holds, without its layers; undefined where the registry says 404. Every other answer that is no
 * image is a RegistryError, since unknown is not absent.
 */
export async function readTag(
  { client, repository, firstPublish }: Reading,
  tag: string,
): Promise<PublishedTag | undefined> {
  const found = await orAbsent(firstPublish, () => client.headManifest(repository, tag));
  if (found === undefined) return undefined;
  const { digest } = found;
  try {
    const image = await readImage(client, repository, digest);
    return image === undefined ? undefined : { digest, ids: publishedImageIds(image) };
  } catch (error) {
    // A part that is missing or is no image is an answer: the tag holds something that nobody can pull.
    const isAnswer =
      error instanceof RegistryError ? error.failure === "not-found" : error instanceof SlipwayError;
    if (!isAnswer) throw error;
    return { digest, unreadable: messageOf(error) };
  }
}

async function orAbsent<T>(firstPublish: boolean, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RegistryError && error.refused)) throw error;
    if (firstPublish) return undefined;
    throw withNewRepositoryAdvice(error);
  }
}
