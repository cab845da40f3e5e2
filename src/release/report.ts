import { VerificationError } from "../errors.js";
import { type Outputs, repositoryOutputs } from "../outputs.js";
import type { Durations, Timed } from "../phases.js";
import { arrivalText, durationText, totalOf, transferOutputs } from "../publication.js";
import type { PushAccess } from "../registry/access.js";
import type { Failure } from "../registry/outcome.js";
import { markdownTable, type Report, seconds } from "../report.js";
import type { Origin } from "./built.js";
import type { ImageIds } from "./image-ids.js";
import type { ReleasePlan, RepositoryPlan, TagPlan } from "./plan.js";
import type { PreflightCheck } from "./preflight.js";
import type { PublishedRelease, ReleaseOutcome, ReleasePublication, TagOutcome } from "./publish.js";
import { describeTrigger, type Trigger, versionOf } from "./ref.js";

/** What would be published where, and why. Throws the same report as an error where a repository failed. */
export function reportPlan(plan: ReleasePlan): Report {
  const report = { markdown: planMarkdown(plan), data: plan, outputs: planOutputs(plan) };
  const refusals = (plan.access ?? []).filter((access) => !access.ok && access.refused);
  const refused = new Set(refusals.map(({ repository }) => repository));
  // Whoever may not push often may not read either: the cause is said, and not its consequence.
  const others = plan.repositories.filter(({ repository }) => !refused.has(repository));
  return succeeded([...refusals, ...others], report);
}

/** The report, or an error with it where one of the repositories failed. */
function succeeded(outcomes: readonly ({ ok: true } | Failure)[], report: Report): Report {
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
  if (errors.length === 0) return report;
  throw new VerificationError(`${errors.join("\n")}\n\n${report.markdown}`);
}

function planMarkdown({ trigger, image, origin, repositories, access }: ReleasePlan): string {
  const rows = repositories.flatMap(planRows);
  const changes = rows.some(([, , action]) => action !== "leave");
  const sections = [
    `Plan for ${describeTrigger(trigger)}${changes ? "" : ": nothing to publish"}`,
    ...(rows.length === 0 ? [] : [markdownTable(["repository", "tag", "action", "holds", "why"], rows)]),
    ...(access === undefined ? [] : [markdownTable(["repository", "push"], access.map(accessRow))]),
    ...imageSections({ image, origin }),
  ];
  return sections.join("\n\n");
}

/** TAGS are those that the publication would set. */
function planOutputs({ trigger, repositories }: ReleasePlan): Outputs {
  const planned = repositories.flatMap((plan) => (plan.ok ? [plan] : []));
  const tags = planned.map(({ repository, tags }) => ({
    name: repository,
    outputs: { TAGS: tags.filter(isChange).map(({ tag }) => tag) },
  }));
  return {
    VERSION: versionOf(trigger),
    PUBLISH: planned.some(({ tags }) => tags.some(isChange)),
    ...repositoryOutputs(tags),
  };
}

function isChange({ action }: TagPlan): boolean {
  return action !== "leave";
}

function accessRow(access: PushAccess): string[] {
  if (access.ok) return [access.repository, "allowed"];
  return [access.repository, `${access.refused ? "refused" : "not known"}: ${access.error}`];
}

function planRows(plan: RepositoryPlan): string[][] {
  if (!plan.ok) return [[plan.repository, "", "failed", "", plan.error]];
  return plan.tags.map(({ tag, action, current, why }) => [plan.repository, tag, action, current ?? "", why]);
}

/** What was published where, and as which image. Throws the same report as an error where a repository failed. */
export function reportRelease(
  { trigger, image, origin }: Pick<ReleasePublication, "trigger" | "image" | "origin">,
  outcomes: readonly Timed<ReleaseOutcome>[],
  phases: Durations,
): Report {
  const markdown = [
    `Release for ${describeTrigger(trigger)}`,
    markdownTable(["repository", "image", "took", "digest", "platforms", "tags"], outcomes.map(outcomeRow)),
    ...imageSections({ image, origin }),
    durationText(phases),
  ].join("\n\n");
  const report = {
    markdown,
    data: { trigger, image, origin, repositories: outcomes, milliseconds: totalOf(phases), phases },
    outputs: { ...releaseOutputs(trigger, outcomes), DURATION_MS: totalOf(phases) },
  };
  return succeeded(outcomes, report);
}

/** TAGS are those that hold the image, whether they were set or there. */
function releaseOutputs(trigger: Trigger, outcomes: readonly ReleaseOutcome[]): Outputs {
  const published = outcomes.filter(isPublished);
  return {
    VERSION: versionOf(trigger),
    CHANGED: published.some(({ how, tags }) => how !== "existed" || tags.some(isChange)),
    ...transferOutputs(published.map(({ transfer }) => transfer)),
    ...repositoryOutputs(
      published.map(({ repository, digest, platforms, tags }) => ({
        name: repository,
        outputs: {
          DIGEST: digest,
          IMAGE: `${repository}@${digest}`,
          TAGS: tags.filter((tag) => isChange(tag) || tag.current !== undefined).map(({ tag }) => tag),
          PLATFORMS: platforms,
        },
      })),
    ),
  };
}

function isPublished(outcome: ReleaseOutcome): outcome is PublishedRelease {
  return outcome.ok && outcome.how !== "not published";
}

function outcomeRow(outcome: Timed<ReleaseOutcome>): string[] {
  const { repository } = outcome;
  const took = seconds(outcome.milliseconds);
  if (!outcome.ok) return [repository, "failed", took, "", "", ""];
  const tags = outcome.tags.map(tagText).join("; ") || "none: only the main branch and version tags publish";
  if (outcome.how === "not published") return [repository, outcome.how, took, "", "", tags];
  return [repository, arrivalText(outcome), took, outcome.digest, outcome.platforms.join(", "), tags];
}

const done: Record<TagPlan["action"], string> = { create: "created", move: "moved", leave: "left" };

function tagText({ tag, action, why, kept }: TagOutcome): string {
  const before = kept === undefined ? "" : `; what it left is kept as ${kept}`;
  return `${tag} ${done[action]}: ${why}${before}`;
}

const engineNote =
  "Built by the engine: building again may give another image, which a version that is published refuses. What build-platform gives can be kept, and joined again.";

function imageSections({ image, origin }: { image?: ImageIds | undefined; origin?: Origin | undefined }) {
  if (image === undefined) return [];
  const table = markdownTable(["platform", "image ID"], Object.entries(image));
  return origin === "engine" ? [table, engineNote] : [table];
}

/**
 * What was checked of the binaries, and what could not be. Throws the same report as an error where something does
 * not hold.
 */
export function reportPreflight(checks: readonly PreflightCheck[]): Report {
  const sorted = checks.toSorted((a, b) => rank(a) - rank(b));
  const markdown = markdownTable(
    ["binary", "check", "expected", "found", "holds"],
    sorted.map(({ subject, check, expected, found, holds }) => [
      subject,
      check,
      expected,
      found,
      holds === undefined ? "not checked" : holds ? "yes" : "**no**",
    ]),
  );
  const failed = sorted.filter(({ holds }) => holds === false);
  if (failed.length === 0) return { markdown, data: checks, outputs: {} };
  const lines = failed.map(
    ({ subject, check, expected, found }) =>
      `${subject}: ${check}: expected ${expected}, got ${found}. ${fixes[check]}.`,
  );
  throw new VerificationError(`${lines.join("\n")}\n\n${markdown}`);
}

const fixes: Record<PreflightCheck["check"], string> = {
  executable:
    "Run chmod +x on it; where an artifact store of a CI platform lost the mode, hand it over as a tar",
  machine: "Build it for its platform, or name the binaries in release.binaries.names",
  libc: "Link it statically (CGO_ENABLED=0, or a musl target), or choose a base with its C library",
  version: "Build from the tag, with the files of the commit, or publish the version that it carries",
};

/** Failures first, then what was not checked. */
function rank({ holds }: PreflightCheck): number {
  return holds === false ? 0 : holds === undefined ? 1 : 2;
}
