import { z } from "zod";
import { RegistryError, VerificationError } from "../errors.js";
import { type Attachment, heldBlob } from "../oci/attachment.js";
import { isIndex, mediaTypes, parseIndex } from "../oci/manifest.js";
import type { RegistryClient, StoredManifest } from "./client.js";
import type { Referrer } from "./lists.js";
import { eachOf } from "./parallel.js";
import { formatReference, type Repository } from "./reference.js";

/** How often a list under a tag is written, which several may write at once. */
const mostWrites = 5;

// All of it is kept as it is: what others have listed there may have fields of its own.
const referrersIndex = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });

/**
 * What is attached to a manifest: by the registry's API, and where it has none, by the referrers tag schema (distribution
 * specification v1.1, "Listing Referrers").
 */
export async function readReferrers(
  client: RegistryClient,
  repository: Repository,
  subject: string,
): Promise<readonly Referrer[]> {
  const listed = await client.listReferrers(repository, subject);
  return listed ?? entriesOf(await readTagged(client, repository, subject));
}

/**
 * Attaches documents to manifests that are in a repository, and reads the lists back. What is there is not sent again;
 * what is listed is not listed twice. Gives those whose lists are kept under tags.
 */
export async function pushAttachments(
  client: RegistryClient,
  repository: Repository,
  attachments: readonly Attachment[],
): Promise<Attachment[]> {
  const blobs = new Map(
    attachments.flatMap((attachment) => attachment.blobs.map((blob) => [blob.descriptor.digest, blob])),
  );
  await eachOf([...blobs.values()], ({ descriptor, bytes }) =>
    client.putBlob(repository, descriptor, async () => bytes),
  );
  await eachOf(attachments, ({ manifest }) =>
    client.putManifest(repository, manifest.descriptor.digest, manifest),
  );
  const underTags = await eachOf(bySubject(attachments), async ([subject, own]) =>
    (await list(client, repository, subject, own)) ? own : [],
  );
  return underTags.flat();
}

/**
 * Completes lists under tags once more: another publisher may have written one since that it had read before, and what
 * was attached in between is not on it.
 */
export async function keepListed(
  client: RegistryClient,
  repository: Repository,
  attachments: readonly Attachment[],
): Promise<void> {
  await eachOf(bySubject(attachments), ([subject, own]) => listUnderTag(client, repository, subject, own));
}

function bySubject(attachments: readonly Attachment[]): [subject: string, own: Attachment[]][] {
  const subjects = [...new Set(attachments.map(({ subject }) => subject))];
  return subjects.map((subject) => [subject, attachments.filter((each) => each.subject === subject)]);
}

/**
 * A registry with the API lists what it takes by itself; for one without, the list is ours to write. Whether it was.
 */
async function list(
  client: RegistryClient,
  repository: Repository,
  subject: string,
  attachments: readonly Attachment[],
): Promise<boolean> {
  const isWithoutApi = await client.untilShown(async () => {
    const listed = await client.listReferrers(repository, subject);
    if (listed === undefined) return true;
    const missing = missingIn(listed, attachments);
    if (missing.length === 0) return false;
    throw unlisted(repository, subject, missing);
  });
  if (isWithoutApi) await listUnderTag(client, repository, subject, attachments);
  return isWithoutApi;
}

/** There is no compare-and-swap: what is written is read back, and written again where another publisher's list won. */
async function listUnderTag(
  client: RegistryClient,
  repository: Repository,
  subject: string,
  attachments: readonly Attachment[],
): Promise<void> {
  for (let writes = 0; ; writes += 1) {
    const index = await readTagged(client, repository, subject);
    const missing = missingIn(entriesOf(index), attachments);
    if (missing.length === 0) return;
    if (writes === mostWrites) throw unlisted(repository, subject, missing);
    await writeList(client, repository, subject, withEntries(index, missing));
  }
}

/** Not every registry takes a list of what is not there any more: what is gone is left out where it refuses. */
async function writeList(
  client: RegistryClient,
  repository: Repository,
  subject: string,
  list: TaggedIndex,
): Promise<void> {
  const put = (manifests: TaggedIndex["manifests"]) =>
    client.putManifest(repository, tagFor(subject), storedIndex({ ...list, manifests }));
  try {
    await put(list.manifests);
  } catch (error) {
    if (!(error instanceof RegistryError) || ![400, 404].includes(error.status ?? 0)) throw error;
    const found = await eachOf(list.manifests, async (entry) =>
      (await client.headManifest(repository, entry.digest)) === undefined ? [] : [entry],
    );
    if (found.flat().length === list.manifests.length) throw error;
    await put(found.flat());
  }
}

type TaggedIndex = z.output<typeof referrersIndex>;

async function readTagged(
  client: RegistryClient,
  repository: Repository,
  subject: string,
): Promise<TaggedIndex | undefined> {
  const tag = tagFor(subject);
  const stored = await client.getManifest(repository, tag);
  if (stored === undefined) return undefined;
  const reference = formatReference(repository, tag);
  const { mediaType } = stored.descriptor;
  if (!isIndex(mediaType)) throw otherImage(reference, subject, mediaType);
  // It is read as an index first: what Go could not read is not written again.
  const { manifests } = parseIndex(stored.bytes, reference);
  if (manifests.some(({ platform }) => platform !== undefined))
    throw otherImage(reference, subject, "an image");
  return referrersIndex.parse(JSON.parse(stored.bytes.toString("utf8")));
}

function entriesOf(index: TaggedIndex | undefined): readonly Referrer[] {
  return (index?.manifests ?? []) as readonly Referrer[];
}

function withEntries(index: TaggedIndex | undefined, added: readonly Attachment[]): TaggedIndex {
  return {
    schemaVersion: 2,
    ...index,
    mediaType: mediaTypes.index,
    manifests: [...(index?.manifests ?? []), ...added.map(({ listed }) => ({ ...listed }))],
  };
}

function storedIndex(content: TaggedIndex): StoredManifest {
  return heldBlob(mediaTypes.index, Buffer.from(JSON.stringify(content)));
}

function missingIn(listed: readonly Referrer[], attachments: readonly Attachment[]): Attachment[] {
  const digests = new Set(listed.map(({ digest }) => digest));
  return attachments.filter(({ manifest }) => !digests.has(manifest.descriptor.digest));
}

/** The tag that holds the list for a digest (distribution specification v1.1, "Referrers Tag Schema"). */
function tagFor(subject: string): string {
  return subject.replace(":", "-");
}

function otherImage(reference: string, subject: string, given: string): VerificationError {
  return new VerificationError(
    `${reference}: expected the list of what is attached to ${subject}, got ${given}. That tag is where registries without the referrers API keep the list: give that image another tag, then run this again.`,
  );
}

function unlisted(repository: Repository, subject: string, [missing]: readonly Attachment[]): RegistryError {
  return new RegistryError(
    `${formatReference(repository, subject)}: ${missing?.listed.artifactType} was attached as ${missing?.manifest.descriptor.digest}, and the registry does not list it. Run this again; if it stays, let only one publishing job run at a time, or ask whoever runs the registry.`,
    { failure: "unavailable", transient: true },
  );
}
