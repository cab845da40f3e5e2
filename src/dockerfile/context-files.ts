import { chmod, copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  for (const { path, node } of sources.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    await writeNode(join(directory, path), path, node, subject);
}

async function writeNode(target: string, path: string, node: FileNode, subject: string): Promise<void> {
  switch (node.type) {
    case "directory":
      await mkdir(target, { recursive: true });
      await chmod(target, node.mode);
      for (const [name, child] of node.children)
        await writeNode(join(target, name), `${path}/${name}`, child, subject);
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
