import type { DraftTag } from "../draft.js";
import { splitAtEnclosed } from "../enclosed.js";
import { NoEquivalent, type Remark } from "../note.js";
import { asWritten } from "../symbolic-text.js";
import { entryOf } from "../table.js";
import { both, readCondition, type Scope, translateText, type When } from "./expression.js";
import { type Flavor, readFlavor } from "./flavor.js";
import { type Attributes, attributesOf, linesOf } from "./input-lines.js";
import { draftTags, type RuledTag } from "./ruled-tag.js";

/** What docker/metadata-action is told. */
export interface MetadataInputs {
  tags?: string | undefined;
  flavor?: string | undefined;
}

/** The tags of docker/metadata-action, in the terms of the settings. */
export interface MetadataTags {
  tags: readonly DraftTag[];
  /** Whether versions 0.y.z set tags of their major number alone. */
  majorZero: boolean;
}

interface Rule {
  text: string;
  attributes: Attributes;
  flavor: Flavor;
}

type Read = (rule: Rule, scope: Scope, remark: Remark) => RuledTag[];

/** The rules where none are given; those of what never starts the workflow say nothing. */
function defaultsOf({ triggers }: Scope): string {
  return [
    ...(triggers.isScheduled ? ["type=schedule"] : []),
    "type=ref,event=branch",
    "type=ref,event=tag",
    ...(triggers.ofPullRequests ? ["type=ref,event=pr"] : []),
  ].join("\n");
}

/** Why a kind of rule has no equivalent, and what is done instead. */
const reasons = {
  schedule:
    'Slipway knows no schedule: a scheduled job takes settings of its own, {"tag": "nightly-{date}", "on": "main"} with --config nightly.json',
  pr: "pull requests publish nothing by a push, since what they build has not been reviewed: --as pr-17 publishes one by hand",
  pep440: "versions are those of Semantic Versioning, whose order is another one",
  match:
    "published versions are read back from their tags, and no pattern can be turned round: release.tagPrefix has what git tags begin with",
} as const;

const patterns: Readonly<Record<string, string>> = {
  version: "{version}",
  raw: "{tag}",
  major: "{major}",
  minor: "{minor}",
  patch: "{patch}",
  branch: "{branch}",
  tag: "{tag}",
  sha: "{sha}",
  revision: "{revision}",
};

const leftOut =
  (why: string): Read =>
  ({ text }, _, remark) => {
    remark("left-out", text, why);
    return [];
  };

const kinds: Readonly<Record<string, Read>> = {
  semver: (rule, scope, remark) => {
    if (rule.attributes.match !== undefined) return leftOut(reasons.match)(rule, scope, remark);
    if (rule.attributes.value !== undefined)
      remark("differs", rule.text, "the version is always that of the git tag");
    return [tagOf(rule, filled(rule.attributes.pattern ?? "{{version}}"), "version")];
  },
  ref: (rule, scope, remark) => {
    const { event = "" } = rule.attributes;
    if (event === "branch") return [tagOf(rule, "{branch}", "branch")];
    if (event === "tag") return [tagOf(rule, "{tag}", "version")];
    return leftOut(event === "pr" ? reasons.pr : "it names no event")(rule, scope, remark);
  },
  sha: (rule, { triggers }, remark) => {
    const { format, prefix = "sha-" } = rule.attributes;
    const withPrefix = { ...rule, attributes: { ...rule.attributes, prefix } };
    if (triggers.branches && triggers.versions)
      remark(
        "differs",
        rule.text,
        "branches set it, and versions do not: a commit that becomes a version is another image, with the version in it",
      );
    return [
      tagOf(withPrefix, format === "long" ? "{revision}" : "{sha}", triggers.branches ? "branch" : "version"),
    ];
  },
  edge: (rule, scope, remark) => {
    const { branch } = rule.attributes;
    if (branch === undefined || scope.isMain(branch)) return [tagOf(rule, "edge", "main")];
    return leftOut("it follows a branch that is not the main one")(rule, scope, remark);
  },
  raw: (rule, scope) => [
    tagOf(rule, filled(asWritten(translateText(rule.attributes.value ?? "", scope))), "always"),
  ],
  schedule: leftOut(reasons.schedule),
  pep440: leftOut(reasons.pep440),
  match: leftOut(reasons.match),
};

/** Reads the rules of docker/metadata-action. */
export function readMetadata(inputs: MetadataInputs, scope: Scope, remark: Remark): MetadataTags {
  const flavor = attempt("flavor", remark, () => readFlavor(inputs.flavor ?? "", scope));
  if (flavor === undefined) return { tags: [], majorZero: false };
  const rules = linesOf(inputs.tags || defaultsOf(scope)).map((text) => ({
    text,
    attributes: attributesOf(text),
    flavor,
  }));
  let majorZero = true;
  const ruled = rules.flatMap((rule): RuledTag[] => {
    const { type = "raw", enable = "true" } = rule.attributes;
    const condition = readCondition(enable, scope.isMain);
    if (condition === undefined) {
      remark(
        "left-out",
        rule.text,
        `the settings have no condition ${enable}: "on" says version, branch or main`,
      );
      return [];
    }
    if (condition.withoutZero) majorZero = false;
    const read = entryOf(kinds, type) ?? leftOut(`docker/metadata-action has no type ${type}`);
    const found = attempt(rule.text, remark, () => read(withEnds(rule, scope), scope, remark)) ?? [];
    return found.map((tag) => ({ ...tag, when: both(tag.when, condition.when) }));
  });
  const latest = latestOf(flavor, rules, scope, remark);
  const tags = [...ruled, ...latest].flatMap((tag) => draftTags(tag, scope, remark));
  return { tags, majorZero };
}

function attempt<T>(what: string, remark: Remark, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NoEquivalent)) throw error;
    remark("left-out", what, error.message);
    return undefined;
  }
}

/** latest=auto sets it with tags of versions, and with git tags. */
function latestOf(flavor: Flavor, rules: readonly Rule[], { isMain }: Scope, remark: Remark): RuledTag[] {
  const text = `${flavor.ofLatest.prefix}latest${flavor.ofLatest.suffix}`;
  if (flavor.latest !== "auto") {
    const condition = readCondition(flavor.latest, isMain);
    if (condition === undefined)
      remark(
        "left-out",
        `flavor: latest=${flavor.latest}`,
        "it follows the main branch, the highest version or nothing: release.repositories says which",
      );
    return condition === undefined ? [] : [{ text, when: condition.when }];
  }
  const isSet = rules.some(
    ({ attributes: { type, event, enable } }) =>
      enable !== "false" &&
      (type === "semver" || type === "pep440" || type === "match" || (type === "ref" && event === "tag")),
  );
  return isSet ? [{ text, when: "version" }] : [];
}

/** A rule whose prefix and suffix are in Slipway's terms. */
function withEnds(rule: Rule, scope: Scope): Rule {
  const ends = (["prefix", "suffix"] as const).flatMap((name): [string, string][] => {
    const text = rule.attributes[name];
    return text === undefined ? [] : [[name, filled(asWritten(translateText(text, scope)))]];
  });
  return { ...rule, attributes: { ...rule.attributes, ...Object.fromEntries(ends) } };
}

function tagOf({ attributes, flavor }: Rule, text: string, when: When): RuledTag {
  const { prefix = flavor.prefix, suffix = flavor.suffix } = attributes;
  return { text: `${prefix}${text}${suffix}`, when };
}

/** The placeholders of docker/metadata-action as those of Slipway. */
function filled(pattern: string): string {
  const parts = splitAtEnclosed(pattern, { begin: "{{", end: "}}" });
  const filledIn = parts.map((part, at) => {
    if (at % 2 === 0) return part;
    const expression = part.trim();
    if (/^(commit_)?date\s+'YYYYMMDD'$/.test(expression)) return "{date}";
    const found = entryOf(patterns, expression);
    if (found === undefined) throw new NoEquivalent(`Slipway has no placeholder for {{${expression}}}`);
    return found;
  });
  return filledIn.join("");
}
