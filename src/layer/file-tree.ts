import { posix } from "node:path";
import type { Owner } from "../archive/tar.js";
import { InputError } from "../errors.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import type { StoredLayers } from "./uncompressed.js";

export interface DirectoryNode extends Owner {
  type: "directory";
  mode: number;
  /** As in a file. */
  lostMode?: number;
  children: Map<string, FileNode>;
}

/** A file in a layer of an image, which stays there until something copies it. */
export interface StoredFile {
  image: Pick<StoredLayers, "name" | "content">;
  layer: StoredLayer;
  /** Where its content begins in the archive of the layer, which may have several files of one name. */
  offset: number;
  size: number;
}

/** Where the bytes of a file are: on disk, in memory, or in a layer. */
export type FileContent = { path: string; size: number } | { bytes: Buffer } | { stored: StoredFile };

export interface RegularFile extends Owner {
  type: "file";
  mode: number;
  /** What its permissions were on disk, where they say more than `mode` and not by a umask. */
  lostMode?: number;
  /** As in a member of an archive. */
  capability?: Buffer;
  content: FileContent;
}

export interface Symlink extends Owner {
  type: "symlink";
  target: string;
}

/** What is neither file nor directory nor link: never copied. */
export interface SpecialFile {
  type: "special";
  /** As a phrase. */
  kind: "a named pipe" | "a socket" | "a device";
}

/** Two files that are meant to be at one path: whoever copies it is told both. */
export interface Conflict {
  type: "conflict";
  /** What they are, a phrase each. */
  between: readonly [string, string];
  /** What to do, as an imperative sentence without the full stop. */
  fix: string;
}

export type FileNode = DirectoryNode | RegularFile | Symlink | SpecialFile | Conflict;

/** Where a path leads. */
export interface Place {
  path: string;
  /** The root, the directories on the way and what is there; undefined is what does not exist. */
  nodes: readonly (FileNode | undefined)[];
}

/** What files by path take, without their content. */
export interface TreeCost {
  /** Bytes, about, of all that was put, and of what is kept of paths beside it. */
  memory: number;
  /** Names that were looked up while links were followed, and what else takes as long: the time goes by them. */
  names: number;
}

// What Linux takes of a path, and containerd of links; what a path leads through is bounded as well.
const maxLinks = 255;
const maxNames = 4096;

// About what a name takes in memory, beside its own length.
const nodeMemory = 400;

/**
 * Files by path, as a root file system has them. Paths are absolute, and no symbolic link leads out of the root.
 * What was put since the last time is kept apart, as the content of the next layer.
 */
export class FileTree {
  readonly root: DirectoryNode = { type: "directory", mode: 0o755, uid: 0, gid: 0, children: new Map() };
  readonly #changed = new Set<string>();
  /** What the tree took so far, for whoever reads files into it that are not his own. */
  readonly cost: TreeCost = { memory: 0, names: 0 };

  /** What is at a path; symbolic links are not followed. */
  get(path: string): FileNode | undefined {
    let node: FileNode | undefined = this.root;
    for (const name of namesOf(path)) node = childOf(node, name);
    return node;
  }

  /** The path with all symbolic links followed, as `locate` has it. */
  resolve(path: string): string | undefined {
    return this.locate(path)?.path;
  }

  /**
   * Where a path leads, all symbolic links followed, the last one as well; what does not exist stays as it is written.
   * Undefined where links lead in a circle, or too far.
   */
  locate(path: string): Place | undefined {
    const pending = namesOf(path).reverse();
    const resolved: string[] = [];
    const nodes: (FileNode | undefined)[] = [this.root];
    let links = 0;
    let names = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      this.cost.names += 1;
      names += 1;
      if (names > maxNames) return undefined;
      if (name === ".") continue;
      if (name === "..") {
        if (resolved.pop() !== undefined) nodes.pop();
        continue;
      }
      const node = childOf(nodes.at(-1), name);
      if (node?.type !== "symlink") {
        resolved.push(name);
        nodes.push(node);
        continue;
      }
      links += 1;
      if (links > maxLinks) return undefined;
      if (node.target.startsWith("/")) {
        resolved.length = 0;
        nodes.length = 1;
      }
      pending.push(...namesOf(node.target).reverse());
    }
    return { path: `/${resolved.join("/")}`, nodes };
  }

  /** Puts a node in a directory that exists. */
  put(path: string, node: FileNode): void {
    const parent = this.get(posix.dirname(path));
    if (parent?.type !== "directory") throw new Error(`${path} has no directory to be put into.`);
    this.putInto(parent, path, node);
  }

  /** Puts a node at a path into the directory that the path is in. */
  putInto(parent: DirectoryNode, path: string, node: FileNode): void {
    parent.children.set(posix.basename(path), node);
    this.#changed.add(path);
    this.count(path, 1);
    this.cost.memory += heldBy(node);
  }

  remove(path: string): void {
    const parent = this.get(posix.dirname(path));
    if (parent?.type === "directory") parent.children.delete(posix.basename(path));
  }

  /**
   * Makes a directory and those above it where they are missing; their permissions are 0755 unless given. Returns all of
   * them, from the root on.
   */
  makeDirectories(
    path: string,
    { mode = 0o755, uid, gid }: Owner & { mode?: number },
    subject: string,
  ): DirectoryNode[] {
    const parents = [this.root];
    let parent = this.root;
    let directory = "";
    for (const name of namesOf(path)) {
      directory = `${directory}/${name}`;
      const node = parent.children.get(name) ?? this.#make(parent, directory, { uid, gid, mode });
      if (node.type !== "directory")
        throw new InputError({ subject, expected: "a directory", given: `${directory}, a ${node.type}` });
      parent = node;
      parents.push(parent);
    }
    return parents;
  }

  /** What is at a path, symbolic links followed, the last one as well; undefined where there is nothing. */
  follow(path: string): FileNode | undefined {
    return this.locate(path)?.nodes.at(-1);
  }

  /** The same files in a tree of its own, which takes as much; nothing of it counts as changed. */
  copy(): FileTree {
    const copied = new FileTree();
    copied.cost.memory = this.cost.memory;
    copied.root.children = copyChildren(this.root.children);
    return copied;
  }

  /** Counts what somebody keeps of a path for the tree: as many nodes. */
  count(path: string, nodes: number): void {
    this.cost.memory += nodes * nodeMemory + path.length;
  }

  /** The paths that were put since the last call, in no order. */
  takeChanges(): string[] {
    const paths = [...this.#changed];
    this.#changed.clear();
    return paths;
  }

  #make(parent: DirectoryNode, path: string, attributes: Owner & { mode: number }): FileNode {
    const node: DirectoryNode = { type: "directory", ...attributes, children: new Map() };
    this.putInto(parent, path, node);
    return node;
  }
}

/** Bytes that a node keeps in memory beside itself. */
function heldBy(node: FileNode): number {
  if (node.type === "symlink") return node.target.length;
  return node.type === "file" && "bytes" in node.content ? node.content.bytes.length : 0;
}

/** What a directory has by a name. */
export function childOf(node: FileNode | undefined, name: string): FileNode | undefined {
  return node?.type === "directory" ? node.children.get(name) : undefined;
}

function copyChildren(children: ReadonlyMap<string, FileNode>): Map<string, FileNode> {
  return new Map(
    [...children].map(([name, node]) => [
      name,
      node.type === "directory" ? { ...node, children: copyChildren(node.children) } : node,
    ]),
  );
}

/** The names that a path leads through. */
export function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}
