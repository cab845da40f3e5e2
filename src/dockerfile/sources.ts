import { open } from "node:fs/promises";
import { posix } from "node:path";
import { decodeHeader, tarBlock } from "../archive/tar.js";
import type { FileNode, FileTree } from "../layer/file-tree.js";
import type { CopyFiles } from "./copy.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { isPattern, parsePattern } from "./path-pattern.js";

/** What is copied: a file or a directory, and the path whose last name it keeps in a directory. */
export interface Source {
  path: string;
  node: FileNode;
}

// How compressed files start that BuildKit looks into for a tar archive: gzip, bzip2, xz, zstd.
const compressed = ["1f8b", "425a68", "fd377a585a00", "28b52ffd"];

/** Everything that COPY or ADD takes: first what its paths name in the context, then its own files. */
export async function findSources(
  copy: CopyFiles,
  context: FileTree,
  instruction: Instruction,
): Promise<Source[]> {
  const found = copy.sources.flatMap((path) =>
    isPattern(path) ? matchSources(context, path, instruction) : [namedSource(context, path, instruction)],
  );
  if (copy.unpacks) await refuseArchives(found, instruction);
  const sources = [...found, ...copy.files.map(inlineSource)];
  if (sources.length === 0) throw invalid(instruction, "a source that matches a file of the build context");
  if (sources.length > 1 && !copy.destination.endsWith("/"))
    throw invalid(instruction, "a destination that ends with / where there are several sources");
  return sources;
}

function namedSource(context: FileTree, path: string, instruction: Instruction): Source {
  const node = follow(context, path);
  if (node !== undefined) return { path, node };
  throw invalid(
    instruction,
    `${path.slice(1)} to be in the build context`,
    `Check the spelling, and that .dockerignore does not leave ${posix.basename(path)} out`,
  );
}

/**
 * What a pattern matches, which may be nothing. The directories before the first name with a wildcard are taken
 * as they are, and the rest matches a path below them whole; what is below a match belongs to it (fsutil:
 * copy.ResolveWildcards).
 */
function matchSources(context: FileTree, path: string, instruction: Instruction): Source[] {
  const names = path.split("/").filter((name) => name !== "");
  const wild = names.findIndex(isPattern);
  const pattern = parsePattern(names.slice(wild).join("/"));
  if (pattern === undefined) throw invalid(instruction, "a pattern with a ] for each [");
  const found: Source[] = [];
  const visit = (at: string, below: string, node: FileNode): void => {
    if (below !== "" && pattern.matches(below)) found.push(namedSource(context, at, instruction));
    else if (node.type === "directory")
      for (const [name, child] of node.children) visit(posix.join(at, name), posix.join(below, name), child);
  };
  const start = context.resolve(`/${names.slice(0, wild).join("/")}`);
  const node = start === undefined ? undefined : context.get(start);
  if (start !== undefined && node !== undefined) visit(start, "", node);
  return found;
}

function inlineSource({ name, content }: CopyFiles["files"][number]): Source {
  return {
    path: name,
    node: { type: "file", mode: 0o644, uid: 0, gid: 0, content: { bytes: Buffer.from(content) } },
  };
}

/** A source that is a symbolic link stands for what it points at. */
function follow(context: FileTree, path: string): FileNode | undefined {
  const resolved = context.resolve(path);
  return resolved === undefined ? undefined : context.get(resolved);
}

/** ADD unpacks archives; compressed files are taken for archives unseen. */
async function refuseArchives(sources: readonly Source[], instruction: Instruction): Promise<void> {
  for (const { path, node } of sources) {
    if (node.type !== "file" || node.content === undefined || "bytes" in node.content) continue;
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
