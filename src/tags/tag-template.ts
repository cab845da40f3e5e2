import { InputError } from "../errors.js";
import { isTag } from "../registry/reference.js";
import { archSource } from "./arch.js";
import { fillTemplate, type Placeholder, parseTemplate, type Template } from "./template.js";
import { parseVersion, type Version, versionIn } from "./version.js";

/** What sets the tags of a template: a version, a push to any branch, a push to the main branch. */
export type TagTrigger = "version" | "branch" | "main";

/** A template of tags as the settings have it; a text says by its placeholders when it applies. */
export type GivenTagTemplate = string | { tag: string; on: TagTrigger };

/** A template of tags, compiled. */
export interface TagTemplate extends Template {
  on: TagTrigger;
  /** Whether its tags move: those that hold neither the whole version nor the commit. */
  moves: boolean;
  /** Whether it makes a tag of every platform, which points at the manifest of that platform. */
  isOfPlatform: boolean;
  /** Whether its tags name the whole version, so that it can be read from them. */
  namesVersion: boolean;
  /** Fits the tags that it can make, with a group for each placeholder. */
  exact: RegExp;
  /** The same with or without a v before them. */
  withAnyV: RegExp;
}

/** The placeholders of a tag, by what gives them a value. */
const kinds = {
  version: ["version", "tag", "major", "minor", "patch"],
  branch: ["branch"],
  commit: ["sha", "revision", "date"],
  platform: ["arch"],
} as const satisfies Record<string, readonly Placeholder[]>;

/** The placeholders that tags may hold. */
export const tagPlaceholders = [
  ...kinds.version,
  ...kinds.branch,
  ...kinds.commit,
  ...kinds.platform,
] as const;

type TagPlaceholder = (typeof tagPlaceholders)[number];

const number = "(?:0|[1-9][0-9]*)";
// As short as what follows in the template allows. An underscore stands for the plus sign, which no version holds.
const version = `${number}\\.${number}\\.${number}(?:-[0-9A-Za-z.-]+?)??(?:_[0-9A-Za-z.-]+?)??`;

/** What a placeholder can become, as the source of a regular expression. */
const sources: Readonly<Record<TagPlaceholder, string>> = {
  version,
  tag: `v?${version}`,
  major: number,
  minor: number,
  patch: number,
  branch: "[A-Za-z0-9._-]+",
  sha: "[0-9a-f]{7}",
  revision: "[0-9a-f]{40}(?:[0-9a-f]{24})?",
  date: "[0-9]{8}",
  arch: archSource,
};

const commit = "0123456789abcdef0123456789abcdef01234567";
const sample: Readonly<Record<TagPlaceholder, string>> = {
  version: "1.2.3",
  tag: "v1.2.3",
  major: "1",
  minor: "2",
  patch: "3",
  branch: "main",
  sha: commit.slice(0, 7),
  revision: commit,
  date: "20260110",
  arch: "amd64",
};

/** Parses a template of tags: what can make no tag, or would make one that has another meaning, is refused. */
export function parseTagTemplate(given: GivenTagTemplate, subject = "template"): TagTemplate {
  const { tag: text, on = undefined } = typeof given === "string" ? { tag: given } : given;
  const template = parseTemplate(text, tagPlaceholders, subject);
  const { placeholders } = template;
  const refuse = (expected: string, fix?: string): never => {
    throw new InputError({ subject, expected, given: text, ...(fix === undefined ? {} : { fix }) });
  };
  const example = sampleOf(template);
  if (new Set(placeholders).size < placeholders.length) refuse("each placeholder once");
  if (!isTag(example))
    refuse(
      "a template of a tag: at most 128 letters, digits, '_', '.' and '-', and none of the last two first",
    );
  if (text === "latest")
    refuse(
      "a tag other than latest, which has a rule of its own",
      'Say what it follows under "repositories"',
    );
  const namesVersion = holdsVersion(placeholders);
  const moves = !namesVersion && !placeholders.some((name) => name === "sha" || name === "revision");
  if (moves && versionIn(example) !== undefined)
    refuse("no tag that moves in the form of a version", "Hold the whole version, as in {version}");
  const source = sourceOf(template);
  return {
    ...template,
    on: triggerOf(placeholders, on, refuse),
    moves,
    isOfPlatform: placeholders.includes("arch"),
    namesVersion,
    exact: new RegExp(`^${source}$`),
    withAnyV: new RegExp(`^v?${source.replace(/^v(?=\(\?<)/, "")}$`),
  };
}

/** The template of the same tags with a suffix, as a variant of an image has them. */
export function withSuffix({ text, on }: TagTemplate, suffix: string, subject?: string): TagTemplate {
  return parseTagTemplate({ tag: `${text}${suffix}`, on }, subject);
}

/** Whether a tag is one that the template can make. */
export function makesTag({ exact }: TagTemplate, tag: string): boolean {
  return exact.test(tag);
}

/**
 * The version that a tag names; undefined where the tag, or the template, names none as a whole. Other pipelines write
 * the v, or leave it out: for what is published it makes no difference.
 */
export function versionOfTag({ namesVersion, withAnyV }: TagTemplate, tag: string): Version | undefined {
  const groups = namesVersion ? withAnyV.exec(tag)?.groups : undefined;
  if (groups === undefined) return undefined;
  const { version, tag: gitTag, major, minor, patch } = groups;
  const text = version ?? gitTag?.replace(/^v/, "") ?? `${major}.${minor}.${patch}`;
  return parseVersion(text.replace("_", "+"));
}

/** A tag that the template could make. */
export function sampleOf(template: Template): string {
  return fillTemplate(template, sample) ?? "";
}

function triggerOf(
  placeholders: readonly TagPlaceholder[],
  on: TagTrigger | undefined,
  refuse: (expected: string) => never,
): TagTrigger {
  const holds = (kind: keyof typeof kinds) =>
    placeholders.some((name) => kinds[kind].some((own) => own === name));
  if (holds("version") && holds("branch"))
    refuse("placeholders that have a value at once: a version has no branch, and a branch no version");
  if (holds("version") && (on ?? "version") !== "version")
    refuse('"on": "version", since its placeholders have a value for versions only');
  if (holds("branch") && on === "version")
    refuse('"on": "branch" or "main", since {branch} has a value for branches only');
  if (on !== undefined) return on;
  return holds("branch") || (holds("commit") && !holds("version")) ? "branch" : "version";
}

/** Whether the version can be read from a tag: it is there as a whole. */
function holdsVersion(placeholders: readonly TagPlaceholder[]): boolean {
  const holds = (name: TagPlaceholder) => placeholders.includes(name);
  return holds("version") || holds("tag") || (holds("major") && holds("minor") && holds("patch"));
}

function sourceOf({ parts }: Template): string {
  return parts
    .map((part) =>
      "literal" in part
        ? part.literal.replaceAll(".", "\\.")
        : `(?<${part.placeholder}>${sources[part.placeholder as TagPlaceholder]})`,
    )
    .join("");
}
