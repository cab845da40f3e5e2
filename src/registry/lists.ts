import { z } from "zod";
import { RegistryError } from "../errors.js";
import { namedStrings } from "../oci/named.js";
import { excerpt } from "../text.js";
import { nextPage } from "./answer.js";
import { bodyOf, drain, jsonOf } from "./body.js";
import { type Bound, bounds } from "./bounds.js";
import { describe, type RegistryConnection, type RegistryRequest } from "./connection.js";
import { Pages } from "./pages.js";
import { formatRepository, isDigest, isTag, type Repository } from "./reference.js";
import { insteadOfJson } from "./said.js";

/** What is attached to a manifest, as a list of referrers has it. */
export interface Referrer {
  digest: string;
  /** What it is; absent where the registry does not say. */
  artifactType?: string | undefined;
  annotations?: Record<string, string> | undefined;
}

/** A list in a repository. */
interface List<Entry> {
  /** What messages call it. */
  name: string;
  /** The entries of one page; null where it says that there are none. */
  page: z.ZodType<Entry[] | null>;
  /** Statuses that say that there is no such list. */
  absent: readonly number[];
  /** What each of them is, and what of it becomes a part of URLs. */
  entry: "tag" | "digest";
  nameOf(entry: Entry): string;
  bound: Bound;
}

/** Where a list is read on. */
interface PageRequest {
  target: string;
  /**
   * `first` where the list begins: only there is 404 an absent list. `more` where nothing says that there is more;
   * `linked` where a page before says so: null is an empty list everywhere but there.
   */
  place: "first" | "more" | "linked";
}

interface Page<Entry> {
  entries: Entry[];
  /** Where the list goes on. */
  next: string | undefined;
}

/** What is asked of the list of tags: how many at most, and after which one. */
interface TagRequest {
  n: number;
  last?: string;
}

const pageSize = 1000;

const grammars = { tag: isTag, digest: isDigest };

// One answer for all of them: zod keeps an issue for each that is wrong, which takes gigabytes for a page of numbers.
const texts = z.custom<string[]>(
  (given) => Array.isArray(given) && given.every((text) => typeof text === "string"),
);

// An empty list may be left out, of an answer that is one: one without the name may be about something else.
const tagsPage = z
  .union([
    z.object({ tags: texts.nullable() }),
    z.object({ name: z.string(), tags: z.undefined().optional() }),
  ])
  .transform(({ tags }) => tags ?? null);

const tagList: List<string> = {
  name: "tags/list",
  page: tagsPage,
  absent: [404],
  entry: "tag",
  nameOf: (tag) => tag,
  bound: bounds.tags,
};

// Quay has answered 400 and 406 (quay#3071).
const noReferrers = [400, 404, 405, 406];

const referrer = z.object({
  digest: z.string(),
  artifactType: z
    .string()
    .nullish()
    .transform((given) => given ?? undefined),
  annotations: z.nullish(namedStrings).transform((given) => given ?? undefined),
});

const referrersPage = z
  .object({ manifests: z.array(referrer).nullable() })
  .transform(({ manifests }) => manifests);

/**
 * All tags of a repository; undefined where the repository is absent. A list may have been cut without a Link: by
 * what was asked for, as go-containerregistry does, or by a bound of the registry's own, which is a round number. What
 * follows its last tag is asked for then, and where that is nothing new, a longer list, since not every registry
 * knows `last`. With `toEnd` what follows is asked for however many there are: that is one request more.
 */
export async function listTags(
  connection: RegistryConnection,
  repository: Repository,
  { toEnd } = { toEnd: false },
): Promise<string[] | undefined> {
  const found = new Set<string>();
  const pages = new Pages(`${formatRepository(repository)}: GET ${tagList.name}`);
  for (let request: TagRequest | undefined = { n: pageSize }; request !== undefined; ) {
    const place = found.size === 0 ? "first" : "more";
    const at: PageRequest = { target: tagsTarget(request), place };
    const tags: string[] | undefined = await followLinks(connection, repository, tagList, at, pages);
    if (tags === undefined) return undefined;
    const known = found.size;
    for (const tag of tags) found.add(tag);
    request = requestAfter(tags, request, { grew: found.size > known, size: found.size, toEnd });
  }
  return [...found];
}

/** What to ask for after these tags; undefined where they are the end of the list. */
function requestAfter(
  tags: readonly string[],
  { n, last: before }: TagRequest,
  { grew, size, toEnd }: { grew: boolean; size: number; toEnd: boolean },
): TagRequest | undefined {
  const last = tags.at(-1);
  const isFull = tags.length === n;
  if (last === undefined || !(isFull || (grew && (toEnd || tags.length % 10 === 0)))) return undefined;
  return grew && last !== before ? { n: pageSize, last } : { n: 2 * size };
}

/** What is attached to a manifest; undefined where the registry has no such API. */
export function listReferrers(
  connection: RegistryConnection,
  repository: Repository,
  digest: string,
): Promise<Referrer[] | undefined> {
  const name = `referrers/${digest}`;
  const list: List<Referrer> = {
    name,
    page: referrersPage,
    absent: noReferrers,
    entry: "digest",
    nameOf: (listed) => listed.digest,
    bound: bounds.answer,
  };
  const pages = new Pages(`${formatRepository(repository)}: GET ${name}`);
  return followLinks(connection, repository, list, { target: name, place: "first" }, pages);
}

function tagsTarget({ n, last }: TagRequest): string {
  return `tags/list?n=${n}${last === undefined ? "" : `&last=${last}`}`;
}

/** All entries of a list, over as many pages as it links; undefined where it is absent. */
async function followLinks<Entry>(
  connection: RegistryConnection,
  repository: Repository,
  list: List<Entry>,
  first: PageRequest,
  pages: Pages,
): Promise<Entry[] | undefined> {
  const found: Entry[] = [];
  for (let at: PageRequest | undefined = first; at !== undefined; ) {
    pages.ask(at.target);
    const read: Page<Entry> | undefined = await readPage(connection, repository, list, at);
    if (read === undefined) return undefined;
    pages.count(read.entries.length);
    for (const entry of read.entries) found.push(entry);
    at = read.next === undefined ? undefined : { target: read.next, place: "linked" };
  }
  return found;
}

function readPage<Entry>(
  connection: RegistryConnection,
  repository: Repository,
  { name, page, absent, entry, nameOf, bound }: List<Entry>,
  { target, place }: PageRequest,
): Promise<Page<Entry> | undefined> {
  const request: RegistryRequest = { method: "GET", target, name, accept: [200, ...absent] };
  const subject = describe(repository, request);
  return connection.repeat("read", async () => {
    const response = await connection.send(repository, request);
    if (response.status !== 200) {
      await drain(response);
      return place === "first" ? undefined : refuseEnd(subject, `answered ${response.status}`);
    }
    const text = (await bodyOf(response, subject, bound)).toString("utf8");
    const parsed = page.safeParse(jsonOf(text, subject, bound));
    if (!parsed.success)
      throw new RegistryError(`${subject}: the answer is not the protocol's JSON.${insteadOfJson(text)}`, {
        failure: "invalid",
      });
    if (parsed.data === null && place === "linked") return refuseEnd(subject, "answered null");
    const entries = parsed.data ?? [];
    requireNames(entries.map(nameOf), entry, subject);
    return {
      entries,
      next: nextPage(response, connection.origin(repository.registry), subject)?.href,
    };
  });
}

function requireNames(found: readonly string[], entry: keyof typeof grammars, subject: string): void {
  const other = found.find((text) => !grammars[entry](text));
  if (other === undefined) return;
  throw new RegistryError(`${subject}: lists "${excerpt(other, 80)}", which is no ${entry}.`, {
    failure: "invalid",
  });
}

/** What goes on is not at its end because one page of it is not there. */
function refuseEnd(subject: string, what: string): never {
  throw new RegistryError(
    `${subject}: the registry ${what} in the middle of the list, so what else is in it is unknown. Run this again; if it stays, whoever runs the registry has to repair it.`,
    { failure: "invalid", transient: true },
  );
}
