import { z } from "zod";
import { RegistryError } from "../errors.js";
import { bodyOf, drain, nextPage } from "./answer.js";
import { describe, type RegistryConnection, type RegistryRequest } from "./connection.js";
import { parseJson } from "./json.js";
import type { Repository } from "./reference.js";

/** A list in a repository. */
interface List<T> {
  /** What messages call it. */
  name: string;
  /** The entries of one page. */
  page: z.ZodType<T[]>;
}

/** What is asked of the list of tags: how many at most, and after which one. */
interface TagRequest {
  n: number;
  last?: string;
}

const pageSize = 1000;

const tagList: List<string> = {
  name: "tags/list",
  page: z.object({ tags: z.array(z.string()).nullable() }).transform(({ tags }) => tags ?? []),
};

const referrersPage = z
  .object({ manifests: z.array(z.object({ digest: z.string() })).nullable() })
  .transform(({ manifests }) => (manifests ?? []).map(({ digest }) => digest));

/**
 * All tags of a repository; undefined where the repository is absent. A list of exactly as many as were asked for
 * may have been cut without a Link, as go-containerregistry does: what follows its last tag is asked for then, and
 * where that is nothing new, a longer list, since not every registry knows `last`.
 */
export async function listTags(
  connection: RegistryConnection,
  repository: Repository,
): Promise<string[] | undefined> {
  const found = new Set<string>();
  for (let request: TagRequest | undefined = { n: pageSize }; request !== undefined; ) {
    const tags: string[] | undefined = await followLinks(
      connection,
      repository,
      tagList,
      tagsTarget(request),
    );
    if (tags === undefined) return undefined;
    const known = found.size;
    for (const tag of tags) found.add(tag);
    const last: string | undefined = tags.length === request.n ? tags.at(-1) : undefined;
    if (last === undefined) request = undefined;
    else request = found.size > known ? { n: pageSize, last } : { n: 2 * found.size };
  }
  return [...found];
}

/** Digests of what is attached to a manifest; undefined where the registry has no such API. */
export function listReferrers(
  connection: RegistryConnection,
  repository: Repository,
  digest: string,
): Promise<string[] | undefined> {
  const name = `referrers/${digest}`;
  return followLinks(connection, repository, { name, page: referrersPage }, name);
}

function tagsTarget({ n, last }: TagRequest): string {
  return `tags/list?n=${n}${last === undefined ? "" : `&last=${last}`}`;
}

/** All entries of a list, over as many pages as it links; undefined where it is absent. */
async function followLinks<T>(
  connection: RegistryConnection,
  repository: Repository,
  { name, page }: List<T>,
  first: string,
): Promise<T[] | undefined> {
  const found: T[] = [];
  for (let target: string | undefined = first; target !== undefined; ) {
    const request: RegistryRequest = { method: "GET", target, name, accept: [200, 404] };
    const read = await readPage(connection, repository, request, page);
    if (read === undefined) return undefined;
    found.push(...read.entries);
    target = read.next;
  }
  return found;
}

function readPage<T>(
  connection: RegistryConnection,
  repository: Repository,
  request: RegistryRequest,
  page: z.ZodType<T[]>,
): Promise<{ entries: T[]; next: string | undefined } | undefined> {
  return connection.repeat("read", async () => {
    const response = await connection.send(repository, request);
    if (response.status === 404) return drain(response);
    const subject = describe(repository, request);
    const parsed = page.safeParse(parseJson((await bodyOf(response, subject)).toString("utf8")));
    if (parsed.success) return { entries: parsed.data, next: nextPage(response)?.href };
    throw new RegistryError(`${subject}: the answer is not the protocol's JSON.`, { failure: "invalid" });
  });
}
