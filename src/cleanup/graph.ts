/** A manifest, as far as it refers to others. */
export interface ManifestNode {
  digest: string;
  /** What it lists, where it is an index. */
  children: readonly string[];
  /** Those of them that list others in turn; absent where none does. */
  indexes?: readonly string[];
  /** What it is attached to (image specification, `subject`), as a signature is to its image. */
  subject?: string;
  /** When it was last pushed or tagged, in milliseconds since the epoch; absent where the registry does not say. */
  changed?: number;
}

/** What a repository holds. A digest without an entry in `manifests` was asked for and is absent. */
export interface RepositoryGraph {
  /** Digests by tag. */
  tags: ReadonlyMap<string, string>;
  /** Manifests by digest. */
  manifests: ReadonlyMap<string, ManifestNode>;
}

/** A graph with its edges in both directions. */
export interface Links {
  graph: RepositoryGraph;
  tagsOf: Map<string, string[]>;
  /** Indexes that list a manifest. */
  parentsOf: Map<string, string[]>;
  /** Manifests, and indexes under the referrers tag, that are about a manifest. */
  referrersOf: Map<string, string[]>;
  /** The reverse: what a manifest is about. */
  subjectsOf: Map<string, string[]>;
}

// The referrers tag schema of the distribution specification; cosign appends what it attaches.
const referrersTag = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/;

/** The digest whose referrers a tag of the form `sha256-<64 hex digits>` holds, where it is no tag of somebody's own. */
export function referrersTagSubject(tag: string): string | undefined {
  const hex = referrersTag.exec(tag)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Follows every reference of a graph back. */
export function linkGraph(graph: RepositoryGraph): Links {
  const links: Links = {
    graph,
    tagsOf: new Map(),
    parentsOf: new Map(),
    referrersOf: new Map(),
    subjectsOf: new Map(),
  };
  const attach = (referrer: string, subject: string) => {
    append(links.referrersOf, subject, referrer);
    append(links.subjectsOf, referrer, subject);
  };
  for (const [tag, digest] of [...graph.tags].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    append(links.tagsOf, digest, tag);
    const subject = referrersTagSubject(tag);
    if (subject !== undefined) attach(digest, subject);
  }
  for (const { digest, children, subject } of graph.manifests.values()) {
    for (const child of children) append(links.parentsOf, child, digest);
    if (subject !== undefined) attach(digest, subject);
  }
  return links;
}

/**
 * Tags that are a reason of their own. A referrers tag is none as long as what it is about is here: with
 * COSIGN_REPOSITORY that is in another repository. Cosign's are known by their name; under the one of the specification
 * anybody may keep an image, so that it has to lead to a list of referrers.
 */
export function ownTagsOf({ graph, tagsOf }: Links, digest: string): string[] {
  return (tagsOf.get(digest) ?? []).filter((tag) => {
    const subject = referrersTagSubject(tag);
    if (subject === undefined || !graph.manifests.has(subject)) return true;
    return !tag.includes(".") && !listsReferrers(graph, digest, subject);
  });
}

/** Whether all that an index lists is attached to a manifest, as far as all of it is here. */
function listsReferrers({ manifests }: RepositoryGraph, index: string, subject: string): boolean {
  const children = manifests.get(index)?.children ?? [];
  return children.length > 0 && children.every((child) => manifests.get(child)?.subject === subject);
}

/**
 * Other tags that point at what a tag points at, and indexes that list it: they need it when the tag is gone. Tags that
 * go along do not.
 */
export function othersThatNeed(graph: RepositoryGraph, tag: string, along: readonly string[] = []): string[] {
  const digest = graph.tags.get(tag);
  if (digest === undefined) return [];
  const links = linkGraph(graph);
  const tags = (links.tagsOf.get(digest) ?? []).filter((other) => other !== tag && !along.includes(other));
  const parents = links.parentsOf.get(digest) ?? [];
  return [...tags, ...parents.map((parent) => ownTagsOf(links, parent)[0] ?? parent)];
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else if (!values.includes(value)) values.push(value);
}
