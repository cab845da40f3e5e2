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

/** Removes a tag from repositories, each on its own. */
export function removeTags(
  targets: readonly CleanupTarget[],
  tag: string,
): Promise<(TagRemoval | Failure)[]> {
  return Promise.all(targets.map((target) => settle(target.repository, () => removeTag(target, tag))));
}

/** Removes a tag, unless something else would go with it. An absent tag is already removed. */
export async function removeTag(target: CleanupTarget, tag: string): Promise<TagRemoval> {
  const reference = formatReference(target.repository, tag);
  const outcome = { repository: formatRepository(target.repository), ok: true, tag } as const;
  const digest = await target.resolve(tag);
  if (digest === undefined) return { ...outcome, result: "absent" };
  const removal = await target.removeTag(tag);
  if (removal.result === "refused")
    throw new RegistryError(`${reference}: was not removed: ${removal.detail}.`, { failure: "denied" });
  // Services answer 404 as well where credentials may read but not delete.
  if (removal.result === "absent" && (await target.resolve(tag)) !== undefined)
    throw new RegistryError(
      `${reference}: the deletion was answered with 404, but it is still there. Check that the credentials may delete, not only read.`,
      { failure: "denied", status: 404 },
    );
  return { ...outcome, digest, result: removal.result };
}

/** Refuses to remove a tag whose manifest something else needs, where it would go with the tag. */
export function requireAlone(
  repository: Repository,
  graph: RepositoryGraph,
  tag: string,
  because: string,
): void {
  const others = othersThatNeed(graph, tag);
  if (others.length === 0) return;
  throw new InputError({
    subject: formatReference(repository, tag),
    expected: "a tag whose manifest nothing else needs",
    given: `${graph.tags.get(tag)}, needed by ${others.join(", ")}`,
    fix: `${because}: move the tag to an image of its own first, or leave it`,
  });
}
