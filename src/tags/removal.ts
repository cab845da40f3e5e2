import { InputError } from "../errors.js";
import { isTag } from "../registry/reference.js";
import { claimOn } from "./claim.js";
import { readVersion } from "./reading.js";
import { imagesIn, type TagRules, tagByHand, templatesIn } from "./rules.js";
import { makesTag } from "./tag-template.js";
import { isStable, versionIn } from "./version.js";

/** Tags to remove. */
export interface TagSelection {
  /** What was asked for, as it is shown. */
  name: string;
  /** The tags to remove of those that a repository lists, in that order; what it may not list yet is in it as well. */
  pick: (listed: readonly string[]) => string[];
}

/**
 * What may be removed by this name: all tags that the project's templates make for a pre-release, given as its git tag
 * or as one of those tags; or a name that a run by hand was given. Nothing else is ever removed.
 */
export function selectRemovable(given: string, rules: TagRules): TagSelection {
  const { tagPrefix, buildMetadata } = rules;
  const tags = templatesIn(rules);
  const name = given.startsWith(tagPrefix) ? given.slice(tagPrefix.length) : given;
  const version = readVersion({ tags }, name)?.version ?? versionIn(name);
  if (version === undefined) {
    const isFree = claimOn(name, rules) === undefined && !tags.some((template) => makesTag(template, name));
    return isTag(name) && isFree
      ? { name, pick: () => imagesIn(rules).map((image) => tagByHand(name, image)) }
      : refuse(given);
  }
  if (!isStable(version)) {
    if (buildMetadata === "hyphen")
      return refuse(given, `With release.buildMetadata "hyphen" it may be a stable version as well`);
    return {
      name: version.text,
      pick: (listed) => tagsOf(version.text, tags, [version.text, name, ...listed]),
    };
  }
  return refuse(given);
}

/** Those of all platforms first: they list what those of one platform point at. */
function tagsOf(version: string, tags: TagRules["tags"], candidates: readonly string[]): string[] {
  const own = [...new Set(candidates)].flatMap((tag) => {
    const read = readVersion({ tags }, tag);
    return read?.isOwn && read.version.text === version ? [{ tag, ...read }] : [];
  });
  return own.toSorted((a, b) => Number(a.ofPlatform) - Number(b.ofPlatform)).map(({ tag }) => tag);
}

function refuse(given: string, fix?: string): never {
  throw new InputError({
    subject: "tag to remove",
    expected:
      "the tag of a pre-release, as in v0.0.1-test, or a name that --as gave, since stable versions, tags that move and latest are never removed",
    given,
    ...(fix === undefined ? {} : { fix }),
  });
}
