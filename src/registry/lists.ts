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
  /** The entries of one page; null is how some write that there are none. */
  page: z.ZodType<T[] | null>;
}

/** Where a list is read on. */
interface PageRequest {
  target: string;
  /** Whether it is where the list begins: only there is 404 an absent list, and null an empty one. */
  isFirst: boolean;
}

interface Page<T> {
  entries: T[];
  /** Where the list goes on. */
  next: string | undefined;
}

/** What is asked of the list of tags: how many at most, and after which one. */
interface TagRequest {
  n: number;
  last?: string;
}

const pageSize = 1000;

const tagList: List<string> = {
  name: "tags/list",
  page: z.object({ tags: z.array(z.string()).nullable() }).transform(({ tags }) => tags),
};

const referrersPage = z
  .object({ manifests: z.array(z.object({ digest: z.string() })).nullable() })
  .transform(({ manifests }) => manifests?.map(({ digest }) => digest) ?? null);

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
    const first: PageRequest = { target: tagsTarget(request), isFirst: found.size === 0 };
    const tags: string[] | undefined = await followLinks(connection, repository, tagList, first);
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
  const first = { target: name, isFirst: true };
  return followLinks(connection, repository, { name, page: referrersPage }, first);
}

function tagsTarget({ n, last }: TagRequest): string {
  return `tags/list?n=${n}${last === undefined ? "" : `&last=${last}`}`;
}

/** All entries of a list, over as many pages as it links; undefined where it is absent. */
async function followLinks<T>(
  connection: RegistryConnection,
  repository: Repository,
  list: List<T>,
  first: PageRequest,
): Promise<T[] | undefined> {
  const found: T[] = [];
  for (let at: PageRequest | undefined = first; at !== undefined; ) {
    const read: Page<T> | undefined = await readPage(connection, repository, list, at);
    if (read === undefined) return undefined;
    found.push(...read.entries);
    at = read.next === undefined ? undefined : { target: read.next, isFirst: false };
  }
  return found;
}

function readPage<T>(
  connection: RegistryConnection,
  repository: Repository,
  { name, page }: List<T>,
  { target, isFirst }: PageRequest,
): Promise<Page<T> | undefined> {
  const request: RegistryRequest = { method: "GET", target, name, accept: [200, 404] };
  const subject = describe(repository, request);
  return connection.repeat("read", async () => {
    const response = await connection.send(repository, request);
    if (response.status === 404) {
      await drain(response);
      return isFirst ? undefined : refuseEnd(subject, "answered 404");
    }
    const parsed = page.safeParse(parseJson((await bodyOf(response, subject)).toString("utf8")));
    if (!parsed.success)
      throw new RegistryError(`${subject}: the answer is not the protocol's JSON.`, { failure: "invalid" });
    if (parsed.data === null && !isFirst) return refuseEnd(subject, "answered null");
    return { entries: parsed.data ?? [], next: nextPage(response)?.href };
  });
}

/** What goes on is not at its end because one page of it is not there. */
function refuseEnd(subject: string, what: string): never {
  throw new RegistryError(
    `${subject}: the registry ${what} in the middle of the list, so what else is in it is unknown. Run this again; if it stays, whoever runs the registry has to repair it.`,
    { failure: "invalid", transient: true },
  );
}
