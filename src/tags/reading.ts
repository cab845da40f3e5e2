import { withoutArch } from "./arch.js";
import type { TagRules } from "./rules.js";
import { makesTag, type TagTemplate, versionOfTag } from "./tag-template.js";
import type { Version } from "./version.js";

/** What a tag of a repository says by the templates of the project. */
export interface TagReading {
  version: Version;
  /** Whether it is the tag of one platform. */
  ofPlatform: boolean;
  /** Whether the templates make exactly this tag; else another tool did. */
  isOwn: boolean;
}

type ReadingRules = Pick<TagRules, "tags">;

/**
 * The version that a tag names. The template with more text of its own is asked first: with {version} and
 * {version}-alpine, 1.2.3-alpine is a variant of 1.2.3 and no pre-release. A name of a machine at the end is never
 * a pre-release, whether the project sets such tags or another tool did.
 */
export function readVersion(rules: ReadingRules, tag: string): TagReading | undefined {
  return readerOf(rules)(tag);
}

/** The versions that a repository holds: those whose tag of all platforms is there, since it is set last. */
export function publishedVersions(rules: ReadingRules, tags: readonly string[]): Version[] {
  const read = readerOf(rules);
  return tags.flatMap((tag) => {
    const found = read(tag);
    return found === undefined || found.ofPlatform ? [] : [found.version];
  });
}

function readerOf({ tags }: ReadingRules): (tag: string) => TagReading | undefined {
  const templates = tags
    .filter(({ namesVersion }) => namesVersion)
    .toSorted((a, b) => ownText(b) - ownText(a));
  const makes = (tag: string, { text }: Version) =>
    templates.some((template) => makesTag(template, tag) && versionOfTag(template, tag)?.text === text);
  return (tag) => {
    const read = (text: string, endsInArch: boolean): TagReading | undefined => {
      for (const template of templates) {
        const version = versionOfTag(template, text);
        if (version === undefined) continue;
        return { version, ofPlatform: endsInArch || template.isOfPlatform, isOwn: makes(tag, version) };
      }
      return undefined;
    };
    const all = withoutArch(tag);
    return (all === undefined ? undefined : read(all, true)) ?? read(tag, false);
  };
}

function ownText({ parts }: TagTemplate): number {
  return parts.reduce((length, part) => length + ("literal" in part ? part.literal.length : 0), 0);
}
