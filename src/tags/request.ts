import { InputError } from "../errors.js";
import { isTag } from "../registry/reference.js";
import { archOf } from "./arch.js";
import { claimOn } from "./claim.js";
import { readVersion } from "./reading.js";
import type { Trigger } from "./ref.js";
import { type TagRules, tagByHand, templatesIn } from "./rules.js";
import { makesTag, type TagTemplate, type TagTrigger } from "./tag-template.js";
import { fillTemplate, type Placeholder, type Values } from "./template.js";
import { type TemplateSubject, tagValuesOf } from "./values.js";
import { isStable } from "./version.js";

/** A tag that a trigger asks for; what the repository holds decides whether it is set. */
export interface WantedTag {
  tag: string;
  template: TagTemplate;
  /** What its placeholders stand for. */
  values: Values;
  /** The platform whose manifest it points at; absent where it points at all. */
  platform?: string;
}

/** What a publication asks for, before any registry is asked. */
export interface TagRequest {
  trigger: Trigger;
  rules: TagRules;
  wanted: readonly WantedTag[];
}

/** What a publication is, with the rules of its project. */
export interface TagSubject extends TemplateSubject {
  settings: TagRules;
}

/** A trigger that publishes a version. */
export type VersionTrigger = Extract<Trigger, { kind: "version" }>;

const triggersOf: Readonly<Record<Trigger["kind"], readonly TagTrigger[]>> = {
  version: ["version"],
  main: ["main", "branch"],
  branch: ["branch"],
  "pull-request": [],
  manual: [],
};

/** The argument that gives a placeholder its value, where the trigger does not. */
const givenBy: Readonly<Partial<Record<Placeholder, string>>> = {
  sha: "--revision",
  revision: "--revision",
  date: "--source-date-epoch",
};

/** The tags that a trigger asks for. What can be no tag, or would be that of something else, is refused. */
export function requestTags(subject: TagSubject): TagRequest {
  const { settings: rules, trigger } = subject;
  if (trigger.kind === "manual") return { trigger: requireFree(trigger, rules), rules, wanted: [] };
  const values = tagValuesOf(subject, rules);
  const wanted = rules.tags
    .filter(({ on }) => triggersOf[trigger.kind].includes(on))
    .flatMap((template) => fillFor(template, values, rules));
  for (const tag of wanted) requireMeaning(tag, subject);
  return { trigger, rules, wanted };
}

/** The tag of a template, or those of all platforms. */
export function fillFor(template: TagTemplate, values: Values, rules: TagRules): WantedTag[] {
  if (!template.isOfPlatform) return [{ tag: fill(template, values), template, values }];
  return rules.platforms.map((platform) => {
    const own = { ...values, arch: archOf(platform, rules.archNames) };
    return { tag: fill(template, own), template, values: own, platform };
  });
}

/** Whether a version sets the tags of a template at all: of a pre-release only those that name it as a whole. */
export function isForVersion(template: TagTemplate, trigger: VersionTrigger): boolean {
  if (isStable(trigger.version)) return true;
  return !template.moves && !template.placeholders.includes("patch");
}

function fill(template: TagTemplate, values: Values): string {
  const tag = fillTemplate(template, values);
  const missing = template.placeholders.find((placeholder) => values[placeholder] === undefined);
  if (tag === undefined)
    throw new InputError({
      subject: givenBy[missing ?? "date"] ?? "--ref",
      expected: `a value for {${missing}}, which ${template.text} of release.tags holds`,
      given: undefined,
    });
  if (isTag(tag) && makesTag(template, tag)) return tag;
  throw new InputError({
    subject: `release.tags: ${template.text}`,
    expected: "a tag of at most 128 letters, digits, '_', '.' and '-', with all of its commit",
    given: tag,
  });
}

function requireFree(trigger: Extract<Trigger, { kind: "manual" }>, rules: TagRules): Trigger {
  const { name } = trigger;
  const tag = tagByHand(name, rules);
  const claim = claimOn(tag, rules);
  if (isTag(tag) && claim === undefined) return trigger;
  throw new InputError({
    subject: "--as",
    expected: "a name of its own, as in manual-1a2b3c4 or pr-17, and no tag that a release sets",
    given: name,
    ...(claim === undefined ? {} : { fix: `Choose another: ${claim}` }),
  });
}

/** A tag has to mean what its template says, whatever the version or the branch is called. */
function requireMeaning(wanted: WantedTag, { settings: rules, trigger }: TagSubject): void {
  const { tag, template, values } = wanted;
  if (trigger.kind === "version" && template.namesVersion && isForVersion(template, trigger)) {
    const read = readVersion({ tags: templatesIn(rules) }, tag)?.version.text;
    if (read === values.version?.replace("_", "+")) return;
    throw new InputError({
      subject: "tag of a release",
      expected: "a version whose tags are no other's",
      given: trigger.tag,
      fix: `Call it something else: ${tag} is the tag of ${read} by release.tags`,
    });
  }
  const claim = claimOnMoving(wanted, rules);
  if (claim === undefined) return;
  throw new InputError({
    subject: `release.tags: ${template.text}`,
    expected: "a tag that nothing else sets",
    given: tag,
    fix: `Give it text of its own, as in branch-{branch}: ${claim}`,
  });
}

/** A branch may be called anything; what other templates make of it that moves only must not be one that stays. */
function claimOnMoving({ tag, template }: WantedTag, rules: TagRules): string | undefined {
  const isOfBranch = ({ placeholders }: TagTemplate) => placeholders.includes("branch");
  const ofVersions = (tags: readonly TagTemplate[]) => tags.filter((other) => !isOfBranch(other));
  if (isOfBranch(template))
    return claimOn(tag, {
      ...rules,
      tags: ofVersions(rules.tags),
      siblings: rules.siblings.map(({ tags, suffix }) => ({ tags: ofVersions(tags), suffix })),
    });
  const guarded = templatesIn(rules).find((other) => template.moves && !other.moves && makesTag(other, tag));
  return guarded === undefined ? undefined : `the template ${guarded.text} makes it`;
}
