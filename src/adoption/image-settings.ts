import { InputError, messageOf } from "../errors.js";
import type { LatestPolicy } from "../tags/policy.js";
import type { GivenTagTemplate, TagTemplate } from "../tags/tag-template.js";
import { parseTagTemplate } from "../tags/tag-template.js";
import { canFollowVersions, conflictIn } from "../tags/template-list.js";
import type { DraftImage, DraftRepository, DraftTag } from "./draft.js";
import type { Remark } from "./note.js";

/** One image in the form of the settings, nothing left to defaults. */
export interface ImageSettings {
  name: string;
  suffix: string;
  dockerfile?: string;
  target?: string;
  platforms: readonly string[];
  repositories: readonly { repository: string; latest: LatestPolicy }[];
  tags: readonly GivenTagTemplate[];
  ids: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** Whether the first tag is one that names the version, which tags that move take and the other tool did not set. */
  addsVersion: boolean;
}

interface RepositoryTags {
  repository: string;
  suffix: string;
  tags: readonly GivenTagTemplate[];
  latest: LatestPolicy;
  addsVersion: boolean;
}

/** The settings of an image: one for all repositories that have the same tags, since an image has one list of them. */
export function imageSettings(image: DraftImage, remark: Remark): Omit<ImageSettings, "name">[] {
  const read = image.repositories.map((repository) => tagsOf(repository, remark));
  const lists = Map.groupBy(
    read.filter(({ tags, latest }) => tags.length > 0 || latest !== "none"),
    ({ tags, suffix }) => JSON.stringify([suffix, tags]),
  );
  return [...lists.values()].map((repositories) => ({
    ...image.build,
    platforms: image.platforms,
    addsVersion: repositories[0]?.addsVersion ?? false,
    suffix: repositories[0]?.suffix ?? "",
    tags: repositories[0]?.tags ?? [],
    repositories: repositories.map(({ repository, latest }) => ({ repository, latest })),
  }));
}

function tagsOf({ repository, tags }: DraftRepository, remark: Remark): RepositoryTags {
  const valid = distinct(tags).filter((tag) => isLatest(tag) || isTemplate(tag, repository, remark));
  const suffix = suffixOf(valid);
  const stripped = valid.map((tag) => ({ ...tag, text: withoutEnd(tag.text, suffix) }));
  const latest = latestOf(stripped.filter(isLatest), repository, remark);
  const others = withoutConflicts(
    stripped.filter((tag) => !isLatest(tag)),
    repository,
    remark,
  );
  const addsVersion = !canFollowVersions(others.map(parse), [latest]);
  const whole = addsVersion ? [{ text: "{version}" }, ...others] : others;
  return { repository, suffix, latest, addsVersion, tags: whole.map(givenOf) };
}

function givenOf({ text, on }: DraftTag): GivenTagTemplate {
  return on === undefined ? text : { tag: text, on };
}

function distinct(tags: readonly DraftTag[]): DraftTag[] {
  return [...new Map(tags.map((tag) => [JSON.stringify(tag), tag])).values()];
}

function isLatest({ text }: DraftTag): boolean {
  return text === "latest";
}

function isTemplate(tag: DraftTag, repository: string, remark: Remark): boolean {
  try {
    parse(tag);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    remark("left-out", `${repository}:${tag.text}`, `Slipway expects ${error.problem.expected}`);
    return false;
  }
}

function parse({ text, on }: DraftTag): TagTemplate {
  return parseTagTemplate(on === undefined ? text : { tag: text, on });
}

/** What all tags end in, where one of them is latest with that end. */
function suffixOf(tags: readonly DraftTag[]): string {
  const ends = tags.flatMap(({ text }) => /^latest([-_.][A-Za-z0-9_.-]{1,63})$/.exec(text)?.[1] ?? []);
  return ends.find((end) => tags.every(({ text }) => text.endsWith(end) && text !== end)) ?? "";
}

function withoutEnd(text: string, end: string): string {
  return text.slice(0, text.length - end.length);
}

function latestOf(tags: readonly DraftTag[], repository: string, remark: Remark): LatestPolicy {
  const followed = new Set(tags.map(({ on }) => (on === undefined || on === "version" ? "highest" : "main")));
  if (followed.size > 1)
    remark(
      "differs",
      `${repository}:latest`,
      'both the main branch and versions set it there; here it follows the main branch alone. With "latest": "highest" it follows versions',
    );
  if (followed.has("main")) return "main";
  return followed.has("highest") ? "highest" : "none";
}

function withoutConflicts(tags: readonly DraftTag[], repository: string, remark: Remark): DraftTag[] {
  const conflict = conflictIn(tags.map(parse));
  if (conflict === undefined) return [...tags];
  remark("left-out", `${repository}:${tags[conflict.at]?.text}`, `Slipway expects ${conflict.expected}`);
  return withoutConflicts(
    tags.filter((_, at) => at !== conflict.at),
    repository,
    remark,
  );
}

/** The message of an error that was raised on purpose, as the reason of a note. */
export function reasonOf(error: unknown): string {
  if (error instanceof InputError) return `Slipway expects ${error.problem.expected}`;
  return messageOf(error).replace(/\.$/, "");
}
