import type { Trigger } from "./ref.js";
import type { TagDecision } from "./tags.js";
import { compareVersions, isStable, parseVersion } from "./version.js";

/**
 * The decision, unless it would move a tag back: what the tag holds may be a higher version than the list of tags has, or
 * one whose tag somebody removed.
 */
export function onlyForward(decision: TagDecision, trigger: Trigger, held: string | undefined): TagDecision {
  const version = held === undefined ? undefined : parseVersion(held);
  if (!decision.moves || trigger.kind !== "version" || version === undefined) return decision;
  if (!isStable(version) || compareVersions(trigger.version, version) >= 0) return decision;
  return { ...decision, set: false, why: `it holds ${version.text}, which is higher` };
}
