import { chmod, copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { InputError } from "../errors.js";
import { type Binary, type Candidate, type Selection, selectBinaries } from "./binaries.js";
import { readGoReleaserDist } from "./goreleaser.js";
import { commonPatterns, type Pattern } from "./pattern.js";

/** The binaries of a release, and what the build says of itself. */
export interface BinarySet {
  binaries: Binary[];
  /** Version that GoReleaser built, by its metadata.json. */
  builtVersion?: string;
}

export interface CollectRequest extends Selection {
  /** Where the binaries lie, as the caller knows it; for messages. */
  subject: string;
  /** Takes the place of GoReleaser's artifacts.json and of the common patterns. */
  pattern?: Pattern | undefined;
}

/**
 * Finds the binaries of a release in a directory: by GoReleaser's artifacts.json where there is one, else by
 * their names.
 */
export async function collectBinaries(root: string, request: CollectRequest): Promise<BinarySet> {
  const files = await listFiles(root, request.subject);
  const { candidates, version } = await findCandidates(root, files, request.pattern);
  const binaries = selectBinaries(candidates, files, request, request.subject);
  return { binaries, ...(version === undefined ? {} : { builtVersion: version }) };
}

/**
 * Copies the binaries to `linux/<arch>/<name>` of a build context. Their mode is 0755 there, so that the umask of
 * whoever built them does not get into the image.
 */
export async function stageBinaries(
  root: string,
  binaries: readonly Binary[],
  context: string,
): Promise<void> {
  for (const { path, staged } of binaries) {
    const target = join(context, staged);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(root, path), target);
    await chmod(target, 0o755);
  }
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
): Promise<{ candidates: Candidate[]; version?: string }> {
  if (pattern !== undefined) return { candidates: namedCandidates(files, [pattern]) };
  if (!files.has("artifacts.json")) return { candidates: namedCandidates(files, commonPatterns) };
  const text = (name: string) => readFile(join(root, name), "utf8");
  return readGoReleaserDist({
    artifacts: await text("artifacts.json"),
    metadata: files.has("metadata.json") ? await text("metadata.json") : undefined,
  });
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
