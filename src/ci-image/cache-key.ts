import { createHash } from "node:crypto";
import { VerificationError } from "../errors.js";

/** The command that renews the committed `.cache-key`. */
export const RENEW_CACHE_KEY = "dagger call --source . cache-key export --path .cache-key";

/** One file that the key covers; `content` is undefined where there is no such file. */
export interface CacheKeyEntry {
  path: string;
  content: Uint8Array | undefined;
}

/** The SHA-256 of the listing of all entries, in hexadecimal: independent of the order they are given in. */
export function cacheKey(entries: readonly CacheKeyEntry[]): string {
  return sha256(listing(entries));
}

/**
 * The content of `.cache-key`: the key on the first line, then the listing that it is the SHA-256 of, one
 * `<sha256>  <path>` line per file as `sha256sum` writes it, with `-` for the digest of a missing file.
 */
export function renderCacheKey(entries: readonly CacheKeyEntry[]): string {
  return `${cacheKey(entries)}\n${listing(entries)}`;
}

/**
 * The current key, where the committed `.cache-key` holds it too. Throws a VerificationError that names the
 * files that changed and the command that renews the file; `committed` is undefined where there is none.
 */
export function compareCacheKey(committed: string | undefined, entries: readonly CacheKeyEntry[]): string {
  const key = cacheKey(entries);
  const current = renderCacheKey(entries);
  if (committed === undefined) {
    throw new VerificationError(`.cache-key: expected a committed file, got nothing. ${FIX}`);
  }
  if (committed.replaceAll("\r\n", "\n") !== current) {
    const changes = listChanges(parseListing(committed), parseListing(current));
    const reason = changes.length > 0 ? changes.join(", ") : "its text was edited, no file changed";
    throw new VerificationError(`.cache-key: expected the key ${key}, got another: ${reason}. ${FIX}`);
  }
  return key;
}

const FIX = `Run \`${RENEW_CACHE_KEY}\` and commit the file.`;
const MISSING = "-";
const LISTING_LINE = /^(?<digest>[0-9a-f]{64}|-) {2}(?<path>.+)$/;

// A digest has a fixed alphabet and a path no line break, so different entries never give the same listing.
function listing(entries: readonly CacheKeyEntry[]): string {
  return entries
    .map(({ path, content }) => ({ path: escapePath(path), digest: content ? sha256(content) : MISSING }))
    .sort((a, b) => compareCodeUnits(a.path, b.path))
    .map(({ path, digest }) => `${digest}  ${path}\n`)
    .join("");
}

function escapePath(path: string): string {
  return path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** Path to digest, of every line that has the form of the listing. */
function parseListing(text: string): Map<string, string> {
  const digests = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const { path, digest } = LISTING_LINE.exec(line)?.groups ?? {};
    if (path !== undefined && digest !== undefined) digests.set(path, digest);
  }
  return digests;
}

function listChanges(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort(compareCodeUnits);
  return paths.flatMap((path) => describeChange(path, before.get(path), after.get(path)) ?? []);
}

function describeChange(
  path: string,
  before: string | undefined,
  after: string | undefined,
): string | undefined {
  if (before === after) return undefined;
  if (before === undefined) return `the list gained ${path}`;
  if (after === undefined) return `the list lost ${path}`;
  if (before === MISSING) return `${path} was added`;
  if (after === MISSING) return `${path} was removed`;
  return `${path} changed`;
}

// Not localeCompare: the order must not depend on the machine's locale.
function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
