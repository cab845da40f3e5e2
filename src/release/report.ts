import { attachedSections } from "../attest/report.js";
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
export function reportPlan(plans: readonly ReleasePlan[], access?: readonly PushAccess[]): Report {
  const report = {
    markdown: planMarkdown(plans, access),
    data: {
      ...common(plans),
      images: plans.map(withoutTrigger),
      ...(access === undefined ? {} : { access }),
    },
    outputs: planOutputs(plans),
  };
  const refusals = (access ?? []).filter((entry) => !entry.ok && entry.refused);
  const refused = new Set(refusals.map(({ repository }) => repository));
  // Whoever may not push often may not read either: the cause is said, and not its consequence.
  const others = plans
    .flatMap(({ repositories }) => repositories)
    .filter(({ repository }) => !refused.has(repository));
  return requireSuccess(errorsOf([...refusals, ...others]), report);
}

function planMarkdown(plans: readonly ReleasePlan[], access: readonly PushAccess[] | undefined): string {
  const rows = plans.map(({ repositories }) => repositories.flatMap(planRows));
  const changes = rows.flat().some(([, , action]) => action !== "leave");
  const sections = plans.map((plan, at) => [
    ...(rows[at]?.length ? [markdownTable(["repository", "tag", "action", "holds", "why"], rows[at])] : []),
    ...imageSections(plan),
  ]);
  return [
    `Plan for ${described(plans)}${changes ? "" : ": nothing to publish"}`,
    ...titled(plans, sections),
    ...(access === undefined ? [] : [markdownTable(["repository", "push"], access.map(accessRow))]),
  ].join("\n\n");
}

/** What is said of every image, under its name where there are several. */
function titled(images: readonly { name?: string | undefined }[], sections: readonly string[][]): string[] {
  return images.flatMap(({ name }, at) => [
    ...(name === undefined ? [] : [`Image ${name}`]),
    ...(sections[at] ?? []),
  ]);
}

/** All images of a release are made by one trigger. */
function common([first]: readonly { trigger: Trigger }[]): { trigger?: Trigger } {
  return first === undefined ? {} : { trigger: first.trigger };
}

function described([first]: readonly { trigger: Trigger }[]): string {
  return first === undefined ? "nothing" : asMarkdown(describeTrigger(first.trigger));
}

function withoutTrigger<Plan extends { trigger: Trigger }>({
  trigger: _,
  ...rest
}: Plan): Omit<Plan, "trigger"> {
  return rest;
}

/** TAGS are those that the publication would set, without those of single platforms. */
function planOutputs(plans: readonly ReleasePlan[]): Outputs {
  const plannedOf = ({ repositories }: ReleasePlan) =>
    repositories.flatMap((plan) => (plan.ok ? [plan] : []));
  const outputs = plans.map((plan) =>
    repositoryOutputs(
      plannedOf(plan).map(({ repository, tags }) => ({
        name: repository,
        outputs: { TAGS: tags.filter((tag) => isOfAll(tag) && isChange(tag)).map(({ tag }) => tag) },
      })),
      plan.name,
    ),
  );
  return {
    VERSION: publishedVersion(plans),
    PUBLISH: plans.flatMap(plannedOf).some(({ tags }) => tags.some(isChange)),
    ...Object.assign({}, ...outputs),
  };
}

function isChange({ action }: TagPlan): boolean {
  return action !== "leave";
}

function isOfAll({ platform }: TagPlan): boolean {
  return platform === undefined;
}

function publishedVersion(images: readonly { trigger: Trigger }[]): string | undefined {
  const trigger = images[0]?.trigger;
  return trigger?.kind === "version" ? trigger.version.text : undefined;
}

function accessRow(access: PushAccess): string[] {
  if (access.ok) return [access.repository, "allowed"];
  return [access.repository, `${access.refused ? "refused" : "not known"}: ${access.error}`];
}

function planRows(plan: RepositoryPlan): string[][] {
  if (!plan.ok) return [[plan.repository, "", "failed", "", plan.error]];
  return plan.tags.map(({ tag, action, current, why }) => [plan.repository, tag, action, current ?? "", why]);
}

/** An image with what became of it. */
export interface ReleasedImage extends BuiltImage {
  /** Absent where the release has one image. */
  name?: string | undefined;
  trigger: Trigger;
  outcomes: readonly Timed<ReleaseOutcome>[];
}

/** What was published where, and as which image. Throws the same report as an error where a repository failed. */
export function reportRelease(
  images: readonly ReleasedImage[],
  phases: Durations,
  signature?: string,
): Report {
  const header = ["repository", "image", "took", "digest", "platforms", "tags"];
  const sections = images.map((image) => [
    markdownTable(header, image.outcomes.map(outcomeRow)),
    ...attachedSections(publishedIn(image)),
    ...imageSections(image),
  ]);
  const markdown = [
    `Release for ${described(images)}`,
    ...titled(images, sections),
    ...(signature === undefined ? [] : [signature]),
    durationText(phases),
  ].join("\n\n");
  const data = images.map(({ name, image, origin, remarks, outcomes }) => ({
    ...(name === undefined ? {} : { name }),
    image,
    origin,
    remarks,
    repositories: outcomes,
  }));
  const report = {
    markdown,
    data: { ...common(images), images: data, milliseconds: totalOf(phases), phases },
    outputs: { ...releaseOutputs(images), DURATION_MS: totalOf(phases) },
  };
  return requireSuccess(errorsOf(images.flatMap(({ outcomes }) => outcomes)), report);
}

/** TAGS are those that hold the whole image, whether they were set or there. */
function releaseOutputs(images: readonly ReleasedImage[]): Outputs {
  const published = images.flatMap(publishedIn);
  return {
    VERSION: publishedVersion(images),
    CHANGED: published.some(isChanged),
    ...attachedOutputs(published),
    ...transferOutputs(published.map(({ transfer }) => transfer)),
    ...Object.assign({}, ...images.map(imageOutputs)),
  };
}

function isChanged({ how, tags, attached = [] }: PublishedRelease): boolean {
  return how !== "existed" || tags.some(isChange) || attached.some((document) => document.how !== "existed");
}

/** SIGNED is whether all that is attached is; none where nothing is attached. */
function attachedOutputs(published: readonly PublishedRelease[]): Outputs {
  const attached = published.flatMap((release) => release.attached ?? []);
  return attached.length === 0 ? {} : { SIGNED: attached.every(({ signed }) => signed) };
}

function imageOutputs(image: ReleasedImage): Outputs {
  const parts = publishedIn(image).map(({ repository, digest, platforms, tags }) => ({
    name: repository,
    outputs: {
      DIGEST: digest,
      IMAGE: `${repository}@${digest}`,
      TAGS: tags
        .filter((tag) => isOfAll(tag) && (isChange(tag) || tag.current !== undefined))
        .map(({ tag }) => tag),
      PLATFORMS: platforms,
    },
  }));
  return repositoryOutputs(parts, image.name);
}

function publishedIn({ outcomes }: ReleasedImage): PublishedRelease[] {
  return outcomes.flatMap((outcome) => (outcome.ok && outcome.how !== "not published" ? [outcome] : []));
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
