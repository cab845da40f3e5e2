import type { ManifestNode, RepositoryGraph } from "../../src/cleanup/graph.js";

/** The moment from which the ages of drawn manifests count back, in milliseconds since the epoch. */
export const drawnNow = Date.parse("2026-01-10T12:00:00Z");

/** The digest of a manifest that is named by one hex digit: as many times that digit as a digest is long. */
export const drawnDigest = (name: string) => `sha256:${name.repeat(64)}`;

/** A text with the names of drawn manifests in place of their digests. */
export const drawnName = (text: string) => text.replace(/sha256:([0-9a-f])\1{63}/g, "$1");

/** The tag that holds what is attached to a drawn manifest. */
export const drawnReferrersTag = (name: string, suffix = "") => `sha256-${name.repeat(64)}${suffix}`;

/** A graph as a test writes it. */
export interface Drawing {
  /** Tags with the name of what they point at. */
  tags?: Record<string, string>;
  /** Manifests by name: what they list, what they are attached to, their age in hours, which is two days unless given. */
  manifests: Record<string, { lists?: string; subject?: string; age?: number | "unknown" }>;
}

/** The graph of a drawing. */
export function draw({ tags = {}, manifests }: Drawing): RepositoryGraph {
  const nodes = Object.entries(manifests).map(
    ([name, { lists = "", subject, age = 48 }]): ManifestNode => ({
      digest: drawnDigest(name),
      children: [...lists].map(drawnDigest),
      ...(subject === undefined ? {} : { subject: drawnDigest(subject) }),
      ...(age === "unknown" ? {} : { changed: drawnNow - age * 3_600_000 }),
    }),
  );
  return {
    tags: new Map(Object.entries(tags).map(([tag, name]) => [tag, drawnDigest(name)])),
    manifests: new Map(nodes.map((node) => [node.digest, node])),
  };
}
