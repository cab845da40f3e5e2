import type { TagTrigger } from "../tags/tag-template.js";
import type { Note } from "./note.js";

/** A tag that another tool sets, as a template of Slipway's; `latest` is one like any other here. */
export interface DraftTag {
  text: string;
  /** What sets it, where its placeholders do not say so. */
  on?: TagTrigger;
}

/** A repository with the tags that are set in it. */
export interface DraftRepository {
  repository: string;
  tags: readonly DraftTag[];
}

/** How an image is made, in the words of the settings. */
export interface DraftBuild {
  dockerfile?: string;
  target?: string;
  /** IDs of GoReleaser's builds; none is all. */
  ids: readonly string[];
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

/** An image as another tool publishes it. */
export interface DraftImage {
  /** What it is called there; a name that is taken gets a number. */
  name?: string;
  build: DraftBuild;
  platforms: readonly string[];
  repositories: readonly DraftRepository[];
}

/** All that is read of another tool's configuration, in the terms of the settings. */
export interface Draft {
  images: readonly DraftImage[];
  /** Names of platforms in tags, where they are not the usual ones. */
  archNames: Readonly<Record<string, string>>;
  preReleases: boolean;
  /** Whether versions 0.y.z set tags of their major number alone. */
  majorZero: boolean;
  tagPrefix?: string;
  notes: readonly Note[];
}
