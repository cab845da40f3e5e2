import { messageOf, RegistryError, SlipwayError } from "../errors.js";
import { isIndex, parseIndex, parseManifest } from "../oci/manifest.js";
import { withNewRepositoryAdvice } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import { formatRepository, type Repository } from "../registry/reference.js";
import { readImage, type VerifiedImage } from "../registry/verify.js";
import { annotationKey } from "./description.js";
import { type ImageIds, publishedImageIds } from "./image-ids.js";

/** What a tag holds. */
export type PublishedTag =
  | {
      digest: string;
      ids: ImageIds;
      /** What its annotations say it is: a label may be that of its base. */
      version?: string;
    }
  /** No whole image: something else was pushed there, or parts of it were deleted. */
  | { digest: string; unreadable: string };

/** How a repository is read. */
export interface Reading {
  client: RegistryClient;
  repository: Repository;
  /** Treats a 401 or 403 as a repository that was never pushed to. */
  firstPublish: boolean;
}

/**
 * The tags of a repository; none where it does not exist. A list without `latest`, which is there, lacks others as well:
 * `latest` would move back from a version that nobody lists.
 */
export async function readTags(reading: Reading): Promise<readonly string[]> {
  const { client, repository } = reading;
  return client.untilShown(async () => {
    // Whoever sets latest in between has it read once more.
    const tags = (await listWithLatest(reading)) ?? (await listWithLatest(reading));
    if (tags !== undefined) return tags;
    throw new RegistryError(
      `${formatRepository(repository)}: the registry does not list the tag latest, which is there, so which versions are published is unknown. Run this again; if it stays, whoever runs the registry has to repair it.`,
      { failure: "invalid", transient: true },
    );
  });
}

/** The tags as they are listed; undefined where `latest` is there, and none of them. */
async function listWithLatest({
  client,
  repository,
  firstPublish,
}: Reading): Promise<readonly string[] | undefined> {
  const tags = (await orAbsent(firstPublish, () => client.listTags(repository))) ?? [];
  if (tags.includes("latest")) return tags;
  const latest = await orAbsent(firstPublish, () => client.headManifest(repository, "latest"));
  return latest === undefined ? tags : undefined;
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
    return image === undefined ? { digest, unreadable: "its manifest is missing" } : describe(image);
  } catch (error) {
    // A part that is missing or is no image is an answer: the tag holds something that nobody can pull.
    const isAnswer =
      error instanceof RegistryError ? error.failure === "not-found" : error instanceof SlipwayError;
    if (!isAnswer) throw error;
    return { digest, unreadable: messageOf(error) };
  }
}

function describe(image: VerifiedImage): PublishedTag {
  const { descriptor, bytes } = image.stored;
  const parse = isIndex(descriptor.mediaType) ? parseIndex : parseManifest;
  const version = parse(bytes, image.digest).annotations?.[annotationKey("version")];
  return {
    digest: image.digest,
    ids: publishedImageIds(image),
    ...(version === undefined ? {} : { version }),
  };
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
