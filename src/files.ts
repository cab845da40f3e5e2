import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdtemp, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Directory } from "@dagger.io/dagger";

/** A directory in the module's own container, which ends with the call. */
export function scratch(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `slipway-${name}-`));
}

/** The content of files of a directory, by path, in one transfer; undefined where there is no such file. */
export async function readFiles(
  directory: Directory,
  paths: readonly string[],
): Promise<Map<string, Buffer | undefined>> {
  const copy = await scratch("files");
  await directory.filter({ include: [...paths] }).export(copy);
  const entries = paths.map(async (path) => [path, await readIfPresent(join(copy, path))] as const);
  return new Map(await Promise.all(entries));
}

/** Whether one of these files is there. */
export async function hasAny(directory: Directory, paths: readonly string[]): Promise<boolean> {
  return [...(await readFiles(directory, paths)).values()].some((content) => content !== undefined);
}

/** The content of a file of the module's own container; undefined where there is none. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR"))
      return undefined;
    throw error;
  }
}

/** Digest of a file of the module's own container: `sha256:…`. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

/**
 * Moves a directory to a path that says its content, and gives that path: the same files lie there in every call. Where
 * it is taken, it is by the same files.
 */
export async function nameByContent(directory: string, name: string): Promise<string> {
  const path = `${name}-${await digestOfTree(directory)}`;
  try {
    await rename(directory, path);
  } catch (error) {
    if (
      !(error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST"))
    )
      throw error;
    await rm(directory, { recursive: true });
  }
  return path;
}

/** SHA-256 of the paths below a directory, with the mode and the content of each. */
async function digestOfTree(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const path of (await readdir(directory, { recursive: true })).toSorted()) {
    const absolute = join(directory, path);
    const stats = await lstat(absolute);
    const content = stats.isSymbolicLink()
      ? await readlink(absolute)
      : stats.isFile()
        ? await digestOfFile(absolute)
        : "";
    hash.update(JSON.stringify([path, stats.mode, content]));
  }
  return hash.digest("hex");
}
