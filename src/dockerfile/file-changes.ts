import { posix } from "node:path";
import type { Owner } from "../archive/tar.js";
import { InputError } from "../errors.js";
import type { DirectoryNode, FileNode, FileTree } from "../layer/file-tree.js";
import type { CopyFiles } from "./copy.js";
import type { FileChange, MakeDirectory } from "./draft.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { resolveOwner } from "./owner.js";
import { ambiguous, type CopyRoot, findSources, refuseArchives, type Source } from "./sources.js";

/** What --chown and --chmod say about everything that is copied. */
interface Attributes {
  owner: Owner;
  mode: number | undefined;
}

const superuser: Owner = { uid: 0, gid: 0 };

/** Does to the files of an image what an instruction says, as BuildKit does it (fsutil: copy.Copy). */
export async function applyChange(
  tree: FileTree,
  change: FileChange,
  root: CopyRoot,
  instruction: Instruction,
): Promise<void> {
  if (change.kind === "directory") return makeDirectory(tree, change, instruction);
  if (change.kind === "run")
    throw unsupported(instruction, "instructions that copy files or describe the image");
  const sources = findSources(change, root, instruction);
  if (change.unpacks) await refuseArchives(sources, instruction);
  const owner = change.owner === undefined ? superuser : await resolveOwner(change.owner, tree, instruction);
  for (const source of sources) copySource(tree, source, change, { owner, mode: change.mode }, instruction);
}

async function makeDirectory(tree: FileTree, change: MakeDirectory, instruction: Instruction): Promise<void> {
  const path = resolve(tree, change.path, instruction);
  if (tree.get(path)?.type === "directory") return;
  const owner = change.owner === undefined ? superuser : await resolveOwner(change.owner, tree, instruction);
  tree.makeDirectories(path, owner, instruction.subject);
}

/**
 * Symbolic links of the image are followed on the way to a destination, and the last one as well. Directories that a
 * destination needs, and a destination that is one, get the owner and permissions of what is copied into them.
 */
function copySource(
  tree: FileTree,
  { path, node }: Source,
  { destination, link }: CopyFiles,
  attributes: Attributes,
  instruction: Instruction,
): void {
  const { subject } = instruction;
  const intoDirectory = destination.endsWith("/");
  const directory = intoDirectory ? destination : posix.dirname(destination);
  const made = madeWith(attributes);
  tree.makeDirectories(resolve(tree, directory, instruction), made, subject);
  const found = resolve(tree, destination, instruction);
  const isInside = node.type !== "directory" && tree.get(found)?.type === "directory";
  if (link && (found !== posix.resolve(destination) || (isInside && !intoDirectory)))
    throw unsupported(
      instruction,
      `--link only where the base has nothing to do with the destination ${found}`,
    );
  // Once more: the last link may lead to where nothing is.
  tree.makeDirectories(node.type === "directory" ? found : posix.dirname(found), made, subject);
  if (node.type === "directory") copyChildren(tree, found, node, attributes, subject);
  else copyFile(tree, isInside ? posix.join(found, posix.basename(path)) : found, node, attributes, subject);
}

/** A new directory: of the permissions that --chmod gives those of users, group and others (fsutil: MkdirAll). */
function madeWith({ owner, mode }: Attributes): Owner & { mode?: number } {
  return { ...owner, ...(mode === undefined ? {} : { mode: mode & 0o777 }) };
}

function copyChildren(
  tree: FileTree,
  target: string,
  directory: DirectoryNode,
  attributes: Attributes,
  subject: string,
): void {
  for (const [name, node] of directory.children) {
    const path = posix.join(target, name);
    if (node.type === "directory") copyDirectory(tree, path, node, attributes, subject);
    else copyFile(tree, path, node, attributes, subject);
  }
}

/** Directories are merged: what exists keeps its files, and gets the owner and permissions of what is copied. */
function copyDirectory(
  tree: FileTree,
  path: string,
  directory: DirectoryNode,
  attributes: Attributes,
  subject: string,
): void {
  const found = tree.get(path);
  if (found !== undefined && found.type !== "directory") throw occupied(subject, "a directory", path, found);
  const mode = attributes.mode ?? directory.mode;
  tree.put(path, { ...directory, ...attributes.owner, mode, children: found?.children ?? new Map() });
  copyChildren(tree, path, directory, attributes, subject);
}

/** A file or a symbolic link takes the place of any other; a link has no permissions of its own. */
function copyFile(
  tree: FileTree,
  path: string,
  node: Exclude<FileNode, DirectoryNode>,
  { owner, mode }: Attributes,
  subject: string,
): void {
  const found = tree.get(path);
  if (found?.type === "directory") throw occupied(subject, `a place for a ${node.type}`, path, found);
  if (node.type === "conflict") throw ambiguous(subject, node);
  if (node.type === "special")
    throw new InputError({
      subject,
      expected: "files, directories and symbolic links",
      given: `${path}, ${node.kind}`,
    });
  tree.put(path, { ...node, ...owner, ...(node.type === "file" ? { mode: mode ?? node.mode } : {}) });
}

function occupied(subject: string, expected: string, path: string, { type }: FileNode): InputError {
  return new InputError({ subject, expected, given: `${path}, a ${type}` });
}

function resolve(tree: FileTree, path: string, instruction: Instruction): string {
  const resolved = tree.resolve(path);
  if (resolved === undefined)
    throw invalid(instruction, `${path} without symbolic links that lead in a circle`);
  return resolved;
}
