import { ConflictError, RegistryError } from "../errors.js";
import type { RegistryClient, StoredManifest } from "./client.js";
import { formatReference, type Repository } from "./reference.js";
import { readStored, requireManifest, type VerifiedImage } from "./verify.js";

/** What happened to a tag that follows the newest image. */
export interface AliasMove {
  tag: string;
  /** What the tag pointed at before; absent where it did not exist. */
  from?: string;
  /** Second name under which an image of somebody else was kept. */
  kept?: string;
  moved: boolean;
}

const oneAtATime = "let only one publishing job run at a time, then run this again";

/**
 * Points a tag that never moves at a manifest that is already in the repository. It is set at most once: where it holds
 * something else, before or afterwards, another publisher was at work, and that is a ConflictError.
 */
export async function createTag(
  client: RegistryClient,
  repository: Repository,
  tag: string,
  stored: StoredManifest,
): Promise<void> {
  const held = await setTag(client, repository, tag, stored, undefined);
  if (held === stored.descriptor.digest) return;
  throw new ConflictError(
    `${formatReference(repository, tag)}: holds ${held}, to be published is ${stored.descriptor.digest}. Another publisher was at work, and a tag that never moves is not set again: ${oneAtATime}, which compares the two.`,
  );
}

/**
 * Moves a tag from the digest that it was found to hold, if any. Where another publisher has moved it, it stays: which of
 * the two is newer is for the next run to decide.
 */
export async function moveTag(
  client: RegistryClient,
  repository: Repository,
  tag: string,
  stored: StoredManifest,
  from?: string,
): Promise<void> {
  const held = await setTag(client, repository, tag, stored, from);
  if (held !== stored.descriptor.digest) throw rivalry(repository, tag, stored, held);
}

/**
 * Moves a tag that follows the newest image. What `isOurs` does not recognize is kept under a second name
 * first: it may be all that somebody's rollback has. Where it is `planned`, it moves from what it held then only.
 */
export async function moveAlias(
  client: RegistryClient,
  repository: Repository,
  tag: string,
  stored: StoredManifest,
  isOurs: (image: VerifiedImage) => boolean,
  planned?: { current?: string },
): Promise<AliasMove> {
  const from = (await client.headManifest(repository, tag))?.digest;
  if (from === stored.descriptor.digest) return { tag, from, moved: false };
  if (planned !== undefined && from !== undefined && from !== planned.current)
    throw rivalry(repository, tag, stored, from);
  const kept = from === undefined ? undefined : await keepForeign(client, repository, from, { tag, isOurs });
  await moveTag(client, repository, tag, stored, from);
  return {
    tag,
    ...(from === undefined ? {} : { from }),
    ...(kept === undefined ? {} : { kept }),
    moved: true,
  };
}

/** Name under which an image is kept that a moving tag leaves behind. */
export function keptName(tag: string, digest: string): string {
  return `${tag}-kept-${digest.slice("sha256:".length, "sha256:".length + 12)}`;
}

/**
 * One PUT, and a look before and after: the protocol has no compare-and-swap. Returns what the tag holds then. A registry
 * may take a moment to show what it took, so that what was there before is no other publisher's.
 */
async function setTag(
  client: RegistryClient,
  repository: Repository,
  tag: string,
  stored: StoredManifest,
  from: string | undefined,
): Promise<string> {
  const { digest } = stored.descriptor;
  const rival = await client.replaceTag(repository, tag, stored, from);
  if (rival !== undefined) return rival;
  return client.untilShown(async () => {
    const found = (await client.headManifest(repository, tag))?.digest;
    if (found === digest || (found !== undefined && found !== from)) return found;
    throw new RegistryError(
      `${formatReference(repository, tag)}: was set to ${digest} and still reads back ${found ?? "as absent"}. Run this again where the registry does not show it in time.`,
      { failure: "unavailable", transient: true },
    );
  });
}

function rivalry(repository: Repository, tag: string, stored: StoredManifest, held: string): RegistryError {
  return new RegistryError(
    `${formatReference(repository, tag)}: holds ${held}, to be set was ${stored.descriptor.digest}. Another publisher is at work: ${oneAtATime}.`,
    { failure: "invalid" },
  );
}

async function keepForeign(
  client: RegistryClient,
  repository: Repository,
  digest: string,
  { tag, isOurs }: { tag: string; isOurs: (image: VerifiedImage) => boolean },
): Promise<string | undefined> {
  const stored = await requireManifest(client, repository, digest);
  // What is no image that Slipway can read is not one that it made.
  const image = await readStored(client, repository, stored).catch((error) => {
    if (error instanceof RegistryError) throw error;
    return undefined;
  });
  if (image !== undefined && isOurs(image)) return undefined;
  const name = keptName(tag, digest);
  await createTag(client, repository, name, stored);
  return name;
}
