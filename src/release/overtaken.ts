import { RegistryError } from "../errors.js";
import { formatReference } from "../registry/reference.js";
import { decideTags, needsPublishedTags } from "../tags/policy.js";
import type { PlanRequest, Target } from "./plan.js";
import { readTags } from "./published.js";

/** A tag that was just set, and what it was set to. */
export interface TagSet {
  tag: string;
  digest: string;
}

/**
 * Throws where a tag that moves was set, and a higher version was published meanwhile. The protocol has no
 * compare-and-swap: that version may have set the tag between the look before it was set and the request that set it,
 * and has seen it whole. Its own tag came before, so that it is listed by now.
 */
export async function requireNotOvertaken(
  { client, tags }: Pick<PlanRequest, "client" | "tags">,
  { repository, latest }: Target,
  { tag, digest }: TagSet,
): Promise<void> {
  if (!needsPublishedTags(tags, latest)) return;
  const listed = await readTags({ client, repository, firstPublish: false });
  const decision = decideTags(tags, latest, listed).find((decided) => decided.tag === tag);
  if (decision === undefined || decision.set) return;
  if ((await client.headManifest(repository, tag))?.digest !== digest) return;
  throw new RegistryError(
    `${formatReference(repository, tag)}: was set, and meanwhile ${decision.why}: it may have moved back. Run the release of that version again, and let only one publishing job run at a time.`,
    { failure: "invalid" },
  );
}
