import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { DirectoryNode, FileContent, FileNode, FileTree } from "../layer/file-tree.js";
import type { Absence, CopyRoot } from "./sources.js";

/** Files that are laid over the source for one platform: prebuilt binaries, in every place where tools put them. */
export interface Overlay {
  files: FileTree;
  /** What else lies beside them: taken where the source has nothing. */
  others?: FileTree;
  /** Where those files come from, as the caller knows it: `--binaries`. */
  name: string;
  /** What is to be known of a path that is not there, as a sentence; undefined where that is nothing. */
  explain(path: string): string | undefined;
}

/** The source of a build context, as it lies on this machine. */
export interface ContextSource {
  /** Undefined where there is none. */
  directory: string | undefined;
  files: FileTree;
  /** Name of the ignore file that was read. */
  ignoreFile: string;
  /** Path of the Dockerfile. */
  dockerfile: string;
}

/**
 * What COPY may take: the source, with the binaries of the platform laid over it. A binary comes before a file of the
 * source; where a directory is copied that holds both a binary and a directory of one name, that is an error.
 */
export class BuildContext implements CopyRoot {
  readonly #replaced = new Map<string, string>();

  constructor(
    private readonly source: ContextSource,
    private readonly overlay?: Overlay,
  ) {}

  /** Files of the source that a binary took the place of where they were copied, a sentence each. */
  get replaced(): string[] {
    return [...this.#replaced.values()];
  }

  follow(path: string): FileNode | undefined {
    const { overlay, source } = this;
    const laid = overlay?.files.follow(path);
    const own = source.files.follow(path);
    const other = overlay?.others?.follow(path);
    if (laid !== undefined && laid.type !== "directory") {
      if (own !== undefined) this.#note(path, own);
      return laid;
    }
    return this.#merge(
      path,
      [laid, own, other].filter((node) => node !== undefined),
    );
  }

  explain(path: string): Absence {
    const name = path.slice(1);
    return {
      expected: `${name} to be in the build context`,
      fix:
        [this.#ignored(name), this.overlay?.explain(name), this.#nearby(path), this.#sparse()]
          .filter((sentence) => sentence !== undefined)
          .join(". ") || "Pass the directory of the binaries as --binaries, or check the spelling",
    };
  }

  /** The first node, and of directories what all of them hold. */
  #merge(path: string, [first, ...rest]: readonly FileNode[]): FileNode | undefined {
    if (first?.type !== "directory") return this.#unlessDifferent(path, first, rest[0]);
    const directories = rest.filter((node) => node.type === "directory");
    if (directories.length === 0) return first;
    const children = new Map<string, FileNode>();
    const names = new Set([first, ...directories].flatMap((directory) => [...directory.children.keys()]));
    for (const name of [...names].toSorted()) {
      const child = this.#child(posix.join(path, name), name, [first, ...directories]);
      if (child !== undefined) children.set(name, child);
    }
    return { ...first, children };
  }

  #child(path: string, name: string, directories: readonly DirectoryNode[]): FileNode | undefined {
    const nodes = directories.map(({ children }) => children.get(name)).filter((node) => node !== undefined);
    const [first, second] = nodes;
    if (first === undefined || second === undefined || first.type === "directory")
      return this.#merge(path, nodes);
    if (this.overlay?.files.get(path) !== first) return this.#unlessDifferent(path, first, second);
    if (second.type !== "directory") {
      this.#note(path, second);
      return first;
    }
    return {
      type: "conflict",
      between: [
        `the binary ${path.slice(1)} of ${this.overlay.name}`,
        `the directory ${path.slice(1)} of the source`,
      ],
      fix: `Leave one out: the directory by a line in ${this.source.dockerfile}.dockerignore, or the binary by release.binaries.names in slipway.json`,
    };
  }

  /** Two files that neither of them is a binary have to be the same. */
  #unlessDifferent(
    path: string,
    node: FileNode | undefined,
    other: FileNode | undefined,
  ): FileNode | undefined {
    if (node?.type !== "file" || other?.type !== "file" || isSameContent(node.content, other.content))
      return node;
    return {
      type: "conflict",
      between: [`${path.slice(1)} of the source`, `another ${path.slice(1)} in ${this.overlay?.name}`],
      fix: "Remove one of them",
    };
  }

  #note(path: string, node: FileNode): void {
    if (node.type === "file" && this.#isLaid(path, node)) return;
    this.#replaced.set(
      path,
      `The binary ${path.slice(1)} of ${this.overlay?.name} was copied, and not the ${node.type} ${path.slice(1)} of the source.`,
    );
  }

  /** Whether the source has the binary itself, since the binaries lie in it. */
  #isLaid(path: string, { content }: FileNode & { type: "file" }): boolean {
    const laid = this.overlay?.files.follow(path);
    return laid?.type === "file" && isSameContent(laid.content, content);
  }

  #ignored(name: string): string | undefined {
    const { directory, ignoreFile, dockerfile } = this.source;
    if (directory === undefined || name === "" || !existsSync(join(directory, name))) return undefined;
    const own = `${dockerfile}.dockerignore`;
    const instead = ignoreFile === own ? "" : `, or write ${own}, which is read in its place`;
    return `It is in the source, and ${ignoreFile} leaves it out: add the line !${name} there${instead}`;
  }

  /** Files of the same directory, the likeliest first. */
  #nearby(path: string): string | undefined {
    const parent = this.follow(posix.dirname(path));
    const names = parent?.type === "directory" ? [...parent.children.keys()] : [];
    const wanted = posix.basename(path).toLowerCase();
    const close = names.filter((name) => name.toLowerCase() === wanted);
    if (close.length > 0) return `There is ${close.join(", ")}`;
    const shown = names.slice(0, 8).join(", ");
    const where = posix.dirname(path) === "/" ? "The source" : posix.dirname(path).slice(1);
    if (names.length === 0) return undefined;
    return `${where} has ${shown}${names.length > 8 ? ` and ${names.length - 8} more` : ""}`;
  }

  #sparse(): string | undefined {
    const { directory } = this.source;
    if (directory === undefined || !existsSync(join(directory, ".git/info/sparse-checkout")))
      return undefined;
    return "The checkout is sparse: git sparse-checkout disable brings all files";
  }
}

function isSameContent(a: FileContent, b: FileContent): boolean {
  if ("path" in a && "path" in b)
    return a.path === b.path || (a.size === b.size && readFileSync(a.path).equals(readFileSync(b.path)));
  return a === b;
}
