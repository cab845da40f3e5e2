import { holderOutputs, movesText } from "../publication.js";
import { errorsOf } from "../registry/outcome.js";
import { markdownTable, type Report, requireSuccess } from "../report.js";
import type { ReleaseRollbackOutcome } from "./rollback.js";

/**
 * Which tags went back where, and what moves them on again. Throws the same report as an error where a repository
 * failed.
 */
export function reportReleaseRollback(outcomes: readonly ReleaseRollbackOutcome[]): Report {
  const next = outcomes.flatMap((outcome) =>
    outcome.ok ? outcome.next.map(({ tag, next }) => [outcome.repository, tag, next]) : [],
  );
  const markdown = [
    markdownTable(["repository", "version", "digest", "platforms", "tags", "absent"], outcomes.map(row)),
    ...(next.length === 0 ? [] : [markdownTable(["repository", "tag", "what comes next"], next)]),
  ].join("\n\n");
  return requireSuccess(errorsOf(outcomes), { markdown, data: outcomes, outputs: holderOutputs(outcomes) });
}

function row(outcome: ReleaseRollbackOutcome): string[] {
  if (!outcome.ok) return [outcome.repository, "failed", "", "", "", ""];
  const { repository, tag, digest, platforms, aliases, absent } = outcome;
  return [repository, tag, digest, platforms.join(", "), movesText(aliases), absent.join(", ")];
}
