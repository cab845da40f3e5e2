import { linkGraph, type RepositoryGraph } from "./graph.js";

/** By manifest, those that have to be gone before it may go: the indexes that list it and what it refers to. */
export function holdersOf(
  graph: RepositoryGraph,
  removable: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const { parentsOf, subjectsOf } = linkGraph(graph);
  const going = new Set(removable);
  const holders = (digest: string) => [...(parentsOf.get(digest) ?? []), ...(subjectsOf.get(digest) ?? [])];
  return new Map(removable.map((digest) => [digest, holders(digest).filter((holder) => going.has(holder))]));
}

/** Digests in steps, each digest after all of its holders. What hold each other come last, together. */
export function inSteps(holders: ReadonlyMap<string, readonly string[]>): string[][] {
  const steps: string[][] = [];
  const waiting = new Set(holders.keys());
  while (waiting.size > 0) {
    const free = [...waiting].filter((digest) =>
      (holders.get(digest) ?? []).every((holder) => !waiting.has(holder)),
    );
    const step = free.length > 0 ? free : [...waiting];
    for (const digest of step) waiting.delete(digest);
    steps.push(step);
  }
  return steps;
}
