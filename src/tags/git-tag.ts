import { InputError } from "../errors.js";
import { isStable, type Version, versionIn } from "./version.js";

/** A git tag that releases a version. */
export interface GitTag {
  /** As it is in git: `tool/v1.2.3`. */
  tag: string;
  /** Without the prefix of its component: `v1.2.3`. */
  name: string;
  version: Version;
}

export interface GitTagRules {
  /** Whether a tag such as v0.0.1-test may be published. */
  preRelease: boolean;
  /** What tags of the project begin with, where a repository has several components: `tool/`. */
  tagPrefix?: string;
}

/** The version that a git tag releases: `v1.2.3` and `1.2.3` are both 1.2.3. A pre-release has to be asked for. */
export function readGitTag(tag: string, { preRelease, tagPrefix = "" }: GitTagRules): GitTag {
  const refuse = (expected: string, fix?: string): never => {
    throw new InputError({
      subject: "tag of a release",
      expected,
      given: tag,
      ...(fix === undefined ? {} : { fix }),
    });
  };
  if (!tag.startsWith(tagPrefix))
    return refuse(
      `one that begins with ${tagPrefix}, as in ${tagPrefix}v1.2.3, since release.tagPrefix says so`,
      "Tags of another component take settings of their own: pass them with --config",
    );
  const name = tag.slice(tagPrefix.length);
  const version = versionIn(name);
  if (version === undefined) return refuse(forms(tagPrefix, preRelease), suggestion(tagPrefix, name));
  if (isStable(version) || preRelease) return { tag, name, version };
  return refuse(
    forms(tagPrefix, preRelease),
    "Pass --pre-release, or set release.preReleases, to publish it under tags of its own; no other tag moves",
  );
}

function forms(prefix: string, preRelease: boolean): string {
  const rule = "numbers without leading zeros";
  return preRelease
    ? `${prefix}vX.Y.Z or ${prefix}vX.Y.Z-name, ${rule}, as in ${prefix}v1.2.3 or ${prefix}v0.0.1-test`
    : `${prefix}vX.Y.Z, ${rule}, as in ${prefix}v1.2.3`;
}

/** What was probably meant. */
function suggestion(prefix: string, name: string): string | undefined {
  const meant = [name.replace(/^V/, "v"), `${name}.0`].find((candidate) => versionIn(candidate));
  if (meant !== undefined) return `Use the tag ${prefix}${meant}`;
  const [, component, rest = ""] = /^(.+?[/@_-])(v?[0-9].*)$/.exec(name) ?? [];
  if (component !== undefined && versionIn(rest))
    return `Set release.tagPrefix to "${prefix}${component}" where that is one of several components`;
  return /[0-9]{16}/.test(name) ? `Use numbers up to ${Number.MAX_SAFE_INTEGER}` : undefined;
}
