import { open } from "node:fs/promises";
import { posix } from "node:path";
import { decodeHeader } from "../archive/header-reader.js";
import { tarBlock } from "../archive/tar.js";
import { InputError } from "../errors.js";
import type { Conflict, FileNode } from "../layer/file-tree.js";
import type { CopyFiles } from "./copy.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { isPattern, parsePattern } from "./path-pattern.js";

/** What is copied: a file or a directory, and the path whose last name it keeps in a directory. */
export interface Source {
  path: string;
  node: FileNode;
}

/** Where COPY takes files from: the build context, a stage or an image. */
export interface CopyRoot {
  /** What is at an absolute path, symbolic links followed; undefined where there is nothing. */
  follow(path: string): FileNode | undefined;
  /** The same, with what is there only for who names it: wildcards match that where they match nothing else. */
  followAll?(path: string): FileNode | undefined;
  /** What was expected of an absolute path where there is nothing, and what to do about it. */
  explain(path: string): Absence;
}

/** Why a file is not where COPY looks for it. */
export interface Absence {
  expected: string;
  /** As an imperative sentence without the full stop. */
  fix: string;
}

// How compressed files start that BuildKit looks into for a tar archive: gzip, bzip2, xz, zstd.
const compressed = ["1f8b", "425a68", "fd377a585a00", "28b52ffd"];

/** Everything that COPY or ADD takes: first what its paths name in the context, then its own files. */
export function findSources(copy: CopyFiles, root: CopyRoot, instruction: Instruction): Source[] {
  const found = copy.sources.flatMap((path) =>
    isPattern(path) ? matchSources(root, path, instruction) : [namedSource(root, path, instruction)],
  );
  const sources = [...found, ...copy.files.map(inlineSource)];
  if (sources.length === 0) {
    const { expected, fix } = root.explain(copy.sources[0] ?? "/");
    throw invalid(instruction, expected, fix);
  }
  if (sources.length > 1 && !copy.destination.endsWith("/"))
    throw invalid(instruction, "a destination that ends with / where there are several sources");
  return sources;
}

function namedSource(root: CopyRoot, path: string, instruction: Instruction): Source {
  const node = root.follow(path);
  if (node?.type === "conflict") throw ambiguous(instruction.subject, node);
  if (node !== undefined) return { path, node };
  const { expected, fix } = root.explain(path);
  throw invalid(instruction, expected, fix);
}

/** A choice that would be a guess. */
export function ambiguous(subject: string, { between: [first, second], fix }: Conflict): InputError {
  return new InputError({
    subject,
    expected: "one file at that path",
    given: `${first}, and ${second}`,
    fix,
  });
}

/**
 * What a pattern matches, which may be nothing. The directories before the first name with a wildcard are taken
 * as they are, and have to be there; the rest matches a path below them whole, and what is below a match belongs to
 * it (fsutil: copy.ResolveWildcards).
 */
function matchSources(root: CopyRoot, path: string, instruction: Instruction): Source[] {
  const names = path.split("/").filter((name) => name !== "");
  const wild = names.findIndex(isPattern);
  const pattern = parsePattern(names.slice(wild).join("/"));
  if (pattern === undefined) throw invalid(instruction, "a pattern with a ] for each [");
  const found: Source[] = [];
  const visit = (at: string, below: string, node: FileNode): void => {
    if (below !== "" && pattern.matches(below)) found.push(namedSource(root, at, instruction));
    else if (node.type === "directory")
      for (const [name, child] of node.children) visit(posix.join(at, name), posix.join(below, name), child);
  };
  const start = namedSource(root, `/${names.slice(0, wild).join("/")}`, instruction);
  visit(start.path, "", start.node);
  const hidden = found.length === 0 ? root.followAll?.(start.path) : undefined;
  if (hidden !== undefined) visit(start.path, "", hidden);
  return found;
}

function inlineSource({ name, content }: CopyFiles["files"][number]): Source {
  return {
    path: name,
    node: { type: "file", mode: 0o644, uid: 0, gid: 0, content: { bytes: Buffer.from(content) } },
  };
}

/** ADD unpacks archives; compressed files are taken for archives unseen. */
export async function refuseArchives(sources: readonly Source[], instruction: Instruction): Promise<void> {
  for (const { path, node } of sources) {
    if (node.type !== "file" || !("path" in node.content)) continue;
    const start = await readStart(node.content.path);
    const hex = start.toString("hex");
    if (compressed.some((magic) => hex.startsWith(magic)) || decodeHeader(start) !== undefined)
      throw unsupported(instruction, `ADD without archives, which ${path.slice(1)} is`);
  }
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    return (await file.read(Buffer.alloc(tarBlock), 0, tarBlock, 0)).buffer;
  } finally {
    await file.close();
  }
}
