import type { RegistryClient } from "../registry/client.js";
import type { Repository } from "../registry/reference.js";
import type { RepositoryGraph } from "./graph.js";
import { GraphReader } from "./graph-reader.js";
import type { Fate } from "./policy.js";
import { ReferrersReader } from "./referrers-reader.js";
import { requireAlone } from "./remove-tag.js";
import { TagReader } from "./tag-reader.js";
import type { CleanupTarget, Removal } from "./target.js";

/** How a tag is deleted; `unsupported` where only manifests are. */
export type DeleteTag = (tag: string) => Promise<"deleted" | "absent" | "unsupported">;

/**
 * A repository at any registry that speaks the distribution protocol, which lists tags and nothing else: GitLab's
 * (16.4 and later delete tags), Harbor's, distribution's own.
 */
export class PlainRegistry implements CleanupTarget {
  readonly listsUntagged = false;
  readonly #tags: TagReader;
  readonly #reader: GraphReader;

  constructor(
    private readonly client: RegistryClient,
    readonly repository: Repository,
    private readonly deleteTag: DeleteTag = (tag) => client.deleteTag(repository, tag),
  ) {
    const referrers = new ReferrersReader(client, repository);
    this.#tags = new TagReader(client, repository);
    this.#reader = new GraphReader(client, repository, (digest) => referrers.read(digest));
  }

  async read(named: readonly string[]): Promise<RepositoryGraph> {
    return this.#reader.read({ tags: await this.#tags.read({ digests: named }), named });
  }

  async listTags(): Promise<readonly string[]> {
    return [...(await this.#tags.read()).keys()];
  }

  resolve(tag: string): Promise<string | undefined> {
    return this.#tags.resolve(tag);
  }

  requireGone(manifest: string, said: "deleted" | "absent"): Promise<void> {
    return this.#tags.requireGone(manifest, said);
  }

  async remove({ digest, tags }: Fate): Promise<Removal> {
    // Not every registry lets a tag go with its manifest.
    for (const tag of tags) await this.deleteTag(tag);
    return { result: await this.client.deleteManifest(this.repository, digest) };
  }

  /** By name where the registry can, else by digest, which takes every tag that shares the manifest with it. */
  async removeTag(tag: string, along: readonly string[] = []): Promise<Removal> {
    const result = await this.deleteTag(tag);
    if (result !== "unsupported") return { result };
    const graph = await this.#reader.read({ tags: await this.#tags.read({ tags: [tag] }) });
    const digest = graph.tags.get(tag);
    if (digest === undefined) return { result: "absent" };
    requireAlone(this.repository, graph, { tag, along }, "This registry deletes whole manifests only");
    return { result: await this.client.deleteManifest(this.repository, digest) };
  }
}
