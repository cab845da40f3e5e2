import type { Repository } from "../registry/reference.js";
import type { RepositoryGraph } from "./graph.js";
import type { Fate } from "./policy.js";

/** What removing something came to. `refused` is an answer that asking again does not change. */
export type Removal = { result: "deleted" | "absent" } | { result: "refused"; detail: string };

/** A repository at a registry that clean-up knows how to read and to remove from. */
export interface CleanupTarget {
  readonly repository: Repository;
  /** Whether the registry lists manifests without a tag; where it does not, only those named can be removed. */
  readonly listsUntagged: boolean;
  /** Reads all tags anew, and what they and the named digests lead to; a named digest may be absent. */
  read(named: readonly string[]): Promise<RepositoryGraph>;
  /** All tags; none where the repository is absent. */
  listTags(): Promise<readonly string[]>;
  /** What a tag points at; undefined where it is absent. */
  resolve(tag: string): Promise<string | undefined>;
  /** Waits until a tag or digest is gone that is said to be: a RegistryError where it stays. */
  requireGone(manifest: string, said: "deleted" | "absent"): Promise<void>;
  /** Removes a manifest, with the referrers tags that hold it. */
  remove(manifest: Fate): Promise<Removal>;
  /**
   * Removes a tag, and nothing that an index or another tag needs, but those that go along: an InputError names what
   * does.
   */
  removeTag(tag: string, along?: readonly string[]): Promise<Removal>;
}
