import { InputError } from "../errors.js";
import { isTag } from "../registry/reference.js";

/** A version by Semantic Versioning 2.0.0, without build metadata: a tag cannot hold its `+`. */
export interface Version {
  /** As a tag of an image says it: `1.2.3`, `0.0.1-test`. */
  text: string;
  /** Major, minor and patch, as text: they have no upper bound. */
  numbers: readonly string[];
  /** The identifiers after the hyphen; none in a stable version. */
  preRelease: readonly string[];
}

const number = "(?:0|[1-9][0-9]*)";
const identifier = `(?:${number}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const grammar = new RegExp(
  `^(${number})\\.(${number})\\.(${number})(?:-(${identifier}(?:\\.${identifier})*))?$`,
);

/** Parses `X.Y.Z` or `X.Y.Z-pre`; undefined where the text is no version. */
export function parseVersion(text: string): Version | undefined {
  const [matched, major, minor, patch, preRelease] = grammar.exec(text) ?? [];
  if (matched === undefined || major === undefined || minor === undefined || patch === undefined)
    return undefined;
  return { text, numbers: [major, minor, patch], preRelease: preRelease?.split(".") ?? [] };
}

/** The version that a git tag releases: `v1.2.3` is 1.2.3. A pre-release has to be asked for. */
export function releaseVersion(tag: string, { preRelease }: { preRelease: boolean }): Version {
  const version = tag.startsWith("v") ? parseVersion(tag.slice(1)) : undefined;
  const refuse = (fix?: string): never => {
    throw new InputError({
      subject: "tag of a release",
      expected: preRelease
        ? "vX.Y.Z or vX.Y.Z-name, numbers without leading zeros, as in v1.2.3 or v0.0.1-test"
        : "vX.Y.Z, numbers without leading zeros, as in v1.2.3",
      given: tag,
      ...(fix === undefined ? {} : { fix }),
    });
  };
  if (version === undefined || !isTag(version.text)) return refuse(suggestion(tag));
  if (isStable(version) || preRelease) return version;
  return refuse("Pass --pre-release to publish it under a tag of its own; latest stays where it is");
}

/** The pre-release that a tag is of, in git or at a registry: no other tag may ever be removed. */
export function removableVersion(tag: string): Version {
  const version = parseVersion(tag.replace(/^v/, ""));
  if (version !== undefined && !isStable(version)) return version;
  throw new InputError({
    subject: "tag to remove",
    expected:
      "the tag of a pre-release, as in v0.0.1-test, since stable versions and latest are never removed",
    given: tag,
  });
}

export function isStable({ preRelease }: Version): boolean {
  return preRelease.length === 0;
}

/** Precedence by section 11 of the specification: negative where `a` is lower, 0 where they are equal. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareLists(a.numbers, b.numbers, compareNumbers) ||
    Number(isStable(a)) - Number(isStable(b)) ||
    compareLists(a.preRelease, b.preRelease, compareIdentifiers)
  );
}

/** What was probably meant. */
function suggestion(tag: string): string | undefined {
  const candidates = [`v${tag}`, tag.replace(/^V/, "v"), `${tag}.0`, `v${tag}.0`, tag.replace(/\+.*$/, "")];
  const meant = candidates.find(
    (candidate) => candidate !== tag && candidate.startsWith("v") && parseVersion(candidate.slice(1)),
  );
  return meant === undefined ? undefined : `Use the tag ${meant}`;
}

type Compare = (a: string, b: string) => number;

/** The first difference decides; where there is none, the shorter list is lower. */
function compareLists(a: readonly string[], b: readonly string[], compare: Compare): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    const order = compare(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIdentifiers(a: string, b: string): number {
  const numeric = (text: string) => /^[0-9]+$/.test(text);
  if (numeric(a) && numeric(b)) return compareNumbers(a, b);
  return Number(numeric(b)) - Number(numeric(a)) || compareText(a, b);
}

/** Without leading zeros the longer number is the higher one. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
