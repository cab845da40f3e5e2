import type { DraftTag } from "../draft.js";
import type { Remark } from "../note.js";
import { both, type Scope, type When } from "./expression.js";

/** A tag, and when a rule sets it. */
export interface RuledTag {
  text: string;
  when: When;
}

/** A tag for each of what sets it, as far as the workflow runs for that. */
export function draftTags({ text, when }: RuledTag, { triggers, isMain }: Scope, remark: Remark): DraftTag[] {
  const isOfCommit =
    /\{(sha|revision|date)\}/.test(text) && !/\{(version|tag|major|minor|patch)\}/.test(text);
  const isOfVersion = /\{(version|tag|major|minor|patch)\}/.test(text);
  const isOfBranch = text.includes("{branch}");
  const possible: When = isOfVersion ? "version" : isOfBranch ? "branch" : "always";
  const wanted = both(when, possible);
  const onVersions = triggers.versions && (wanted === "always" || wanted === "version");
  const onBranches = triggers.branches && wanted !== "version" && wanted !== "never";
  if (!onVersions && !onBranches) {
    if (triggers.byHand)
      remark("left-out", text, "the workflow is started by hand: --as publishes under a name");
    else if (wanted !== "never")
      remark("not-needed", text, "the workflow does not run for what would set it");
    return [];
  }
  const isMainOnly =
    wanted === "main" ||
    (!isOfBranch && triggers.branchNames.length > 0 && triggers.branchNames.every(isMain));
  const branch = isMainOnly ? ("main" as const) : ("branch" as const);
  if (onVersions && onBranches && text === "latest") return [{ text }, { text, on: "main" }];
  if (onVersions && onBranches)
    remark(
      "differs",
      text,
      "branches set it as well as versions; here versions do, and release.tags has each tag once",
    );
  if (onVersions) return [{ text, ...(isOfCommit ? { on: "version" as const } : {}) }];
  if (!isMainOnly && triggers.branchNames.length > 0 && !triggers.branchNames.every(isMain))
    remark(
      "differs",
      text,
      `only pushes to ${triggers.branchNames.join(", ")} set it; here those to any branch that the pipeline runs for, which is the main one: branches in its push names others`,
    );
  // The branch and the commit say by themselves that branches set them.
  return [{ text, ...(branch === "branch" && (isOfBranch || isOfCommit) ? {} : { on: branch }) }];
}
