import { z } from "zod";
import { RegistryError } from "../errors.js";
import { parseJson } from "../json.js";
import { mediaTypes } from "../oci/manifest.js";
import type { RegistryClient, StoredManifest } from "../registry/client.js";
import { eachOf } from "../registry/parallel.js";
import { formatReference, isDigest, type Repository } from "../registry/reference.js";
import type { ManifestNode, RepositoryGraph } from "./graph.js";

/** Where the reading of a repository starts. */
export interface Inventory {
  /** Digests by tag. */
  tags: ReadonlyMap<string, string>;
  /** Manifests that the registry lists itself, each with when it was last changed. */
  listed?: ReadonlyMap<string, number>;
  /** Digests that somebody named; they may be absent. */
  named?: readonly string[];
}

const digest = z.string().refine(isDigest);

// Whatever the form, these two fields are all that makes one manifest refer to another.
const references = z.object({
  manifests: z.array(z.object({ digest })).nullish(),
  subject: z.object({ digest }).nullish(),
});

/** Media types whose references are known to be in those fields. */
const understood: readonly string[] = [
  mediaTypes.index,
  mediaTypes.manifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
  "application/vnd.oci.artifact.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/**
 * Reads which manifest of a repository refers to which. Content never changes under its digest, so it is read once;
 * tags are asked for each time.
 */
export class GraphReader {
  readonly #read = new Map<string, ManifestNode>();

  constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
    /** Digests of what is attached to a manifest, where the inventory does not list it anyway. */
    private readonly referrersOf: (digest: string) => Promise<readonly string[]> = async () => [],
  ) {}

  /** All tags with their digests. A tag that is listed and absent points at nothing. */
  async tags(): Promise<Map<string, string>> {
    const names = (await this.client.listTags(this.repository)) ?? [];
    const found = await eachOf(names, async (tag) => [tag, await this.resolve(tag)] as const);
    return new Map(found.flatMap(([tag, digest]) => (digest === undefined ? [] : [[tag, digest]])));
  }

  /** What a tag or digest points at; undefined where it is absent. */
  async resolve(manifest: string): Promise<string | undefined> {
    return (await this.client.headManifest(this.repository, manifest))?.digest;
  }

  /**
   * Follows everything down from the inventory. Only a manifest that something merely refers to may be absent: one
   * that the registry itself lists and does not give is an error, since nobody knows what it refers to.
   */
  async read({ tags, listed = new Map(), named = [] }: Inventory): Promise<RepositoryGraph> {
    const promised = new Set([...tags.values(), ...listed.keys()]);
    const manifests = new Map<string, ManifestNode>();
    const seen = new Set([...promised, ...named]);
    for (let level = [...seen]; level.length > 0; ) {
      const nodes = await eachOf(level, (digest) => this.#node(digest, promised.has(digest)));
      const next = await eachOf(
        nodes.filter((node) => node !== undefined),
        async (node) => {
          const changed = listed.get(node.digest);
          manifests.set(node.digest, changed === undefined ? node : { ...node, changed });
          return [...node.children, ...(await this.referrersOf(node.digest))];
        },
      );
      level = [...new Set(next.flat())].filter((digest) => !seen.has(digest));
      for (const digest of level) seen.add(digest);
    }
    return { tags, manifests };
  }

  /** Undefined where it is absent; one that was read before is taken to be there still, which removes nothing. */
  async #node(digest: string, promised: boolean): Promise<ManifestNode | undefined> {
    const known = this.#read.get(digest);
    if (known !== undefined) return known;
    const reference = formatReference(this.repository, digest);
    const stored = await this.client.getManifest(this.repository, digest);
    if (stored === undefined) return promised ? contradict(reference) : undefined;
    const node = parseReferences(stored, reference);
    this.#read.set(digest, node);
    return node;
  }
}

/** What a manifest refers to. A form that is not known may refer to anything, which is an error. */
export function parseReferences({ descriptor, bytes }: StoredManifest, reference: string): ManifestNode {
  if (!understood.includes(descriptor.mediaType))
    return refuse(reference, `is of the media type "${descriptor.mediaType}"`);
  const parsed = references.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) return refuse(reference, "is not the JSON of a manifest with SHA-256 digests");
  const { manifests, subject } = parsed.data;
  return {
    digest: descriptor.digest,
    children: [...new Set(manifests?.map((child) => child.digest))],
    ...(subject == null ? {} : { subject: subject.digest }),
  };
}

function refuse(reference: string, what: string): never {
  throw new RegistryError(
    `${reference}: ${what}, so what it refers to is unknown. Nothing is removed from a repository that holds it.`,
    { failure: "invalid" },
  );
}

function contradict(reference: string): never {
  throw new RegistryError(
    `${reference}: the registry lists it and answers 404 for it, so what it refers to is unknown. Run this again; if it stays, remove that manifest by hand.`,
    { failure: "invalid" },
  );
}
