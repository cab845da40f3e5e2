import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { DirectoryNode, FileContent, FileNode, FileTree } from "../layer/file-tree.js";
import { keepAll, loadPath } from "./context.js";
import type { IgnoreList } from "./dockerignore.js";
import type { Absence, CopyRoot } from "./sources.js";

/** Files that are laid over the source for one platform: prebuilt binaries, in every place where tools put them. */
export interface Overlay {
  /** What is among the files of a directory as well: what COPY of the whole context takes, and wildcards match. */
  files: FileTree;
  /** What is there only for who names it. */
  named: FileTree;
  /** What lies beside the binaries, taken where it is named and nothing else is there. */
  others?: FileTree;
  /** Where all of that comes from, as the caller knows it: `--binaries`. */
  name: string;
  /** Whether it is GoReleaser's, whose own build context knows no ignore file: files that are named are taken anyway. */
  isDist: boolean;
  isBinary(node: FileNode): boolean;
  /** What is to be known of a path that is not there, as a sentence without the full stop. */
  explain(path: string): string | undefined;
}

/** The source of a build context, as it lies on this machine. */
export interface ContextSource {
  /** Undefined where there is none. */
  directory: string | undefined;
  files: FileTree;
  /** Name of the ignore file that was read. */
  ignoreFile: string;
  /** What it leaves out. */
  ignore: IgnoreList;
  /** Path of the Dockerfile. */
  dockerfile: string;
}

const missing = "If it is built, pass its directory as --binaries";

/**
 * What COPY may take: the source, with the binaries of the platform laid over it. A binary comes before a file of the
 * source; where a directory is copied that holds both a binary and a directory of one name, that is an error.
 */
export class BuildContext implements CopyRoot {
  readonly #remarks = new Map<string, string>();

  constructor(
    private readonly source: ContextSource,
    private readonly overlay?: Overlay,
  ) {}

  /** What is to be known of what was copied, a sentence each. */
  get remarks(): string[] {
    return [...this.#remarks.values()];
  }

  /** Adds to what is to be known. */
  remark(sentence: string): void {
    this.#remarks.set(sentence, sentence);
  }

  follow(path: string): FileNode | undefined {
    const { overlay, source } = this;
    const isNamed = path !== "/";
    const laid = overlay?.files.follow(path);
    const named = isNamed ? overlay?.named.follow(path) : undefined;
    const own = source.files.follow(path);
    const other = isNamed ? overlay?.others?.follow(path) : undefined;
    const file = [laid, named].find((node) => node !== undefined && node.type !== "directory");
    if (file !== undefined) {
      if (own !== undefined) this.#noteReplaced(path, own);
      return file;
    }
    return (
      this.#merge(
        path,
        [laid, named, own, other].filter((node) => node !== undefined),
      ) ?? this.#unlisted(path)
    );
  }

  followAll(path: string): FileNode | undefined {
    const { overlay, source } = this;
    const trees = [overlay?.files, overlay?.named, source.files, overlay?.others];
    return this.#merge(
      path,
      trees.map((tree) => tree?.follow(path)).filter((node) => node !== undefined),
    );
  }

  explain(path: string): Absence {
    const name = path.slice(1);
    return {
      expected: `${name} to be in the build context`,
      fix:
        this.#linked(path) ??
        this.#ignored(name) ??
        this.#inOtherCase(path) ??
        this.#whatIsThere(path).join(". "),
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

  /** What is left out of the context and named all the same, where a build without Slipway has it. */
  #unlisted(path: string): FileNode | undefined {
    const { directory, ignoreFile, ignore } = this.source;
    const isRepository = /^\/\.git(\/|$)/.test(path);
    if (directory === undefined || !(isRepository || this.overlay?.isDist)) return undefined;
    // It may hold the token of the checkout: a rule of the project that leaves it out is kept.
    const isIgnored = isRepository && ignore.ignores(path.slice(1));
    if (isIgnored && !ignore.hasExceptions) return undefined;
    const node = loadPath(directory, path.slice(1), isRepository ? ignore : keepAll);
    if (isIgnored && !(node?.type === "directory" && node.children.size > 0)) return undefined;
    if (node !== undefined && !isRepository)
      this.#remarks.set(
        path,
        `${path.slice(1)} is copied though ${ignoreFile} leaves it out: GoReleaser, whose build this is, does not read that file.`,
      );
    return node;
  }

  #child(path: string, name: string, directories: readonly DirectoryNode[]): FileNode | undefined {
    const nodes = directories.map(({ children }) => children.get(name)).filter((node) => node !== undefined);
    const [first, second] = nodes;
    if (first === undefined || second === undefined || first.type === "directory")
      return this.#merge(path, nodes);
    if (this.overlay?.isBinary(first) !== true) return this.#unlessDifferent(path, first, second);
    if (second.type !== "directory") {
      this.#noteReplaced(path, second);
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

  /** Unless the source has the binary itself, since the binaries lie in it. */
  #noteReplaced(path: string, node: FileNode): void {
    const laid = this.overlay?.files.follow(path) ?? this.overlay?.named.follow(path);
    if (laid?.type === "file" && node.type === "file" && isSameContent(laid.content, node.content)) return;
    this.#remarks.set(
      path,
      `The binary ${path.slice(1)} of ${this.overlay?.name} was copied, and not the ${node.type} ${path.slice(1)} of the source.`,
    );
  }

  #linked(path: string): string | undefined {
    const node = this.source.files.get(path);
    if (node?.type !== "symlink") return undefined;
    return `It is a link to ${node.target}, where the build context has nothing`;
  }

  #ignored(name: string): string | undefined {
    const { directory, ignoreFile, dockerfile } = this.source;
    if (directory === undefined || name === "" || !existsSync(join(directory, name))) return undefined;
    const own = `${dockerfile}.dockerignore`;
    const instead = ignoreFile === own ? "" : `, or write ${own}, which is read in its place`;
    return `It is in the source, and ${ignoreFile} leaves it out: add the line !${name} there${instead}`;
  }

  #whatIsThere(path: string): string[] {
    const built = this.overlay === undefined ? missing : this.overlay.explain(path.slice(1));
    return [built, this.#nearby(path), this.#sparse()].filter((sentence) => sentence !== undefined);
  }

  #inOtherCase(path: string): string | undefined {
    const wanted = posix.basename(path).toLowerCase();
    const found = this.#namesBeside(path).find((name) => name.toLowerCase() === wanted);
    return found === undefined ? undefined : `There is ${posix.join(posix.dirname(path), found).slice(1)}`;
  }

  #namesBeside(path: string): string[] {
    const parent = this.follow(posix.dirname(path));
    return parent?.type === "directory" ? [...parent.children.keys()] : [];
  }

  /** Files of the same directory. */
  #nearby(path: string): string | undefined {
    const names = this.#namesBeside(path);
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
