import { posix } from "node:path";
import type { ReadMember } from "../archive/tar-reader.js";
import { InputError } from "../errors.js";
import type { DirectoryNode, FileContent, FileNode, FileTree, StoredFile } from "./file-tree.js";
import { PathSet } from "./path-set.js";

/** How a name begins that stands for a file that is removed. */
export const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

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
    const path = this.#resolve(member.header.path);
    const directory = posix.dirname(path);
    const name = posix.basename(path);
    this.#requireDirectory(directory);
    if (name === opaque) this.#empty(this.tree.get(directory));
    else if (name.startsWith(whiteout)) this.#remove(directory, name.slice(whiteout.length));
    else if (path !== "/") this.#add(path, this.#nodeOf(path, member));
  }

  /** Nothing is put below what is no directory, nor below one that the layer removed and did not add again. */
  #requireDirectory(directory: string): void {
    const node = this.tree.get(directory);
    if (node?.type === "directory") return;
    if (node !== undefined) throw this.#refusal("a directory", `${directory}, a ${node.type}`);
    // What is removed is not in the tree, unless it is added again.
    const removed = this.#removed.firstOn(directory);
    if (removed !== undefined) throw this.#refusal("a directory", `${removed}, which the layer removes`);
  }

  #add(path: string, node: FileNode): void {
    this.tree.makeDirectories(posix.dirname(path), { uid: 0, gid: 0 }, this.subject);
    const found = this.tree.get(path);
    if (node.type === "directory" && found?.type === "directory")
      Object.assign(found, { mode: node.mode, uid: node.uid, gid: node.gid });
    else this.tree.put(path, node);
    this.#removed.delete(path);
    for (const above of this.tree.nodesOn(path)) this.#added.add(above);
  }

  #remove(directory: string, name: string): void {
    if (["", ".", ".."].includes(name))
      throw this.#refusal("a whiteout to name a file beside it", `${directory}/${whiteout}${name}`);
    const path = posix.join(directory, name);
    const node = this.tree.get(path);
    if (this.#removed.firstOn(path) !== undefined || (node !== undefined && this.#added.has(node)))
      throw this.#refusal("a whiteout before what the layer adds in its place, and one", path);
    this.tree.count(path, this.#removed.add(path));
    this.tree.remove(path);
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
    const resolved = this.#resolve(target);
    const isReplaced = `${resolved}/`.startsWith(`${path}/`);
    const node = isReplaced ? undefined : this.tree.get(resolved);
    if (node === undefined || node.type === "directory" || !this.#added.has(node))
      throw this.#refusal(`${path} to be a hard link to another file of the same layer`, target);
    return { ...node };
  }

  /** Where a path leads: links on the way are followed, and the last name is none. */
  #resolve(path: string): string {
    const written = posix.resolve("/", path);
    const directory = this.tree.resolve(posix.dirname(written));
    if (directory !== undefined) return posix.join(directory, posix.basename(written));
    throw this.#refusal("paths without symbolic links that lead in a circle", path);
  }

  #refusal(expected: string, given: string): InputError {
    return new InputError({ subject: this.subject, expected, given });
  }
}
