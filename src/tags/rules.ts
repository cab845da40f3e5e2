import type { ArchNames } from "./arch.js";
import type { TagTemplate } from "./tag-template.js";

/** What takes the place of the plus sign, which no tag can hold. */
export const plusSigns = { hyphen: "-", underscore: "_" } as const;

/** What the settings say about tags. */
export interface TagRules {
  tags: readonly TagTemplate[];
  /** Those of the image. */
  platforms: readonly string[];
  /** What git tags begin with, before the version: `tool/`. */
  tagPrefix: string;
  mainBranch: string;
  /** Whether versions 0.y.z set tags of their major number alone. */
  majorZero: boolean;
  /** How build metadata is written; absent where it is refused. */
  buildMetadata?: keyof typeof plusSigns | undefined;
  archNames: ArchNames;
  /** What all tags of the image end in, latest included: `-alpine`. The templates have it already. */
  suffix: string;
  /** The other images of the project. */
  siblings: readonly ImageTags[];
}

/** What tells the tags of one image of a project from those of the others. */
export type ImageTags = Pick<TagRules, "tags" | "suffix">;

/** The tag that follows the main branch or the highest version. */
export function latestOf({ suffix }: Pick<TagRules, "suffix">): string {
  return `latest${suffix}`;
}

/** The tag of a run by hand, which was given a name. */
export function tagByHand(name: string, { suffix }: Pick<TagRules, "suffix">): string {
  return `${name}${suffix}`;
}

/** The templates of all images of a project. */
export function templatesIn(rules: Pick<TagRules, "tags" | "suffix" | "siblings">): TagTemplate[] {
  return imagesIn(rules).flatMap(({ tags }) => tags);
}

/** All images of a project, this one first. */
export function imagesIn({
  tags,
  suffix,
  siblings,
}: Pick<TagRules, "tags" | "suffix" | "siblings">): ImageTags[] {
  return [{ tags, suffix }, ...siblings];
}
