import type { Trigger } from "./ref.js";
import { compareVersions, isStable, parseVersion, type Version } from "./version.js";

/** What `latest` of a repository follows: the main branch, or the highest stable version that is published. */
export type LatestPolicy = "main" | "highest";

/** Whether a publication sets a tag. */
export interface TagDecision {
  tag: string;
  /** A version tag never moves; `latest` does. */
  moves: boolean;
  set: boolean;
  /** A clause without a full stop. */
  why: string;
}

const latest = (set: boolean, why: string): TagDecision => ({ tag: "latest", moves: true, set, why });

/** Whether the decision takes the list of the repository's tags. */
export function needsPublishedTags(trigger: Trigger, policy: LatestPolicy): boolean {
  return policy === "highest" && trigger.kind === "version" && isStable(trigger.version);
}

/**
 * The tags that a publication is about. `published` are the tags of the repository and not those of git, which
 * may be ahead of what anybody can pull.
 */
export function decideTags(
  trigger: Trigger,
  policy: LatestPolicy,
  published: readonly string[],
): TagDecision[] {
  switch (trigger.kind) {
    case "main":
      return [
        policy === "main"
          ? latest(true, `latest follows ${trigger.branch}`)
          : latest(false, `latest follows the highest stable version, and not ${trigger.branch}`),
      ];
    case "version":
      return [
        { tag: trigger.version.text, moves: false, set: true, why: `${trigger.tag} publishes its version` },
        policy === "main"
          ? latest(false, "latest follows the main branch")
          : followHighest(trigger.version, highestStable(published)),
      ];
    case "branch":
    case "pull-request":
      return [];
  }
}

/**
 * The highest stable version among tags; a leading v is read as well, since other pipelines write it. What is
 * no version does not count.
 */
export function highestStable(tags: readonly string[]): Version | undefined {
  return tags
    .flatMap((tag) => parseVersion(tag.replace(/^v/, "")) ?? [])
    .filter(isStable)
    .toSorted(compareVersions)
    .at(-1);
}

function followHighest(version: Version, highest: Version | undefined): TagDecision {
  if (!isStable(version)) return latest(false, "a pre-release never moves latest");
  if (highest !== undefined && compareVersions(version, highest) < 0)
    return latest(false, `${highest.text} is published, and higher`);
  return latest(true, "no higher stable version is published");
}
