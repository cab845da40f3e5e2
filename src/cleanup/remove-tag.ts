import { InputError, RegistryError } from "../errors.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { othersThatNeed, type RepositoryGraph } from "./graph.js";
import type { CleanupTarget } from "./target.js";

/** A tag that was removed, or that was not there. */
export interface TagRemoval {
  repository: string;
  ok: true;
  tag: string;
  /** What the tag pointed at; absent where the tag was. */
  digest?: string;
  result: "deleted" | "absent";
}

/** Which tags of a repository are to go. */
export interface TagsToRemove {
  /** What they are called together. */
  name: string;
  /** Those to remove, in that order; what a repository lists is given, and may be incomplete. */
  pick: (listed: readonly string[]) => readonly string[];
}

/** Removes tags from repositories, each on its own. */
export async function removeTags(
  targets: readonly CleanupTarget[],
  tags: TagsToRemove,
): Promise<(TagRemoval | Failure)[]> {
  const removals = await Promise.all(
    targets.map((target) => settle(target.repository, () => removeFrom(target, tags))),
  );
  return removals.flat();
}

async function removeFrom(
  target: CleanupTarget,
  { name, pick }: TagsToRemove,
): Promise<(TagRemoval | Failure)[]> {
  const along = pick(await target.listTags());
  const found: [tag: string, digest: string][] = [];
  for (const tag of along) {
    const digest = await target.resolve(tag);
    if (digest !== undefined) found.push([tag, digest]);
  }
  const removals: (TagRemoval | Failure)[] = [];
  for (const [tag, digest] of found) {
    const removal = await settle(target.repository, () => removeTag(target, tag, along));
    // Where whole manifests are deleted, a tag goes with the first one that shares its own.
    removals.push(removal.ok ? { ...removal, digest, result: "deleted" } : removal);
  }
  const repository = formatRepository(target.repository);
  return removals.length > 0 ? removals : [{ repository, ok: true, tag: name, result: "absent" }];
}

/** Removes a tag, unless something else would go that does not go along. An absent tag is already removed. */
export async function removeTag(
  target: CleanupTarget,
  tag: string,
  along: readonly string[] = [],
): Promise<TagRemoval> {
  const reference = formatReference(target.repository, tag);
  const outcome = { repository: formatRepository(target.repository), ok: true, tag } as const;
  const digest = await target.resolve(tag);
  if (digest === undefined) return { ...outcome, result: "absent" };
  const removal = await target.removeTag(tag, along);
  if (removal.result === "refused")
    throw new RegistryError(`${reference}: was not removed: ${removal.detail}.`, { failure: "denied" });
  await target.requireGone(tag, removal.result);
  return { ...outcome, digest, result: removal.result };
}

/** Refuses to remove a tag whose manifest something else needs, where it would go with the tag. */
export function requireAlone(
  repository: Repository,
  graph: RepositoryGraph,
  { tag, along }: { tag: string; along: readonly string[] },
  because: string,
): void {
  const others = othersThatNeed(graph, tag, along);
  if (others.length === 0) return;
  throw new InputError({
    subject: formatReference(repository, tag),
    expected: "a tag whose manifest nothing else needs",
    given: `${graph.tags.get(tag)}, needed by ${others.join(", ")}`,
    fix: `${because}: move the tag to an image of its own first, or leave it`,
  });
}
