import { chmod, copyFile, lstat, mkdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { InputError } from "../errors.js";
import type { FileNode } from "../layer/file-tree.js";
import { ambiguous, type Source } from "./sources.js";

/** Writes what is copied out of a build context into a directory, each file at its path in the context. */
export async function writeSources(
  directory: string,
  sources: readonly Source[],
  subject: string,
): Promise<void> {
  // By path, so that a directory comes before what is in it.
  for (const { path, node } of sources.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    await requirePlain(directory, posix.dirname(path), subject);
    if (node.type === "directory") await requireWithin(directory, path, subject);
    await writeNode(join(directory, path), path, node, subject);
  }
}

/** A link that another instruction copies may lead anywhere: nothing is written through it. */
async function requirePlain(root: string, directory: string, subject: string): Promise<void> {
  const names = directory.split("/").filter(Boolean);
  for (const at of names.keys()) {
    const above = names.slice(0, at + 1).join("/");
    const stats = await lstat(join(root, above)).catch(() => undefined);
    if (stats?.isSymbolicLink()) throw copiedAsBoth(subject, above, directory);
  }
}

/** A directory that another instruction copied as a link is what that leads to, as long as it stays in the context. */
async function requireWithin(root: string, path: string, subject: string): Promise<void> {
  const stats = await lstat(join(root, path)).catch(() => undefined);
  if (!stats?.isSymbolicLink()) return;
  const [home, led] = [await realpath(root), await realpath(join(root, path)).catch(() => undefined)];
  if (led !== home && !led?.startsWith(`${home}/`)) throw copiedAsBoth(subject, path.slice(1), path);
}

function copiedAsBoth(subject: string, link: string, by: string): InputError {
  return new InputError({
    subject,
    expected: `${link} to be copied either as a link or as what it leads to`,
    given: `both, by ${by.slice(1)}`,
    fix: "Copy it by one of its names",
  });
}

async function writeNode(target: string, path: string, node: FileNode, subject: string): Promise<void> {
  switch (node.type) {
    case "directory":
      await mkdir(target, { recursive: true });
      await chmod(target, node.mode);
      for (const [name, child] of node.children) {
        if ([".", ".."].includes(name) || name.includes("/"))
          throw new InputError({
            subject,
            expected: "files below the build context",
            given: `${path}/${name}`,
          });
        await writeNode(join(target, name), `${path}/${name}`, child, subject);
      }
      return;
    case "symlink":
      await mkdir(dirname(target), { recursive: true });
      return symlink(node.target, target).catch(ignoreExisting);
    case "file":
      await mkdir(dirname(target), { recursive: true });
      // What another instruction has copied as a link is never written through.
      await rm(target, { force: true });
      if ("bytes" in node.content) await writeFile(target, node.content.bytes);
      else if ("path" in node.content) await copyFile(node.content.path, target);
      return chmod(target, node.mode);
    case "conflict":
      throw ambiguous(subject, node);
    case "special":
      throw new InputError({
        subject,
        expected: "files, directories and symbolic links in the build context",
        given: `${path}, ${node.kind}`,
      });
  }
}

/** One instruction may copy what another one copies. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
