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
}
