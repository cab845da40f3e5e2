import { errorsOf, type Failure } from "../registry/outcome.js";
import { markdownTable, type Report, requireSuccess } from "../report.js";
import type { Fate, KeepRule, KeptManifest } from "./policy.js";
import type { PruneOutcome, PruneResult } from "./prune.js";
import type { TagRemoval } from "./remove-tag.js";

const resultTexts: Readonly<Record<PruneResult["result"], string>> = {
  deleted: "deleted",
  absent: "was gone already",
  kept: "kept",
  refused: "refused by the registry",
  failed: "failed",
};

/** In the order in which they are shown. */
const ruleTexts: Readonly<Record<KeepRule, string>> = {
  tagged: "tagged",
  needed: "needed by others that stay",
  "keep-list": "on the keep list",
  "not-named": "not named for removal",
  young: "too young, or of unknown age",
};

/**
 * What goes, what stays and why, by repository. Throws the same report as an error where a repository or a deletion
 * failed; what the registry's own rules forbid is in the report, and no failure.
 */
export function reportPrune(outcomes: readonly (PruneOutcome | Failure)[]): Report {
  const markdown = outcomes.map(section).join("\n\n");
  const results = outcomes.flatMap((outcome) => (outcome.ok ? outcome.results : []));
  const outputs = { REMOVED: results.filter(({ result }) => result === "deleted").length };
  return requireSuccess([...new Set(outcomes.flatMap(failuresOf))], { markdown, data: outcomes, outputs });
}

/** What became of tags, by what they are called together. Throws the same report as an error where one failed. */
export function reportTagRemoval(name: string, removals: readonly (TagRemoval | Failure)[]): Report {
  const rows = removals.map((removal) =>
    removal.ok
      ? [removal.repository, removal.tag, removal.digest ?? "", resultTexts[removal.result]]
      : [removal.repository, name, "", resultTexts.failed],
  );
  const markdown = markdownTable(["repository", "tag", "digest", "result"], rows);
  const outputs = {
    REMOVED: removals.filter((removal) => removal.ok && removal.result === "deleted").length,
  };
  return requireSuccess(errorsOf(removals), { markdown, data: removals, outputs });
}

function failuresOf(outcome: PruneOutcome | Failure): string[] {
  if (!outcome.ok) return [outcome.error];
  return outcome.results.flatMap((result) => (result.result === "failed" ? [result.detail] : []));
}

function section(outcome: PruneOutcome | Failure): string {
  if (!outcome.ok) return `**${outcome.repository}: failed, nothing was removed.**`;
  const { plan, confirmed, listsUntagged, results } = outcome;
  return [
    `**${outcome.repository}: ${headline(outcome)}**`,
    ...(listsUntagged ? [] : [onlyNamed]),
    ...(confirmed ? resultTable(results) : fateTable("would go", plan.removable)),
    ...fateTable("stays", notable(outcome)),
    ...absentSentence(outcome),
    ...staySentence(plan.kept),
  ].join("\n\n");
}

const onlyNamed =
  "This registry lists no manifests without a tag: those named with --digests can be removed, and what they list. The others are left to its own garbage collection.";

function headline({ plan: { kept, removable }, confirmed, results }: PruneOutcome): string {
  const share = `${removable.length} of ${kept.length + removable.length} manifests`;
  if (!confirmed) return `${share} would go; nothing was removed, --confirm removes.`;
  const counts = countBy(results, ({ result }) => resultTexts[result]);
  return `${share} were to go${counts.length > 0 ? `: ${counts.join(", ")}` : ""}.`;
}

/** What somebody may wonder about: it was named, or nothing but a rule of this call keeps it. */
function notable({ plan, named }: PruneOutcome): KeptManifest[] {
  return plan.kept.filter(
    ({ digest, rule }) => named.includes(digest) || rule === "keep-list" || rule === "young",
  );
}

/** What was named and is not there: a digest of another repository, or one that is gone already. */
function absentSentence({ plan, named }: PruneOutcome): string[] {
  const here = new Set([...plan.kept, ...plan.removable].map(({ digest }) => digest));
  const absent = named.filter((digest) => !here.has(digest));
  return absent.length === 0 ? [] : [`Not there: ${absent.join(", ")}.`];
}

function staySentence(kept: readonly KeptManifest[]): string[] {
  const order = Object.keys(ruleTexts);
  const sorted = kept.toSorted((a, b) => order.indexOf(a.rule) - order.indexOf(b.rule));
  return kept.length === 0 ? [] : [`Stays: ${countBy(sorted, ({ rule }) => ruleTexts[rule]).join(", ")}.`];
}

/** How many there are of each kind, in order of appearance: `2 tagged`. */
function countBy<T>(items: readonly T[], kindOf: (item: T) => string): string[] {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(kindOf(item), (counts.get(kindOf(item)) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`);
}

function fateTable(heading: string, fates: readonly Fate[]): string[] {
  if (fates.length === 0) return [];
  const rows = fates.map(({ digest, tags, reason }) => [digest, tags.join(", "), shortened(reason)]);
  return [markdownTable([heading, "tags", "because"], rows)];
}

function resultTable(results: readonly PruneResult[]): string[] {
  if (results.length === 0) return [];
  const rows = results.map((entry) => [
    entry.digest,
    entry.tags.join(", "),
    resultTexts[entry.result],
    "detail" in entry ? shortened(entry.detail) : "",
  ]);
  return [markdownTable(["manifest", "tags", "result", "detail"], rows)];
}

/** Digests in a text by their first twelve digits, as Docker shows them; in the first column they are whole. */
function shortened(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1…");
}
