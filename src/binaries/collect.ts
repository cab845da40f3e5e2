import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { InputError } from "../errors.js";
import type { Candidate } from "./binaries.js";
import { readGoReleaserDist } from "./goreleaser.js";
import { commonPatterns, linuxPatterns, type Pattern } from "./pattern.js";

/** A directory of binaries, and what each of its files is. */
export interface Catalog {
  root: string;
  /** The directory as the caller knows it; for messages. */
  subject: string;
  files: ReadonlySet<string>;
  candidates: readonly Candidate[];
  /** Version that GoReleaser built, by its metadata.json. */
  builtVersion?: string;
  /** Whether artifacts.json says what is what: all else that lies there is GoReleaser's own. */
  isDist: boolean;
}

export interface CatalogRequest {
  /** Where the binaries lie, as the caller knows it; for messages. */
  subject: string;
  /** Takes the place of GoReleaser's artifacts.json and of the common patterns. */
  pattern?: Pattern | undefined;
}

/** Reads a directory of binaries: by GoReleaser's artifacts.json where there is one, else by the names of its files. */
export async function readCatalog(root: string, { subject, pattern }: CatalogRequest): Promise<Catalog> {
  const files = await listFiles(root, subject);
  const { version, ...found } = await findCandidates(root, files, pattern);
  return { root, subject, files, ...found, ...(version === undefined ? {} : { builtVersion: version }) };
}

/** What the names of files say, by the first pattern that fits each. */
export function namedCandidates(files: Iterable<string>, patterns: readonly Pattern[]): Candidate[] {
  return [...files].toSorted().flatMap((path) => {
    const named = patterns.map(({ read }) => read(path)).find((found) => found !== undefined);
    return named === undefined ? [] : [{ ...named, path }];
  });
}

async function findCandidates(
  root: string,
  files: ReadonlySet<string>,
  pattern: Pattern | undefined,
): Promise<{ candidates: Candidate[]; isDist: boolean; version?: string }> {
  if (pattern !== undefined) return { candidates: namedCandidates(files, [pattern]), isDist: false };
  if (!files.has("artifacts.json")) {
    const found = namedCandidates(files, commonPatterns);
    return { candidates: found.length > 0 ? found : namedCandidates(files, linuxPatterns), isDist: false };
  }
  const text = (name: string) => readFile(join(root, name), "utf8");
  const read = readGoReleaserDist({
    artifacts: await text("artifacts.json"),
    metadata: files.has("metadata.json") ? await text("metadata.json") : undefined,
  });
  return { ...read, isDist: true };
}

/** Every regular file, by its path with forward slashes; links are not followed out of the directory. */
async function listFiles(root: string, subject: string): Promise<Set<string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => {
    throw new InputError({ subject, expected: "a directory with binaries", given: undefined });
  });
  return new Set(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/")),
  );
}
