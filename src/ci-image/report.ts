import { type Outputs, repositoryOutputs } from "../outputs.js";
import type { Durations, Timed } from "../phases.js";
import { arrivalText, durationText, totalOf, transferOutputs } from "../publication.js";
import { errorsOf } from "../registry/outcome.js";
import type { AliasMove } from "../registry/tag.js";
import { markdownTable, type Report, requireSuccess, seconds } from "../report.js";
import type { MiseVersion } from "./mise.js";
import type { RepositoryOutcome } from "./publish.js";
import type { RollbackOutcome } from "./rollback.js";

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
    markdown: [
      `mise ${version}, from ${miseSources[source]}${days}`,
      ...notes.map((note) => `- ${note}`),
    ].join("\n"),
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

/** What was published where. Throws the same report as an error where a repository failed. */
export function reportPublication(outcomes: readonly Timed<RepositoryOutcome>[], phases: Durations): Report {
  const rows = outcomes.map((outcome) =>
    outcome.ok
      ? [
          outcome.repository,
          arrivalText(outcome),
          seconds(outcome.milliseconds),
          outcome.tag,
          outcome.digest,
          outcome.platforms.join(", "),
          moves(outcome.aliases),
        ]
      : [outcome.repository, "failed", seconds(outcome.milliseconds), "", "", "", ""],
  );
  const table = markdownTable(["repository", "image", "took", "tag", "digest", "platforms", "aliases"], rows);
  const digests = new Set(outcomes.flatMap((outcome) => (outcome.ok ? [outcome.digest] : [])));
  const note = "The repositories hold different builds of this image under one tag.";
  const published = outcomes.filter((outcome) => outcome.ok);
  return requireSuccess(errorsOf(outcomes), {
    markdown: [table, ...(digests.size > 1 ? [note] : []), durationText(phases)].join("\n\n"),
    data: { repositories: outcomes, milliseconds: totalOf(phases), phases },
    outputs: {
      ...outputsOf(outcomes),
      ...transferOutputs(published.map(({ transfer }) => transfer)),
      DURATION_MS: totalOf(phases),
    },
  });
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
          moves(outcome.aliases),
        ]
      : [outcome.repository, "failed", "", "", ""],
  );
  return requireSuccess(errorsOf(outcomes), {
    markdown: markdownTable(["repository", "tag", "digest", "platforms", "aliases"], rows),
    data: outcomes,
    outputs: outputsOf(outcomes),
  });
}

function outputsOf(outcomes: readonly (RepositoryOutcome | RollbackOutcome)[]): Outputs {
  const done = outcomes.filter((outcome) => outcome.ok);
  return {
    CHANGED: done.some((outcome) => isPushed(outcome) || outcome.aliases.some(({ moved }) => moved)),
    ...repositoryOutputs(
      done.map(({ repository, tag, digest, platforms }) => ({
        name: repository,
        outputs: { TAG: tag, DIGEST: digest, IMAGE: `${repository}@${digest}`, PLATFORMS: platforms },
      })),
    ),
  };
}

function isPushed(outcome: (RepositoryOutcome | RollbackOutcome) & { ok: true }): boolean {
  return "how" in outcome && outcome.how !== "existed";
}

function moves(aliases: readonly AliasMove[]): string {
  return aliases
    .map(
      ({ tag, moved, kept }) =>
        `${tag}${moved ? " moved" : ""}${kept === undefined ? "" : ` (was kept as ${kept})`}`,
    )
    .join(", ");
}
