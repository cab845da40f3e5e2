import { InputError } from "../errors.js";
import { releaseVersion, type Version } from "./version.js";

/** What a git ref asks for. Only the main branch and version tags publish something. */
export type Trigger =
  | { kind: "main"; branch: string }
  | { kind: "version"; tag: string; version: Version }
  | { kind: "branch"; branch: string }
  | { kind: "pull-request"; number: string };

export interface RefRules {
  mainBranch: string;
  /** Whether a tag such as v0.0.1-test may be published. */
  preRelease: boolean;
}

interface RefForm {
  pattern: RegExp;
  meaning: (name: string, rules: RefRules) => Trigger;
}

const forms: readonly RefForm[] = [
  {
    pattern: /^refs\/tags\/(.+)$/,
    meaning: (tag, rules) => ({ kind: "version", tag, version: releaseVersion(tag, rules) }),
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
  throw new InputError({
    subject: "git ref",
    expected: "a full ref, as in refs/heads/main or refs/tags/v1.2.3",
    given: ref,
    ...(/^refs\/|^$/.test(ref) ? {} : { fix: `Write refs/heads/${ref} or refs/tags/${ref}` }),
  });
}

/** The version that is published; undefined where the trigger is no version tag. */
export function versionOf(trigger: Trigger): string | undefined {
  return trigger.kind === "version" ? trigger.version.text : undefined;
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
  }
}
