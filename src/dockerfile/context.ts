import { isUtf8 } from "node:buffer";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { type DirectoryNode, type FileNode, FileTree } from "../layer/file-tree.js";
import { type IgnoreList, parseIgnoreList } from "./dockerignore.js";

const root = { uid: 0, gid: 0 };

const largestIgnoreFile = 1 << 20;

/** What Docker leaves to itself: never a part of an image. */
const repository = ".git";

/**
 * Reads files of a directory as a build context: all that its ignore file leaves in, but .git. Owners are dropped, and
 * of the permissions only whether a file can be executed is kept, so that neither the user nor the umask of a checkout
 * shows in the image: files get 0755 or 0644, directories 0755. Hard links are files of their own. A name that is not
 * in UTF-8 is an error where it is not left out: no archive would have it as it is.
 */
export function loadContext(directory: string, ignore: IgnoreList): FileTree {
  const tree = new FileTree();
  readDirectory(tree.root, directory, "", ignore);
  return tree;
}

/**
 * The ignore file of a context: `Dockerfile.dockerignore` beside the Dockerfile comes before `.dockerignore`. `name` is
 * the one that was read.
 */
export function readIgnoreFile(
  directory: string | undefined,
  dockerfile: string,
): IgnoreList & { name: string } {
  for (const name of [`${dockerfile}.dockerignore`, ".dockerignore"]) {
    const text = directory === undefined ? undefined : readIgnoreText(directory, name);
    if (text !== undefined) return { name, ...parseIgnoreList(text, name) };
  }
  return { name: ".dockerignore", ...parseIgnoreList("", ".dockerignore") };
}

/** What is at one path of a directory, without what is ignored below it; undefined where there is nothing. */
export function loadPath(directory: string, path: string, ignore: IgnoreList): FileNode | undefined {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  // A link on the way may lead out of the directory.
  const above = names.slice(0, -1).map((_, at) => join(directory, ...names.slice(0, at + 1)));
  const target = join(directory, ...names);
  if (names.includes("..") || !existsSync(target)) return undefined;
  if (above.some((parent) => lstatSync(parent).isSymbolicLink())) return undefined;
  const node = readNode(target, path);
  if (node.type === "directory") readDirectory(node, target, path, ignore);
  return node.type === "symlink" ? undefined : node;
}

/** The ignore list of a directory that has none. */
export const keepAll: IgnoreList = { ignores: () => false, hasExceptions: false };

// Synchronous: for many small files the way through the thread pool takes longer than the call.
function readDirectory(parent: DirectoryNode, directory: string, path: string, ignore: IgnoreList): void {
  const names = readdirSync(directory);
  for (const name of names.toSorted()) {
    const child = path === "" ? name : `${path}/${name}`;
    if (child === repository) continue;
    const ignored = ignore.ignores(child);
    if (ignored && !ignore.hasExceptions) continue;
    const node = readNode(join(directory, name), child);
    if (node.type === "directory") {
      readDirectory(node, join(directory, name), child, ignore);
      if (ignored && node.children.size === 0) continue;
    } else if (ignored) continue;
    parent.children.set(name, node);
  }
}

/** Reads what is at a path of this machine; `name` is its path in the context. */
function readNode(path: string, name: string): FileNode {
  const stats = lstatSync(path, { throwIfNoEntry: !name.includes(replacement) });
  if (stats === undefined) throw notUtf8("file names", name);
  if (stats.isDirectory())
    return { type: "directory", mode: 0o755, ...root, ...lostMode(stats), children: new Map() };
  if (stats.isSymbolicLink()) return { type: "symlink", ...root, target: readTarget(path, name) };
  if (!stats.isFile())
    return {
      type: "special",
      kind: stats.isFIFO() ? "a named pipe" : stats.isSocket() ? "a socket" : "a device",
    };
  const mode = (stats.mode & 0o111) === 0 ? 0o644 : 0o755;
  return { type: "file", mode, ...root, ...lostMode(stats), content: { path, size: stats.size } };
}

// What Node.js puts in the place of bytes that are no UTF-8.
const replacement = "\ufffd";

function readTarget(path: string, name: string): string {
  const target = readlinkSync(path, "buffer");
  if (!isUtf8(target)) throw notUtf8("links to names", `${name} -> ${target}`);
  return target.toString();
}

function notUtf8(expected: string, given: string): InputError {
  return new InputError({
    subject: "build context",
    expected: `${expected} in UTF-8`,
    given,
    fix: "Rename it, or leave it out by a line in .dockerignore",
  });
}

/** Permissions that no umask gives: special bits, and what its own user may not write. */
function lostMode({ mode }: Stats): { lostMode?: number } {
  return (mode & 0o7000) !== 0 || (mode & 0o200) === 0 ? { lostMode: mode & 0o7777 } : {};
}

/** A link may lead out of the directory, and a device has no end. */
function readIgnoreText(directory: string, name: string): string | undefined {
  const path = join(directory, name);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile() && stats.size <= largestIgnoreFile) return readFileSync(path, "utf8");
  throw new InputError({
    subject: name,
    expected: `a file of at most ${largestIgnoreFile} bytes`,
    given: stats.isFile() ? `one of ${stats.size} bytes` : "something else",
  });
}
