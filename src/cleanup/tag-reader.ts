import { RegistryError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { eachOf } from "../registry/parallel.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";

// What is not listed may be deleted.
const toEnd = { toEnd: true };

/** What is known of a repository beside its list of tags, which has to agree with it. */
export interface Witnesses {
  /** Digests by tag, as another source has them: what the registry lists has to have the same. */
  known?: ReadonlyMap<string, string>;
  /** Tags that may be there. */
  tags?: readonly string[];
  /** Digests that may be there: that nothing was ever tagged is not believed beside them. */
  digests?: readonly string[];
}

/** The tags with their digests, and why they cannot be relied on, if so. */
interface Look {
  tags: Map<string, string>;
  doubt?: Doubt;
}

interface Doubt {
  /** What contradicts what, as a clause without a full stop. */
  what: string;
  /** What to do where it stays, as an imperative clause. */
  fix: string;
}

const stillThere = {
  // Services answer that as well where credentials may read but not delete.
  absent: (reference: string) =>
    new RegistryError(
      `${reference}: the deletion was answered with 404, but it is still there. Check that the credentials may delete, not only read.`,
      { failure: "denied", status: 404 },
    ),
  deleted: (reference: string) =>
    new RegistryError(
      `${reference}: the deletion was answered as done, but it is still there. Run this again; if it stays, whoever runs the registry has to remove it.`,
      { failure: "invalid", transient: true },
    ),
};

/**
 * Reads the tags of a repository, anew each time. What a list lacks would be deleted, so that it is held against all
 * that is known beside it: an incomplete list is an answer that we do not have.
 */
export class TagReader {
  /** Tags that were listed before. */
  readonly #seen = new Set<string>();

  constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
  ) {}

  /** What a tag or digest points at; undefined where it is absent. */
  async resolve(manifest: string): Promise<string | undefined> {
    return (await this.client.headManifest(this.repository, manifest))?.digest;
  }

  /** Waits until what was deleted is gone, for which a registry may take a moment. */
  async requireGone(manifest: string, said: "deleted" | "absent"): Promise<void> {
    const reference = formatReference(this.repository, manifest);
    await this.client.untilShown(async () => {
      if ((await this.resolve(manifest)) !== undefined) throw stillThere[said](reference);
    });
  }

  /** All tags with their digests. What contradicts itself is asked for twice: somebody may have set or removed a tag. */
  async read(witnesses: Witnesses = {}): Promise<Map<string, string>> {
    let { tags, doubt } = await this.#look(witnesses);
    if (doubt !== undefined) ({ tags, doubt } = await this.#look(witnesses));
    if (doubt !== undefined)
      throw new RegistryError(
        `${formatRepository(this.repository)}: ${doubt.what}, so what is tagged is unknown and nothing is removed. Run this again; if it stays, ${doubt.fix}.`,
        { failure: "invalid" },
      );
    for (const tag of tags.keys()) this.#seen.add(tag);
    return tags;
  }

  async #look(witnesses: Witnesses): Promise<Look> {
    const { known = new Map<string, string>() } = witnesses;
    const list = await this.client.listTags(this.repository, toEnd);
    const tags = new Map(known);
    const absent: string[] = [];
    const different: string[] = [];
    await eachOf(list ?? [], async (tag) => {
      const digest = await this.resolve(tag);
      if (digest === undefined) absent.push(tag);
      else if (digest !== (known.get(tag) ?? digest)) different.push(tag);
      else tags.set(tag, digest);
    });
    const doubt =
      firstOf(absent, dangling) ?? firstOf(different, moved) ?? (await this.#findHidden(list, witnesses));
    return doubt === undefined ? { tags } : { tags, doubt };
  }

  async #findHidden(
    list: readonly string[] | undefined,
    { known = new Map(), tags = [], digests = [] }: Witnesses,
  ): Promise<Doubt | undefined> {
    const listed = new Set(list);
    // Nearly every repository has a latest.
    const expected = new Set(["latest", ...this.#seen, ...known.keys(), ...tags]);
    for (const tag of expected)
      if (!listed.has(tag) && (await this.resolve(tag)) !== undefined) return hidden(tag);
    // An empty list is believed where what was tagged before is gone as well; that there is none is not.
    const wereTagged = list !== undefined && this.#seen.size > 0;
    if (listed.size + known.size > 0 || wereTagged) return undefined;
    for (const digest of digests)
      if ((await this.resolve(digest)) !== undefined) return untagged(list, digest);
    return undefined;
  }
}

function firstOf(tags: readonly string[], doubt: (tag: string) => Doubt): Doubt | undefined {
  const [first] = tags.toSorted();
  return first === undefined ? undefined : doubt(first);
}

/** Another source is behind the registry, or the other way round: what it takes for untagged may be tagged. */
function moved(tag: string): Doubt {
  return {
    what: `the registry has the tag ${tag} at another manifest than the API that lists what can be removed`,
    fix: "wait until both say the same",
  };
}

function dangling(tag: string): Doubt {
  return {
    what: `the registry lists the tag ${tag} and answers 404 for it`,
    fix: "remove that tag, or point it at an image",
  };
}

function hidden(tag: string): Doubt {
  return {
    what: `the registry does not list the tag ${tag}, which is there`,
    fix: "whoever runs the registry has to repair it",
  };
}

function untagged(list: readonly string[] | undefined, digest: string): Doubt {
  const said = list === undefined ? "answers 404 for its tags" : "lists no tag";
  return {
    what: `the registry ${said}, while ${digest} is there`,
    fix: "point a tag at an image that is to stay",
  };
}
