import { type Outputs, repositoryOutputs } from "../outputs.js";
import type { Durations, Timed } from "../phases.js";
import { arrivalText, durationText, totalOf, transferOutputs } from "../publication.js";
import type { PushAccess } from "../registry/access.js";
import { errorsOf } from "../registry/outcome.js";
import { markdownList, markdownTable, type Report, requireSuccess, seconds } from "../report.js";
import { describeTrigger, type Trigger } from "../tags/ref.js";
import { asMarkdown } from "../text.js";
import type { BuiltImage } from "./built.js";
import type { ReleasePlan, RepositoryPlan, TagPlan } from "./plan.js";
import type { PublishedRelease, ReleaseOutcome, TagOutcome } from "./publish.js";

/** What would be published where, and why. Throws the same report as an error where a repository failed. */
export function reportPlan(plan: ReleasePlan): Report {
  const report = { markdown: planMarkdown(plan), data: plan, outputs: planOutputs(plan) };
  const refusals = (plan.access ?? []).filter((access) => !access.ok && access.refused);
  const refused = new Set(refusals.map(({ repository }) => repository));
  // Whoever may not push often may not read either: the cause is said, and not its consequence.
  const others = plan.repositories.filter(({ repository }) => !refused.has(repository));
  return requireSuccess(errorsOf([...refusals, ...others]), report);
}

function planMarkdown({ trigger, repositories, access, ...built }: ReleasePlan): string {
  const rows = repositories.flatMap(planRows);
  const changes = rows.some(([, , action]) => action !== "leave");
  const sections = [
    `Plan for ${asMarkdown(describeTrigger(trigger))}${changes ? "" : ": nothing to publish"}`,
    ...(rows.length === 0 ? [] : [markdownTable(["repository", "tag", "action", "holds", "why"], rows)]),
    ...(access === undefined ? [] : [markdownTable(["repository", "push"], access.map(accessRow))]),
    ...imageSections(built),
  ];
  return sections.join("\n\n");
}

/** TAGS are those that the publication would set, without those of single platforms. */
function planOutputs({ trigger, repositories }: ReleasePlan): Outputs {
  const planned = repositories.flatMap((plan) => (plan.ok ? [plan] : []));
  const tags = planned.map(({ repository, tags }) => ({
    name: repository,
    outputs: { TAGS: tags.filter((tag) => isOfAll(tag) && isChange(tag)).map(({ tag }) => tag) },
  }));
  return {
    VERSION: publishedVersion(trigger),
    PUBLISH: planned.some(({ tags }) => tags.some(isChange)),
    ...repositoryOutputs(tags),
  };
}

function isChange({ action }: TagPlan): boolean {
  return action !== "leave";
}

function isOfAll({ platform }: TagPlan): boolean {
  return platform === undefined;
}

function publishedVersion(trigger: Trigger): string | undefined {
  return trigger.kind === "version" ? trigger.version.text : undefined;
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
  { trigger, image, origin, remarks }: BuiltImage & { trigger: Trigger },
  outcomes: readonly Timed<ReleaseOutcome>[],
  phases: Durations,
): Report {
  const markdown = [
    `Release for ${asMarkdown(describeTrigger(trigger))}`,
    markdownTable(["repository", "image", "took", "digest", "platforms", "tags"], outcomes.map(outcomeRow)),
    ...imageSections({ image, remarks }),
    durationText(phases),
  ].join("\n\n");
  const report = {
    markdown,
    data: { trigger, image, origin, remarks, repositories: outcomes, milliseconds: totalOf(phases), phases },
    outputs: { ...releaseOutputs(trigger, outcomes), DURATION_MS: totalOf(phases) },
  };
  return requireSuccess(errorsOf(outcomes), report);
}

/** TAGS are those that hold the whole image, whether they were set or there. */
function releaseOutputs(trigger: Trigger, outcomes: readonly ReleaseOutcome[]): Outputs {
  const published = outcomes.filter(isPublished);
  return {
    VERSION: publishedVersion(trigger),
    CHANGED: published.some(({ how, tags }) => how !== "existed" || tags.some(isChange)),
    ...transferOutputs(published.map(({ transfer }) => transfer)),
    ...repositoryOutputs(
      published.map(({ repository, digest, platforms, tags }) => ({
        name: repository,
        outputs: {
          DIGEST: digest,
          IMAGE: `${repository}@${digest}`,
          TAGS: tags
            .filter((tag) => isOfAll(tag) && (isChange(tag) || tag.current !== undefined))
            .map(({ tag }) => tag),
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
  const tags = outcome.tags.map(tagText).join("; ") || "none: no tag of release.tags is for it";
  if (outcome.how === "not published") return [repository, outcome.how, took, "", "", tags];
  return [repository, arrivalText(outcome), took, outcome.digest, outcome.platforms.join(", "), tags];
}

const done: Record<TagPlan["action"], string> = { create: "created", move: "moved", leave: "left" };

function tagText({ tag, action, why, kept }: TagOutcome): string {
  const before = kept === undefined ? "" : `; what it left is kept as ${kept}`;
  return `${tag} ${done[action]}: ${why}${before}`;
}

function imageSections({ image, remarks = [] }: Partial<BuiltImage>): string[] {
  if (image === undefined) return [];
  const table = markdownTable(["platform", "image ID"], Object.entries(image));
  return remarks.length === 0 ? [table] : [table, markdownList(remarks)];
}
