import { InputError, messageOf } from "../errors.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatRepository } from "../registry/reference.js";
import type { RepositoryGraph } from "./graph.js";
import { holdersOf, inSteps } from "./order.js";
import { type CleanupPlan, type CleanupPolicy, type Fate, planCleanup } from "./policy.js";
import type { CleanupTarget, Removal } from "./target.js";

export interface PruneRequest extends Pick<CleanupPolicy, "now" | "minAge" | "keep"> {
  /** Digests that may go; where the registry lists all manifests, none given means all. */
  digests: readonly string[];
  /** Whether to remove; else it is planned only. */
  confirm: boolean;
}

/** What became of a manifest that was planned to go. `kept` is one that was needed after all. */
export type PruneResult = Pick<Fate, "digest" | "tags"> &
  (Removal | { result: "kept" | "failed"; detail: string });

export interface PruneOutcome {
  repository: string;
  ok: true;
  /** Whether anything was to be removed; else this is the plan alone. */
  confirmed: boolean;
  /** Whether the registry lists manifests without a tag. */
  listsUntagged: boolean;
  /** The digests that were named for removal. */
  named: readonly string[];
  plan: CleanupPlan;
  /** One for each manifest that was planned to go; none where it is planned only. */
  results: PruneResult[];
}

// Between two looks at the repository: a deletion takes a second or two, a publication some minutes.
const batchSize = 50;

/** Prunes repositories, each on its own: one that fails does not stop the others. */
export async function pruneAll(
  targets: readonly CleanupTarget[],
  request: PruneRequest,
): Promise<(PruneOutcome | Failure)[]> {
  for (const digest of request.keep) await requireHolder(targets, digest);
  return Promise.all(targets.map((target) => settle(target.repository, () => prune(target, request))));
}

/** A digest to keep that no repository has is meant to be another one, which would go. */
async function requireHolder(targets: readonly CleanupTarget[], digest: string): Promise<void> {
  const found = await Promise.allSettled(targets.map((target) => target.resolve(digest)));
  if (found.some((look) => look.status === "fulfilled" && look.value !== undefined)) return;
  // What cannot be asked may have it, or nothing has.
  const failed = found.find((look) => look.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  throw new InputError({
    subject: "--keep",
    expected: `a digest that ${targets.map(({ repository }) => formatRepository(repository)).join(" or ")} has`,
    given: digest,
    fix: "Correct it, or leave it out where that image is gone",
  });
}

/**
 * Plans which manifests go, by reachability, and removes them where that is confirmed. The tags are read anew before
 * each batch: what somebody has tagged or listed in the meantime stays. One failure does not stop the others, but
 * what a manifest holds stays as long as the manifest does.
 */
export async function prune(target: CleanupTarget, request: PruneRequest): Promise<PruneOutcome> {
  const { now, minAge, keep, digests, confirm } = request;
  const policy: CleanupPolicy = {
    now,
    minAge,
    keep,
    ...(target.listsUntagged && digests.length === 0 ? {} : { candidates: digests }),
  };
  const graph = await target.read([...digests, ...keep]);
  const plan = planCleanup(graph, policy);
  return {
    repository: formatRepository(target.repository),
    ok: true,
    confirmed: confirm,
    listsUntagged: target.listsUntagged,
    named: digests,
    plan,
    results: confirm ? await execute(target, policy, graph, plan.removable) : [],
  };
}

async function execute(
  target: CleanupTarget,
  policy: CleanupPolicy,
  graph: RepositoryGraph,
  removable: readonly Fate[],
): Promise<PruneResult[]> {
  const fates = new Map(removable.map((fate) => [fate.digest, fate]));
  const holders = holdersOf(graph, [...fates.keys()]);
  // All are named each time: a part is not found through an index that is gone, nor what the index was about.
  const named = { ...policy, candidates: [...fates.keys()] };
  const results = new Map<string, PruneResult>();
  for (const batch of inSteps(holders).flatMap(inBatches)) {
    const current = await replan(target, named);
    for (const digest of batch) {
      const { tags = [] } = fates.get(digest) ?? {};
      const standing = holders.get(digest)?.find((holder) => isStanding(results.get(holder)));
      const removal =
        standing === undefined
          ? await removeUnneeded(target, digest, current)
          : ({ result: "kept", detail: `${standing} is still there` } as const);
      results.set(digest, { digest, tags, ...removal });
    }
  }
  return [...results.values()];
}

/** The plan as it is now, or why there is none: without it nothing is removed. */
async function replan(
  target: CleanupTarget,
  policy: CleanupPolicy & { candidates: readonly string[] },
): Promise<CleanupPlan | string> {
  try {
    return planCleanup(await target.read([...policy.candidates, ...policy.keep]), policy);
  } catch (error) {
    return messageOf(error);
  }
}

async function removeUnneeded(
  target: CleanupTarget,
  digest: string,
  current: CleanupPlan | string,
): Promise<Removal | { result: "kept" | "failed"; detail: string }> {
  if (typeof current === "string")
    return { result: "failed", detail: `${current} Without another look at the tags nothing is removed.` };
  const kept = current.kept.find((manifest) => manifest.digest === digest);
  if (kept !== undefined) return { result: "kept", detail: kept.reason };
  const fate = current.removable.find((manifest) => manifest.digest === digest);
  if (fate === undefined) return { result: "absent" };
  try {
    const removal = await target.remove(fate);
    // What it holds would go next.
    if (removal.result !== "refused") await target.requireGone(digest, removal.result);
    return removal;
  } catch (error) {
    return { result: "failed", detail: messageOf(error) };
  }
}

function isStanding(result: PruneResult | undefined): boolean {
  return result !== undefined && result.result !== "deleted" && result.result !== "absent";
}

function inBatches(step: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(step.length / batchSize) }, (_, at) =>
    step.slice(at * batchSize, (at + 1) * batchSize),
  );
}
