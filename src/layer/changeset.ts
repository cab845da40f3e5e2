import { posix } from "node:path";
import type { ReadMember } from "../archive/tar-reader.js";
import { InputError } from "../errors.js";
import {
  childOf,
  type DirectoryNode,
  type FileContent,
  type FileNode,
  type FileTree,
  type Place,
  type StoredFile,
} from "./file-tree.js";
import { PathSet } from "./path-set.js";

/** How a name begins that stands for a file that is removed. */
export const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/** Where a member goes: the directory with all symbolic links followed, which may be missing, and a name in it. */
interface Target {
  directory: Place;
  name: string;
  path: string;
}

/**
 * What one layer changes of the files that those below it leave (OCI image specification, "Image Layer Filesystem
 * Changeset"). Its whiteouts remove what lower layers have, and nothing that it adds itself. It is unpacked into a
 * directory of its own by what mounts layers over each other (containerd, Docker: overlay), and into one of all layers by
 * others: what one of them cannot do is refused.
 */
export class Changeset {
  /** What the layer added, and the directories above that. */
  readonly #added = new Set<FileNode>();
  /** What the layer removed: in its own directory, each is a device. */
  readonly #removed = new PathSet();
  /** The directories of its members, as they are written: their times are set last. */
  readonly #directories = new Set<string>();
  /** Directories that hold nothing but what the layer adds: looked through once, however often it says so. */
  readonly #emptied = new Set<DirectoryNode>();

  constructor(
    private readonly tree: FileTree,
    /** For messages: the image and the layer. */
    private readonly subject: string,
    /** Where the content of files stays. */
    private readonly stored: Pick<StoredFile, "image" | "layer">,
  ) {}

  apply(member: ReadMember): void {
    const target = this.#resolve(member.header.path);
    const { directory, name, path } = target;
    this.#requireDirectory(directory);
    if (name === opaque) this.#makeOpaque(directory);
    else if (name.startsWith(whiteout)) this.#remove(directory, name.slice(whiteout.length));
    else if (path !== "/") {
      this.#add(target, this.#nodeOf(path, member));
      if (member.header.type === "directory") this.#keepDirectory(member.header.path);
    } else if (member.header.type !== "directory")
      throw this.#refusal("the root to be a directory", member.header.type);
  }

  /** After the last member: a directory that the layer has replaced since has no place where its times are set. */
  end(): void {
    for (const path of this.#directories) {
      const node = this.tree.follow(path);
      if (node === undefined || !this.#added.has(node))
        throw this.#refusal("no directory that the layer itself replaces", path);
    }
  }

  #keepDirectory(path: string): void {
    const written = posix.resolve("/", path);
    if (this.#directories.has(written)) return;
    this.#directories.add(written);
    this.tree.count(written, 1);
  }

  /** Nothing is put below what is no directory, nor below one that the layer removed and did not add again. */
  #requireDirectory({ path, nodes }: Place): void {
    if (nodes.at(-1)?.type === "directory") return;
    const at = nodes.findIndex((node) => node !== undefined && !isDirectory(node));
    if (at >= 0)
      throw this.#refusal("a directory", `${path.split("/", at + 1).join("/")}, a ${nodes[at]?.type}`);
    // What is removed is not in the tree, unless it is added again.
    const removed = this.#removed.firstOn(path);
    if (removed !== undefined) throw this.#refusal("a directory", `${removed}, which the layer removes`);
  }

  #add({ directory, name, path }: Target, node: FileNode): void {
    const parents = directory.nodes.every(isDirectory)
      ? directory.nodes
      : this.tree.makeDirectories(directory.path, { uid: 0, gid: 0 }, this.subject);
    const found = childOf(parents.at(-1), name);
    const isMerged = node.type === "directory" && found?.type === "directory";
    if (isMerged) Object.assign(found, { mode: node.mode, uid: node.uid, gid: node.gid });
    else this.tree.putInto(parents.at(-1) ?? this.tree.root, path, node);
    this.#removed.delete(path);
    this.#added.add(isMerged ? found : node);
    // What is above something that was added was added with it.
    for (const above of parents.toReversed()) {
      if (this.#added.has(above)) break;
      this.#added.add(above);
    }
  }

  #remove({ path: directory, nodes }: Place, name: string): void {
    if (["", ".", ".."].includes(name))
      throw this.#refusal("a whiteout to name a file beside it", `${directory}/${whiteout}${name}`);
    const path = posix.join(directory, name);
    const parent = nodes.at(-1);
    const node = childOf(parent, name);
    const isThere = (node !== undefined && this.#added.has(node)) || this.#removed.hasBelow(path);
    if (isThere || this.#removed.firstOn(path) !== undefined)
      throw this.#refusal("a whiteout before what the layer adds in its place, and one", path);
    this.tree.count(path, this.#removed.add(path));
    if (parent?.type === "directory") parent.children.delete(name);
  }

  /** The directory is made for it. */
  #makeOpaque({ path, nodes }: Place): void {
    const within = posix.join(path, opaque);
    const taken = this.#removed.pass(within);
    if (taken > 0) this.tree.count(within, taken);
    this.#empty(nodes.at(-1));
  }

  /** Removes what lower layers have in a directory. */
  #empty(directory: FileNode | undefined): void {
    if (directory?.type !== "directory" || this.#emptied.has(directory)) return;
    this.#emptied.add(directory);
    for (const [name, child] of directory.children)
      if (this.#added.has(child)) this.#empty(child);
      else directory.children.delete(name);
  }

  #nodeOf(path: string, member: ReadMember): FileNode {
    const { header } = member;
    const { type, uid, gid, target, capability } = header;
    const mode = header.mode & 0o7777;
    switch (type) {
      case "file":
        return {
          type,
          mode,
          uid,
          gid,
          ...(capability === undefined ? {} : { capability }),
          content: this.#contentOf(member),
        };
      case "directory":
        return { type, mode, uid, gid, children: new Map() };
      case "symlink":
        return { type, uid, gid, target };
      case "hardlink":
        return this.#linked(path, target);
      case "other":
        return { type: "special", kind: header.flag === "6" ? "a named pipe" : "a device" };
    }
  }

  #contentOf({ header, offset, content }: ReadMember): FileContent {
    if (content === undefined) return { stored: { ...this.stored, offset, size: header.size } };
    // A part of a chunk would keep all of it.
    return { bytes: Buffer.from(content) };
  }

  /** What a hard link is: another name of a file that the layer has. */
  #linked(path: string, target: string): FileNode {
    const found = this.#resolve(target);
    const isReplaced = `${found.path}/`.startsWith(`${path}/`);
    const node = isReplaced ? undefined : childOf(found.directory.nodes.at(-1), found.name);
    if (node === undefined || node.type === "directory" || !this.#added.has(node))
      throw this.#refusal(`${path} to be a hard link to another file of the same layer`, target);
    return { ...node };
  }

  /** Where a path leads: links on the way are followed, and the last name is none. */
  #resolve(path: string): Target {
    const written = posix.resolve("/", path);
    const directory = this.tree.locate(posix.dirname(written));
    const name = posix.basename(written);
    if (directory !== undefined) return { directory, name, path: posix.join(directory.path, name) };
    throw this.#refusal("paths without symbolic links that lead in a circle", path);
  }

  #refusal(expected: string, given: string): InputError {
    return new InputError({ subject: this.subject, expected, given });
  }
}

function isDirectory(node: FileNode | undefined): node is DirectoryNode {
  return node?.type === "directory";
}
