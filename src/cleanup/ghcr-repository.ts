import type { RegistryClient } from "../registry/client.js";
import type { Repository } from "../registry/reference.js";
import type { GitHubPackages, PackageVersion } from "./github-packages.js";
import type { RepositoryGraph } from "./graph.js";
import { GraphReader } from "./graph-reader.js";
import type { Fate } from "./policy.js";
import { requireAlone } from "./remove-tag.js";
import { TagReader } from "./tag-reader.js";
import type { CleanupTarget, Removal } from "./target.js";

/** A repository at GHCR: GitHub's API lists and deletes versions, the registry says what they refer to. */
export class GhcrRepository implements CleanupTarget {
  readonly listsUntagged = true;
  readonly #tags: TagReader;
  readonly #reader: GraphReader;
  /** By digest, as last read. */
  #versions = new Map<string, PackageVersion>();

  constructor(
    client: RegistryClient,
    private readonly packages: GitHubPackages,
    readonly repository: Repository,
  ) {
    this.#tags = new TagReader(client, repository);
    this.#reader = new GraphReader(client, repository);
  }

  /**
   * The tags are those of both sides: pages shift while they are listed, so that a version may be missed, and no tag may
   * be taken for absent because of it.
   */
  async read(named: readonly string[]): Promise<RepositoryGraph> {
    const versions = await this.packages.listVersions();
    this.#versions = new Map(versions.map((version) => [version.digest, version]));
    const listed = new Map(versions.map(({ digest, changed }) => [digest, changed]));
    const known = new Map(versions.flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const)));
    const tags = await this.#tags.read({ known, digests: [...listed.keys(), ...named] });
    return this.#reader.read({ tags, listed, named });
  }

  async listTags(): Promise<readonly string[]> {
    return [...(await this.#tags.read()).keys()];
  }

  resolve(manifest: string): Promise<string | undefined> {
    return this.#tags.resolve(manifest);
  }

  requireGone(manifest: string, said: "deleted" | "absent"): Promise<void> {
    return this.#tags.requireGone(manifest, said);
  }

  async remove({ digest }: Pick<Fate, "digest">): Promise<Removal> {
    const version = this.#versions.get(digest);
    if (version !== undefined) return this.packages.deleteVersion(version);
    if ((await this.resolve(digest)) === undefined) return { result: "absent" };
    return { result: "refused", detail: "GitHub lists no version for it" };
  }

  async removeTag(tag: string, along: readonly string[] = []): Promise<Removal> {
    const graph = await this.read([]);
    const digest = graph.tags.get(tag);
    if (digest === undefined) return { result: "absent" };
    requireAlone(this.repository, graph, { tag, along }, "GitHub deletes whole versions only");
    return this.remove({ digest });
  }
}
