import { highestOf } from "./policy.js";
import { publishedVersions, readVersion } from "./reading.js";
import type { TagRequest } from "./request.js";
import { compareVersions, isStable } from "./version.js";

/**
 * The tag of the published version that a tag which moves has to follow, where that is higher than the version which
 * was released; undefined where none is.
 */
export function overtakingTag(
  { trigger, rules, wanted }: TagRequest,
  tag: string,
  published: readonly string[],
): string | undefined {
  if (trigger.kind !== "version") return undefined;
  const versions = publishedVersions(rules, published).filter(isStable);
  const highest = highestOf(
    wanted.find((other) => other.tag === tag),
    versions,
  );
  if (highest === undefined || compareVersions(trigger.version, highest) >= 0) return undefined;
  return published.find((candidate) => {
    const read = readVersion(rules, candidate);
    return read?.isOwn && !read.ofPlatform && read.version.text === highest.text;
  });
}
