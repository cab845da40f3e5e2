import { InputError } from "../errors.js";
import { type GitTag, type GitTagRules, readGitTag } from "./git-tag.js";
import { type Version, versionIn } from "./version.js";

/** What a git ref asks for. */
export type Trigger =
  | { kind: "main"; branch: string }
  | ({ kind: "version" } & GitTag)
  | { kind: "branch"; branch: string }
  | { kind: "pull-request"; number: string }
  /** A run by hand of any ref, whose image gets one name. */
  | { kind: "manual"; name: string; ref: string; version?: Version };

export interface RefRules extends GitTagRules {
  mainBranch: string;
}

interface RefForm {
  pattern: RegExp;
  meaning: (name: string, rules: RefRules) => Trigger;
}

const tagPattern = /^refs\/tags\/(.+)$/;

const forms: readonly RefForm[] = [
  {
    pattern: tagPattern,
    meaning: (tag, rules) => ({ kind: "version", ...readGitTag(tag, rules) }),
  },
  {
    pattern: /^refs\/heads\/(.+)$/,
    meaning: (branch, { mainBranch }) => ({ kind: branch === mainBranch ? "main" : "branch", branch }),
  },
  {
    // GitHub and Forgejo, then GitLab.
    pattern: /^refs\/(?:pull|merge-requests)\/(\d+)\/(?:head|merge|train)$/,
    meaning: (number) => ({ kind: "pull-request", number }),
  },
];

/** Reads a git ref in full; a bare name is refused, since it may be a branch or a tag. */
export function readRef(ref: string, rules: RefRules): Trigger {
  for (const { pattern, meaning } of forms) {
    const name = pattern.exec(ref)?.[1];
    if (name !== undefined) return meaning(name, rules);
  }
  return refuse(ref);
}

/** Reads the ref of a run by hand, which may be any: it names what was built, and not the tag. */
export function readManualRef(
  ref: string,
  name: string,
  { tagPrefix = "" }: Pick<RefRules, "tagPrefix">,
): Trigger {
  if (!/^refs\/[^/]+\/./.test(ref)) return refuse(ref);
  const tag = tagPattern.exec(ref)?.[1];
  const version = tag?.startsWith(tagPrefix) ? versionIn(tag.slice(tagPrefix.length)) : undefined;
  return { kind: "manual", name, ref, ...(version === undefined ? {} : { version }) };
}

/** The version that is built; undefined where the ref is no version tag. */
export function versionOf(trigger: Trigger): string | undefined {
  return "version" in trigger ? trigger.version?.text : undefined;
}

/** A trigger as a phrase of a sentence. */
export function describeTrigger(trigger: Trigger): string {
  switch (trigger.kind) {
    case "main":
      return `a push to ${trigger.branch}`;
    case "version":
      return `the tag ${trigger.tag}`;
    case "branch":
      return `a push to ${trigger.branch}, which is not the main branch`;
    case "pull-request":
      return `pull request ${trigger.number}`;
    case "manual":
      return `${trigger.ref} as ${trigger.name}`;
  }
}

function refuse(ref: string): never {
  throw new InputError({
    subject: "git ref",
    expected: "a full ref, as in refs/heads/main or refs/tags/v1.2.3",
    given: ref,
    ...(/^refs\/|^$/.test(ref) ? {} : { fix: `Write refs/heads/${ref} or refs/tags/${ref}` }),
  });
}
