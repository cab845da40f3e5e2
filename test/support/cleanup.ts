import type { PruneOutcome, PruneRequest } from "../../src/cleanup/prune.js";
import type { CleanupTarget } from "../../src/cleanup/target.js";
import { type HostedRegistry, openTarget } from "../../src/cleanup/targets.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import type { Repository } from "../../src/registry/reference.js";
import { clientSettings } from "./client.js";
import { joinVariants, makeVariant } from "./image.js";

/** One platform with a layer of its own. */
export const variant = (platform: string, content: string) => makeVariant({ platform, layers: [content] });

/** The platform that an image has in common with the one that took its place. */
export const sharedVariant = variant("linux/arm64", "unchanged");
export const oldVariant = variant("linux/amd64", "old");
export const oldImage = joinVariants([oldVariant, sharedVariant]);
export const newImage = joinVariants([variant("linux/amd64", "new"), sharedVariant]);

/** A repository as clean-up sees it; `hosted` puts the API of a service beside its registry. */
export function makeTarget(
  repository: Repository,
  changes: Partial<ClientSettings> = {},
  hosted?: HostedRegistry,
): CleanupTarget {
  const services = hosted === undefined ? {} : { [repository.registry]: hosted };
  return openTarget({ ...clientSettings, ...changes }, repository, services);
}

/** A clean-up that removes all it may, but what is less than a day old. */
export const pruneRequest: PruneRequest = {
  now: Date.parse("2026-01-10T12:00:00Z"),
  minAge: 24 * 3_600_000,
  keep: [],
  digests: [],
  confirm: true,
};

/** What became of each manifest that was planned to go, by digest. */
export function resultsIn({ results }: PruneOutcome): Record<string, string> {
  return Object.fromEntries(
    results.map((result) => [
      result.digest,
      "detail" in result ? `${result.result}: ${result.detail}` : result.result,
    ]),
  );
}

/** What happens to a repository beside a clean-up. */
export interface Interposition {
  /** With the number of the reading, from 1. */
  beforeRead?: (reading: number) => unknown;
  beforeRemove?: (digest: string) => unknown;
}

/** The target, with something else going on. */
export function interposed(
  target: CleanupTarget,
  { beforeRead, beforeRemove }: Interposition,
): CleanupTarget {
  let readings = 0;
  return {
    repository: target.repository,
    listsUntagged: target.listsUntagged,
    read: async (named) => {
      await beforeRead?.(++readings);
      return target.read(named);
    },
    remove: async (manifest) => {
      await beforeRemove?.(manifest.digest);
      return target.remove(manifest);
    },
    listTags: () => target.listTags(),
    resolve: (tag) => target.resolve(tag),
    requireGone: (manifest, said) => target.requireGone(manifest, said),
    removeTag: (tag, along) => target.removeTag(tag, along),
  };
}
