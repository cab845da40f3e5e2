import { type Links, linkGraph, type ManifestNode, ownTagsOf, type RepositoryGraph } from "./graph.js";

export interface CleanupPolicy {
  /** Milliseconds since the epoch. */
  now: number;
  /**
   * Milliseconds for which an untagged manifest stays: it may belong to an image that is being published, since
   * tags come last. Where the age is unknown it stays, unless it is one of the candidates.
   */
  minAge: number;
  /** Digests that stay, with all that they need: what jobs or deployments pin. */
  keep: readonly string[];
  /** Limits the removal to these digests, their parts and their referrers. */
  candidates?: readonly string[];
}

/** What becomes of a manifest, and why, as a phrase. */
export interface Fate {
  digest: string;
  tags: readonly string[];
  reason: string;
}

/** Why a manifest stays by itself, in the order in which it is asked; `needed` is what one of these leads to. */
export type KeepRule = "tagged" | "keep-list" | "not-named" | "young" | "needed";

export interface KeptManifest extends Fate {
  rule: KeepRule;
}

export interface CleanupPlan {
  kept: KeptManifest[];
  removable: Fate[];
}

type Stay = Pick<KeptManifest, "rule" | "reason">;

/**
 * Decides over every manifest. What a tag leads to stays: the manifest itself, what it lists, what it is attached
 * to, and what is attached to any of them. Referrers tags are no reason of their own: they go with their subject.
 */
export function planCleanup(graph: RepositoryGraph, policy: CleanupPolicy): CleanupPlan {
  const links = linkGraph(graph);
  const staying = whatStays(links, policy);
  const plan: CleanupPlan = { kept: [], removable: [] };
  for (const digest of graph.manifests.keys()) {
    const tags = links.tagsOf.get(digest) ?? [];
    const stay = staying.get(digest);
    if (stay === undefined) plan.removable.push({ digest, tags, reason: removalReason(links, digest) });
    else plan.kept.push({ digest, tags, ...stay });
  }
  return plan;
}

/** Rule by rule, each for what the rules before it have not led to. */
function whatStays(links: Links, policy: CleanupPolicy): Map<string, Stay> {
  const named = policy.candidates && withPartsAndReferrers(links, policy.candidates);
  const rules: readonly [KeepRule, (node: ManifestNode) => string | false | undefined][] = [
    [
      "tagged",
      ({ digest }) => {
        const tags = ownTagsOf(links, digest);
        return tags.length > 0 && `tagged ${tags.join(", ")}`;
      },
    ],
    ["keep-list", ({ digest }) => policy.keep.includes(digest) && "on the keep list"],
    ["not-named", ({ digest }) => named !== undefined && !named.has(digest) && "not named for removal"],
    ["young", ({ changed }) => ageReason(changed, policy)],
  ];
  const staying = new Map<string, Stay>();
  for (const [rule, reasonFor] of rules) {
    for (const node of links.graph.manifests.values()) {
      const reason = !staying.has(node.digest) && reasonFor(node);
      if (reason) staying.set(node.digest, { rule, reason });
    }
    addNeeded(links, staying);
  }
  return staying;
}

function ageReason(
  changed: number | undefined,
  { now, minAge, candidates }: CleanupPolicy,
): string | undefined {
  if (changed === undefined) return minAge > 0 && candidates === undefined ? "its age is unknown" : undefined;
  return now - changed < minAge ? `changed less than ${formatAge(minAge)} ago` : undefined;
}

/** Follows every edge from what stays, and adds what it leads to. */
function addNeeded(links: Links, staying: Map<string, Stay>): void {
  const { graph, referrersOf, subjectsOf } = links;
  // A Map takes in what is set while it is iterated: this is the queue as well.
  for (const digest of staying.keys()) {
    const name = ownTagsOf(links, digest)[0] ?? digest;
    const edges: readonly [string, readonly string[]][] = [
      [`listed by ${name}`, graph.manifests.get(digest)?.children ?? []],
      [`attached to ${name}`, referrersOf.get(digest) ?? []],
      [`${name} is attached to it`, subjectsOf.get(digest) ?? []],
    ];
    // What is absent passes it on: what is attached to a platform that was not found stays.
    for (const [reason, targets] of edges)
      for (const target of targets) if (!staying.has(target)) staying.set(target, { rule: "needed", reason });
  }
}

/** The digests with their parts and referrers, and those of these. */
function withPartsAndReferrers({ graph, referrersOf }: Links, digests: readonly string[]): Set<string> {
  const found = new Set(digests);
  for (const digest of found) {
    for (const child of graph.manifests.get(digest)?.children ?? []) found.add(child);
    for (const referrer of referrersOf.get(digest) ?? []) found.add(referrer);
  }
  return found;
}

function removalReason({ graph, parentsOf, subjectsOf }: Links, digest: string): string {
  const parent = parentsOf.get(digest)?.[0];
  if (parent !== undefined) return `listed by ${parent}, which goes as well`;
  const subject = subjectsOf.get(digest)?.[0];
  if (subject === undefined) return "nothing tags or lists it";
  return `attached to ${subject}, which ${graph.manifests.has(subject) ? "goes as well" : "does not exist"}`;
}

function formatAge(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours >= 48 && hours % 24 === 0 ? `${hours / 24} days` : `${Math.round(hours * 10) / 10} h`;
}
