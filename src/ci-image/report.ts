import { attachedSections } from "../attest/report.js";
import type { Durations, Timed } from "../phases.js";
import {
  arrivalText,
  durationText,
  holderOutputs,
  movesText,
  totalOf,
  transferOutputs,
} from "../publication.js";
import { errorsOf } from "../registry/outcome.js";
import type { RollbackOutcome } from "../registry/rollback.js";
import { markdownList, markdownTable, type Report, requireSuccess, seconds } from "../report.js";
import type { MiseVersion } from "./mise.js";
import type { RepositoryOutcome, ToolOutcomes } from "./publish.js";

const miseSources: Record<MiseVersion["source"], string> = {
  pinned: "an exact version asked for",
  github: "GitHub's newest release",
  "mise.jdx.dev": "mise.jdx.dev",
  "published-label": "the label of the published image",
  pin: "the pin of the Dockerfile, since no other source served",
};

/** Which version of mise it is, where it comes from, and which sources did not serve. */
export function reportMise({ version, source, age, publishedAt, notes }: MiseVersion): Report {
  const days = age === undefined ? "" : `, ${Math.floor(age / 86_400_000)} days old`;
  return {
    markdown: `mise ${version}, from ${miseSources[source]}${days}\n${markdownList(notes)}`.trimEnd(),
    data: {
      version,
      source,
      publishedAt: publishedAt?.toISOString(),
      ageSeconds: age && Math.floor(age / 1000),
      notes,
    },
    outputs: { MISE_VERSION: version, MISE_SOURCE: source },
  };
}

/**
 * What was published where, the tools beside the image included. Throws the same report as an error where a repository
 * failed.
 */
export function reportPublication(
  outcomes: readonly Timed<RepositoryOutcome>[],
  tools: readonly ToolOutcomes[],
  phases: Durations,
  signature?: string,
): Report {
  const rows = outcomes.map((outcome) =>
    outcome.ok
      ? [
          outcome.repository,
          arrivalText(outcome),
          seconds(outcome.milliseconds),
          outcome.tag,
          outcome.digest,
          outcome.platforms.join(", "),
          movesText(outcome.aliases),
        ]
      : [outcome.repository, "failed", seconds(outcome.milliseconds), "", "", "", ""],
  );
  const table = markdownTable(["repository", "image", "took", "tag", "digest", "platforms", "aliases"], rows);
  const digests = new Set(outcomes.flatMap((outcome) => (outcome.ok ? [outcome.digest] : [])));
  const note = "The repositories hold different builds of this image under one tag.";
  const all = [...outcomes, ...tools.flatMap((tool) => tool.outcomes)];
  const published = all.filter((outcome) => outcome.ok);
  const images = holderOutputs(outcomes);
  return requireSuccess(errorsOf(all), {
    markdown: [
      table,
      ...(tools.length === 0 ? [] : [toolTable(tools)]),
      ...(digests.size > 1 ? [note] : []),
      ...attachedSections(outcomes.filter((outcome) => outcome.ok)),
      ...(signature === undefined ? [] : [signature]),
      durationText(phases),
    ].join("\n\n"),
    data: { repositories: outcomes, tools, milliseconds: totalOf(phases), phases },
    outputs: {
      ...images,
      CHANGED: images.CHANGED === true || published.some(({ how }) => how !== "existed"),
      ...transferOutputs(published.map(({ transfer }) => transfer)),
      DURATION_MS: totalOf(phases),
    },
  });
}

function toolTable(tools: readonly ToolOutcomes[]): string {
  const rows = tools.flatMap(({ name, outcomes }) =>
    outcomes.map((outcome) => [
      name,
      outcome.repository,
      outcome.ok ? arrivalText(outcome) : "failed",
      seconds(outcome.milliseconds),
      ...(outcome.ok ? [outcome.tag, outcome.digest] : ["", ""]),
    ]),
  );
  return markdownTable(["tool", "repository", "image", "took", "tag", "digest"], rows);
}

/** Where which alias points after a rollback. Throws the same report as an error where a repository failed. */
export function reportRollback(outcomes: readonly RollbackOutcome[]): Report {
  const rows = outcomes.map((outcome) =>
    outcome.ok
      ? [
          outcome.repository,
          outcome.tag,
          outcome.digest,
          outcome.platforms.join(", "),
          movesText(outcome.aliases),
        ]
      : [outcome.repository, "failed", "", "", ""],
  );
  return requireSuccess(errorsOf(outcomes), {
    markdown: markdownTable(["repository", "tag", "digest", "platforms", "aliases"], rows),
    data: outcomes,
    outputs: holderOutputs(outcomes),
  });
}
