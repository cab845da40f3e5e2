import { statSync } from "node:fs";
import { join, posix } from "node:path";
import type { Overlay } from "../dockerfile/build-context.js";
import { InputError } from "../errors.js";
import { type DirectoryNode, type FileNode, FileTree } from "../layer/file-tree.js";
import { type Candidate, describeCandidate, isOfBuild, nothingFound } from "./binaries.js";
import type { Catalog } from "./collect.js";

/** Which of the binaries of a catalog are laid over the source; empty lists take all of them. */
export interface OverlaySelection {
  names: readonly string[];
  ids: readonly string[];
}

/** The binaries of one platform where tools put them, and which file is which. */
export interface BinaryOverlay extends Overlay {
  /** The binary whose file that is; undefined for every other file. */
  binaryOf(node: FileNode): Candidate | undefined;
  /** Names that more than one build of the platform has. */
  ambiguous: ReadonlySet<string>;
}

/**
 * Lays the binaries of a platform out: as `<os>/<arch>[/<variant>]/<name>` and as `<name>`, which is where GoReleaser
 * puts them for a Dockerfile, and under their own paths. What is built for other platforms is left out. A name that
 * several builds have is an error for whoever copies it; under its own path each can be copied.
 */
export function layOut(
  catalog: Catalog,
  platform: string,
  { names, ids }: OverlaySelection,
  others?: FileTree,
): BinaryOverlay {
  const { root, files, candidates, subject, isDist } = catalog;
  const wanted = candidates.filter(
    ({ isPackage = false, ...candidate }) =>
      isPackage || (isOfBuild(candidate, ids) && (names.length === 0 || names.includes(candidate.name))),
  );
  const own = wanted.filter((candidate) => candidate.platform === platform && files.has(candidate.path));
  const [tree, named] = [new FileTree(), new FileTree()];
  const binaries = new Map<FileNode, Candidate>();
  const byName = Map.groupBy(own, ({ name }) => name);
  for (const candidate of own) {
    const path = join(root, candidate.path);
    const content = { path, size: statSync(path).size };
    const node: FileNode = { type: "file", mode: 0o755, uid: 0, gid: 0, content };
    binaries.set(node, candidate);
    const [first, second] = byName.get(candidate.name) ?? [];
    const chosen = first !== undefined && second !== undefined ? conflictOf(first, second) : node;
    // What tools lay out is what a directory shows, so that wildcards match it once.
    place(isDist ? named : tree, candidate.path, node);
    place(isDist ? tree : named, candidate.name, chosen);
    place(named, `${platform}/${candidate.name}`, chosen);
  }
  return {
    files: tree,
    named,
    ...(others === undefined ? {} : { others: withoutBinaries(others, candidates) }),
    isDist,
    isBinary: (node) => binaries.has(node),
    name: subject,
    binaryOf: (node) => binaries.get(node),
    ambiguous: new Set([...byName].filter(([, same]) => same.length > 1).map(([name]) => name)),
    explain: (path) => explain(path, platform, catalog, wanted, own),
  };
}

/** What is there where something was looked for, as a sentence without the full stop. */
function explain(
  path: string,
  platform: string,
  { subject, files, candidates }: Catalog,
  wanted: readonly Candidate[],
  own: readonly Candidate[],
): string {
  const isMeant = (candidate: Candidate) =>
    candidate.path === path || candidate.name === posix.basename(path);
  const elsewhere = wanted.filter((candidate) => isMeant(candidate) && candidate.platform !== platform);
  const absent = wanted.filter((candidate) => !files.has(candidate.path));
  const lost =
    absent.find(isMeant) ??
    (own.length > 0 ? undefined : absent.find((found) => found.platform === platform));
  if (lost !== undefined) return `${lost.path} is listed in artifacts.json of ${subject}, and is not there`;
  if (elsewhere.length > 0 && !own.some(isMeant)) {
    const platforms = [...new Set(elsewhere.map((found) => found.platform))].join(", ");
    return `In ${subject} it is built for ${platforms}, and not for ${platform}: ${adviceOn(elsewhere, own, platform)}`;
  }
  const leftOut = candidates.filter((found) => found.platform === platform && found.isPackage !== true);
  if (own.length === 0 && leftOut.length > 0)
    return `Names or ids of release.binaries in slipway.json leave out all that ${subject} has for ${platform}: ${leftOut.map(describeCandidate).join(", ")}`;
  if (own.length === 0)
    return `In ${subject} ${nothingFound(candidates, files, { platforms: [platform], names: [], ids: [] })}`;
  const described = own.slice(0, 5).map((found) => `${found.name}, which COPY takes as ${pathsOf(found)}`);
  return `${subject} has for ${platform} ${described.join("; ")}${own.length > 5 ? `; and ${own.length - 5} more` : ""}`;
}

/** What to do about a binary that is there for other platforms only. */
function adviceOn(elsewhere: readonly Candidate[], own: readonly Candidate[], platform: string): string {
  const [same] = own.filter(({ name }) => elsewhere.some((found) => found.name === name));
  if (same === undefined) return `build it for that, or leave ${platform} out of release.platforms`;
  return `COPY takes that of each platform as ${same.name} or $TARGETPLATFORM/${same.name}`;
}

function pathsOf({ name, platform, path }: Candidate): string {
  return [...new Set([name, `${platform}/${name}`, path])].join(" or ");
}

function conflictOf(first: Candidate, second: Candidate): FileNode {
  return {
    type: "conflict",
    between: [describeCandidate(first), describeCandidate(second)],
    fix: "Choose the build by release.binaries.ids in slipway.json, or copy it under its own path",
  };
}

/** Puts a node at a path below the root, with the directories that it needs; a file in their place gives way. */
function place(tree: FileTree, path: string, node: FileNode): void {
  const names = path.split("/");
  const wrong = names.find((name) => ["", ".", ".."].includes(name) || name.includes("\0"));
  if (wrong !== undefined)
    throw new InputError({
      subject: "--binaries",
      expected: "paths below it, without . and ..",
      given: path,
    });
  let directory: DirectoryNode = tree.root;
  for (const name of names.slice(0, -1)) {
    const found = directory.children.get(name);
    const next: DirectoryNode =
      found?.type === "directory"
        ? found
        : { type: "directory", mode: 0o755, uid: 0, gid: 0, children: new Map() };
    directory.children.set(name, next);
    directory = next;
  }
  const name = names.at(-1) ?? "";
  if (directory.children.get(name)?.type !== "directory") directory.children.set(name, node);
}

/** What lies beside the binaries. */
function withoutBinaries(others: FileTree, candidates: readonly Candidate[]): FileTree {
  const tree = others.copy();
  for (const { path } of candidates) tree.remove(`/${path}`);
  return tree;
}
