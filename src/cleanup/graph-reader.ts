import { z } from "zod";
import { RegistryError } from "../errors.js";
import { limitPassedBy, parseJson, repeatedName } from "../json.js";
import { isIndex, mediaTypes } from "../oci/manifest.js";
import { otherSpelling } from "../oci/spelling.js";
import type { RegistryClient, StoredManifest } from "../registry/client.js";
import { eachOf } from "../registry/parallel.js";
import { formatReference, formatRepository, isDigest, type Repository } from "../registry/reference.js";
import { excerpt } from "../text.js";
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
  manifests: z.array(z.object({ digest, mediaType: z.string().nullish() })).nullish(),
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

/** A manifest to be read. */
interface Step {
  digest: string;
  /** Who says that it is there, if anybody does. */
  promisedBy: string | undefined;
}

/** What was read so far. */
interface Findings {
  manifests: Map<string, ManifestNode>;
  absent: Set<string>;
}

const registry = "the registry";

// More than any repository has; what a registry makes up as it is asked has no end.
const mostManifests = 100_000;

function tooMany(repository: Repository): RegistryError {
  return new RegistryError(
    `${formatRepository(repository)}: one manifest leads to another, over more than ${mostManifests}, so what is needed is not known and nothing is removed.`,
    { failure: "invalid" },
  );
}

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

  /**
   * Follows every reference from the inventory. What the registry lists has to be there, and below that every index:
   * what an absent one lists would be taken for unneeded. A platform may be absent, as in images that somebody broke,
   * and so is what a build cache lists, since that is no manifest.
   */
  async read({ tags, listed = new Map(), named = [] }: Inventory): Promise<RepositoryGraph> {
    const found: Findings = { manifests: new Map(), absent: new Set() };
    await this.#follow(found, [...tags.values(), ...listed.keys()], registry);
    await this.#follow(found, named);
    for (const [digest, changed] of listed) {
      const node = found.manifests.get(digest);
      if (node !== undefined) found.manifests.set(digest, { ...node, changed });
    }
    return { tags, manifests: found.manifests };
  }

  /** Adds what the digests lead to. Where somebody promised these, everything below them is promised as well. */
  async #follow(found: Findings, digests: readonly string[], promisedBy?: string): Promise<void> {
    const isPromised = promisedBy !== undefined;
    for (let level: Step[] = digests.map((digest) => ({ digest, promisedBy })); level.length > 0; ) {
      const nodes = await eachOf(merged(level), (step) => this.#visit(found, step));
      const next = nodes.filter((node) => node !== undefined);
      level = (await eachOf(next, (node) => this.#stepsFrom(node, isPromised))).flat();
    }
  }

  /** The manifest, if it was not visited before; of an absent one no more than its digest, to which others are attached. */
  async #visit(
    { manifests, absent }: Findings,
    { digest, promisedBy }: Step,
  ): Promise<ManifestNode | undefined> {
    if (manifests.has(digest)) return undefined;
    if (manifests.size >= mostManifests) throw tooMany(this.repository);
    const wasAbsent = absent.has(digest);
    const node = wasAbsent ? undefined : await this.#node(digest);
    if (node !== undefined) manifests.set(digest, node);
    else if (promisedBy === undefined) absent.add(digest);
    else contradict(formatReference(this.repository, digest), promisedBy);
    return node ?? (wasAbsent ? undefined : { digest, children: [] });
  }

  async #stepsFrom(
    { digest, children, indexes = [], subject }: ManifestNode,
    isPromised: boolean,
  ): Promise<Step[]> {
    const step = (to: string, promisedBy?: string) => ({
      digest: to,
      promisedBy: isPromised ? promisedBy : undefined,
    });
    const referrers = await this.referrersOf(digest);
    return [
      ...children.map((child) => step(child, indexes.includes(child) ? digest : undefined)),
      ...referrers.map((referrer) => step(referrer, registry)),
      ...(subject === undefined ? [] : [step(subject)]),
    ];
  }

  /** Undefined where it is absent; one that was read before is taken to be there still, which removes nothing. */
  async #node(digest: string): Promise<ManifestNode | undefined> {
    const known = this.#read.get(digest);
    if (known !== undefined) return known;
    const stored = await this.client.getManifest(this.repository, digest);
    if (stored === undefined) return undefined;
    const node = parseReferences(stored, formatReference(this.repository, digest));
    this.#read.set(digest, node);
    return node;
  }
}

/** Each digest once, promised where any of its steps is. */
function merged(steps: readonly Step[]): Step[] {
  const promised = steps.filter(({ promisedBy }) => promisedBy !== undefined);
  return [...new Map([...steps, ...promised].map((step) => [step.digest, step])).values()];
}

/** What a manifest refers to. A form that is not known may refer to anything, which is an error. */
export function parseReferences({ descriptor, bytes }: StoredManifest, reference: string): ManifestNode {
  if (!understood.includes(descriptor.mediaType))
    return refuse(reference, `is of the media type "${descriptor.mediaType}"`);
  const text = bytes.toString("utf8");
  const limit = limitPassedBy(text);
  if (limit !== undefined) return refuse(reference, `is more than ${limit}`);
  const json = parseJson(text);
  const parsed = references.safeParse(json);
  if (!parsed.success) return refuse(reference, "is not the JSON of a manifest with SHA-256 digests");
  const ambiguous = repeatedName(text) ?? otherSpelling(references, json);
  if (ambiguous !== undefined)
    return refuse(reference, `has "${excerpt(ambiguous, 80)}" beside the name of a field`);
  const { manifests, subject } = parsed.data;
  const children = manifests ?? [];
  const indexes = children.filter(({ mediaType }) => mediaType == null || isIndex(mediaType));
  return {
    digest: descriptor.digest,
    children: digestsOf(children),
    ...(indexes.length === 0 ? {} : { indexes: digestsOf(indexes) }),
    ...(subject == null ? {} : { subject: subject.digest }),
  };
}

function digestsOf(descriptors: readonly { digest: string }[]): string[] {
  return [...new Set(descriptors.map((descriptor) => descriptor.digest))];
}

function refuse(reference: string, what: string): never {
  throw new RegistryError(
    `${reference}: ${what}, so what it refers to is unknown. Nothing is removed from a repository that holds it.`,
    { failure: "invalid" },
  );
}

function contradict(reference: string, promisedBy: string): never {
  const fix =
    promisedBy === registry ? "remove that manifest by hand" : "remove that index, or publish it again";
  throw new RegistryError(
    `${reference}: ${promisedBy} lists it and a request for it is answered 404, so what it refers to is unknown. Run this again; if it stays, ${fix}.`,
    { failure: "invalid" },
  );
}
