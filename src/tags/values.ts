import { InputError } from "../errors.js";
import type { Trigger } from "./ref.js";
import { plusSigns, type TagRules } from "./rules.js";
import { tagPlaceholders } from "./tag-template.js";
import type { Values } from "./template.js";
import type { Version } from "./version.js";

/** What the placeholders of a template are about. */
export interface TemplateSubject {
  trigger: Trigger;
  /** Commit of the source. */
  revision?: string | undefined;
  /** Time of the commit, in seconds since 1970. */
  created?: number | undefined;
}

/** The placeholders of what is no tag: labels, annotations and build arguments. */
export const valuePlaceholders = [...tagPlaceholders, "created"] as const;

/** What placeholders stand for in a call, as they are. */
export function valuesOf({ trigger, revision, created }: TemplateSubject): Values {
  return {
    ...("version" in trigger && trigger.version !== undefined ? versionValues(trigger.version) : {}),
    ...(trigger.kind === "version" ? { tag: trigger.name } : {}),
    ...("branch" in trigger ? { branch: trigger.branch } : {}),
    ...(revision === undefined ? {} : { revision, sha: revision.slice(0, 7) }),
    ...(created === undefined ? {} : timeValues(new Date(created * 1000))),
  };
}

/** The same as a tag can hold them. */
export function tagValuesOf(subject: TemplateSubject, rules: Pick<TagRules, "buildMetadata">): Values {
  const { version, tag, branch, ...values } = valuesOf(subject);
  return {
    ...values,
    ...(version === undefined ? {} : { version: writeVersion(version, rules) }),
    ...(tag === undefined ? {} : { tag: writeVersion(tag, rules) }),
    ...(branch === undefined ? {} : { branch: writeBranch(branch) }),
  };
}

/** A version, or a git tag, as it is written in a tag of an image. */
export function writeVersion(text: string, { buildMetadata }: Pick<TagRules, "buildMetadata">): string {
  if (!text.includes("+") || buildMetadata !== undefined)
    return text.replace("+", buildMetadata === undefined ? "+" : plusSigns[buildMetadata]);
  throw new InputError({
    subject: "tag of a release",
    expected: "one without build metadata, since no tag of an image can hold a plus sign",
    given: text,
    fix: 'Set release.buildMetadata to "underscore", for 1.2.3_build.5, or to "hyphen"',
  });
}

/** A branch as docker/metadata-action writes it: all that a tag cannot hold is a hyphen. */
export function writeBranch(branch: string): string {
  return branch.replace(/[^A-Za-z0-9._-]+/g, "-");
}

/** What a version alone says; its text is its own. */
export function versionValues({ text, numbers: [major, minor, patch] }: Version): Values {
  return { version: text, major, minor, patch };
}

/** In UTC, since a commit is made at one time for all. */
function timeValues(time: Date): Values {
  const created = time.toISOString().replace(".000Z", "Z");
  return { created, date: created.slice(0, 10).replaceAll("-", "") };
}
