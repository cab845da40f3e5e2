import { posix } from "node:path";
import type { Owner } from "../archive/tar.js";
import { InputError } from "../errors.js";
import type { Descriptor } from "../oci/manifest.js";
import type { ContentSource } from "../oci/source.js";

export interface DirectoryNode extends Owner {
  type: "directory";
  mode: number;
  /** As in a file. */
  lostMode?: number;
  children: Map<string, FileNode>;
}

/** A file in a layer of an image, which stays there until something copies it. */
export interface StoredFile {
  source: ContentSource;
  layer: Descriptor;
  /** As the archive of the layer names it. */
  path: string;
  size: number;
}

/** Where the bytes of a file are: on disk, in memory, or in a layer. */
export type FileContent = { path: string; size: number } | { bytes: Buffer } | { stored: StoredFile };

export interface RegularFile extends Owner {
  type: "file";
  mode: number;
  /** What its permissions were on disk, where they say more than `mode` and not by a umask. */
  lostMode?: number;
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

const maxLinks = 255;

/**
 * Files by path, as a root file system has them. Paths are absolute, and no symbolic link leads out of the root.
 * What was put since the last time is kept apart, as the content of the next layer.
 */
export class FileTree {
  readonly root: DirectoryNode = { type: "directory", mode: 0o755, uid: 0, gid: 0, children: new Map() };
  readonly #changed = new Set<string>();

  /** What is at a path; symbolic links are not followed. */
  get(path: string): FileNode | undefined {
    let node: FileNode | undefined = this.root;
    for (const name of namesOf(path)) node = node?.type === "directory" ? node.children.get(name) : undefined;
    return node;
  }

  /**
   * The path with all symbolic links followed, the last one as well; what does not exist stays as it is written.
   * Undefined where links lead in a circle.
   */
  resolve(path: string): string | undefined {
    let resolved = "/";
    let links = 0;
    for (let names = namesOf(path); names.length > 0; ) {
      const [name = "", ...rest] = names;
      names = rest;
      const next = posix.join(resolved, name);
      const node = this.get(next);
      if (node?.type !== "symlink") {
        resolved = next;
        continue;
      }
      links += 1;
      if (links > maxLinks) return undefined;
      if (node.target.startsWith("/")) resolved = "/";
      names = [...node.target.split("/").filter((part) => part !== "" && part !== "."), ...names];
    }
    return resolved;
  }

  /** Puts a node in a directory that exists. */
  put(path: string, node: FileNode): void {
    const parent = this.get(posix.dirname(path));
    if (parent?.type !== "directory") throw new Error(`${path} has no directory to be put into.`);
    parent.children.set(posix.basename(path), node);
    this.#changed.add(path);
  }

  remove(path: string): void {
    const parent = this.get(posix.dirname(path));
    if (parent?.type === "directory") parent.children.delete(posix.basename(path));
  }

  /** Makes a directory and those above it where they are missing; their permissions are 0755 unless given. */
  makeDirectories(
    path: string,
    { mode = 0o755, ...owner }: Owner & { mode?: number },
    subject: string,
  ): void {
    const names = namesOf(path);
    names.forEach((_, at) => {
      const directory = `/${names.slice(0, at + 1).join("/")}`;
      const found = this.get(directory);
      if (found === undefined)
        this.put(directory, { type: "directory", mode, ...owner, children: new Map() });
      else if (found.type !== "directory")
        throw new InputError({ subject, expected: "a directory", given: `${directory}, a ${found.type}` });
    });
  }

  /** What is at a path, symbolic links followed, the last one as well; undefined where there is nothing. */
  follow(path: string): FileNode | undefined {
    const resolved = this.resolve(path);
    return resolved === undefined ? undefined : this.get(resolved);
  }

  /** The same files in a tree of its own; nothing of it counts as changed. */
  copy(): FileTree {
    const copied = new FileTree();
    copied.root.children = copyChildren(this.root.children);
    return copied;
  }

  /** The paths that were put since the last call, in no order. */
  takeChanges(): string[] {
    const paths = [...this.#changed];
    this.#changed.clear();
    return paths;
  }
}

function copyChildren(children: ReadonlyMap<string, FileNode>): Map<string, FileNode> {
  return new Map(
    [...children].map(([name, node]) => [
      name,
      node.type === "directory" ? { ...node, children: copyChildren(node.children) } : node,
    ]),
  );
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}
