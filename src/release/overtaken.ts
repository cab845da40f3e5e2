import { VerificationError } from "../errors.js";
import type { RegistryClient, StoredManifest } from "../registry/client.js";
import type { Repository } from "../registry/reference.js";
import { readImage, type VerifiedImage, verifyRead } from "../registry/verify.js";
import { overtakingTag } from "../tags/overtaking.js";
import { needsPublishedTags } from "../tags/policy.js";
import type { TagRequest } from "../tags/request.js";
import type { TagPlan, Target } from "./plan.js";
import { readTags } from "./published.js";

/** A tag that was set, and the digest that it points at. */
export interface SetTag {
  plan: TagPlan;
  digest: string;
}

interface Release {
  client: RegistryClient;
  tags: TagRequest;
}

// Each time takes yet another release.
const mostTimes = 5;

/**
 * Looks at the published versions once more, after tags that move were set. Another release may have published a higher
 * version since they were decided, and set the same tags before: they move on to it. Without a lock on tags this is what
 * keeps them from moving back: whoever sets one last looks after that, and sees what the other published. Returns why
 * each of them is where it is now, a clause by name.
 */
export async function followOvertaking(
  { client, tags }: Release,
  { repository, latest }: Target,
  set: readonly SetTag[],
): Promise<Map<string, string>> {
  const held = new Map(set.filter(({ plan }) => plan.moves).map(({ plan, digest }) => [plan, digest]));
  const followed = new Map<string, string>();
  if (held.size === 0 || !needsPublishedTags(tags, latest)) return followed;
  // A list may be older than the one before it.
  const listed = new Set<string>();
  for (let times = 0; times < mostTimes; times += 1) {
    for (const tag of await readTags({ client, repository, firstPublish: false })) listed.add(tag);
    let moved = false;
    for (const [plan, digest] of held) {
      const other = overtakingTag(tags, plan.tag, [...listed]);
      const image = other === undefined ? undefined : await imageOf(client, repository, other);
      if (other === undefined || image === undefined) continue;
      const stored = manifestFor(image, plan.platform);
      if (stored.descriptor.digest === digest) continue;
      if (!(await isWhole(client, repository, image))) {
        followed.set(plan.tag, `${other}, which is higher, is not whole: it was left at this release`);
        continue;
      }
      // Where somebody else has moved it since, it is theirs to look after.
      if ((await client.replaceTag(repository, plan.tag, stored, digest)) !== undefined) continue;
      held.set(plan, stored.descriptor.digest);
      followed.set(plan.tag, `${other} was published meanwhile, and is higher: it holds that now`);
      moved = true;
    }
    if (!moved) break;
  }
  return followed;
}

async function imageOf(
  client: RegistryClient,
  repository: Repository,
  tag: string,
): Promise<VerifiedImage | undefined> {
  const digest = (await client.headManifest(repository, tag))?.digest;
  return digest === undefined ? undefined : readImage(client, repository, digest);
}

/** Whether nothing of an image is missing, its layers included. */
export async function isWhole(
  client: RegistryClient,
  repository: Repository,
  image: VerifiedImage,
): Promise<boolean> {
  try {
    await verifyRead(client, repository, image, {});
    return true;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

/** The manifest that a tag points at: the index, or that of the platform which it names. */
export function manifestFor(
  { stored, variants }: VerifiedImage,
  platform: string | undefined,
): StoredManifest {
  return variants.find((variant) => variant.platform === platform)?.stored ?? stored;
}
