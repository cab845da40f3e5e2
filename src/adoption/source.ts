import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Directory } from "@dagger.io/dagger";
import { InputError } from "../errors.js";
import { scratch } from "../files.js";
import { type RepositoryFiles, readPatterns } from "./repository.js";

/** What init reads of a source: the paths of all files, and those that say something, in one transfer each. */
export async function readRepositoryFiles(source: Directory): Promise<RepositoryFiles> {
  const [paths, contents] = await Promise.all([
    source.filter({ exclude: [".git", "**/node_modules"] }).glob("**"),
    readMatching(source, readPatterns),
  ]);
  return { paths: new Set(paths.filter((path) => !path.endsWith("/"))), contents };
}

async function readMatching(
  source: Directory,
  include: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const copy = await scratch("repository");
  await source.filter({ include: [...include] }).export(copy);
  return readTree(copy);
}

/** The files below a directory of this machine, by their path from there. */
export async function readTree(root: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const own = relative(root, path).replaceAll(sep, "/");
      await requireReadable(path, own);
      return [own, await readFile(path)] as const;
    });
  return new Map(await Promise.all(files));
}

// Bytes: more than any file that is read has.
const mostOfFile = 16 << 20;

async function requireReadable(path: string, name: string): Promise<void> {
  const { size } = await stat(path);
  if (size > mostOfFile)
    throw new InputError({
      subject: name,
      expected: `at most ${mostOfFile} bytes`,
      given: size,
      fix: "Move it, or call init in a checkout without it",
    });
}
