import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { type FileNode, FileTree } from "../layer/file-tree.js";
import { type IgnoreList, parseIgnoreList } from "./dockerignore.js";

const root = { uid: 0, gid: 0 };

/**
 * Reads the build context: all files below a directory that its ignore file leaves in. `Dockerfile.dockerignore`
 * beside the Dockerfile comes before `.dockerignore`. Owners are dropped, and of the permissions only whether
 * a file can be executed is kept, so that neither the user nor the umask of a checkout shows in the image:
 * files get 0755 or 0644, directories 0755. Hard links are files of their own.
 */
export async function loadContext(directory: string, dockerfile: string): Promise<FileTree> {
  const tree = new FileTree();
  await readDirectory(tree, directory, "/", await readIgnoreList(directory, dockerfile));
  tree.takeChanges();
  return tree;
}

async function readDirectory(
  tree: FileTree,
  directory: string,
  path: string,
  ignore: IgnoreList,
): Promise<void> {
  for (const name of (await readdir(join(directory, path))).toSorted()) {
    const child = posix.join(path, name);
    const ignored = ignore.ignores(child.slice(1));
    if (ignored && !ignore.hasExceptions) continue;
    const node = await readNode(join(directory, child));
    if (node.type !== "directory") {
      if (!ignored) tree.put(child, node);
      continue;
    }
    tree.put(child, node);
    await readDirectory(tree, directory, child, ignore);
    if (ignored && node.children.size === 0) tree.remove(child);
  }
}

async function readNode(path: string): Promise<FileNode> {
  const stats = await lstat(path);
  if (stats.isDirectory()) return { type: "directory", mode: 0o755, ...root, children: new Map() };
  if (stats.isSymbolicLink()) return { type: "symlink", ...root, target: await readlink(path) };
  if (!stats.isFile()) return { type: "special" };
  const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
  return { type: "file", mode, ...root, content: { path, size: stats.size } };
}

async function readIgnoreList(directory: string, dockerfile: string): Promise<IgnoreList> {
  for (const name of [`${dockerfile}.dockerignore`, ".dockerignore"]) {
    const text = await readFile(join(directory, name), "utf8").catch(ignoreAbsent);
    if (text !== undefined) return parseIgnoreList(text, name);
  }
  return parseIgnoreList("", ".dockerignore");
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
