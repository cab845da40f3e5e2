import { createHash, randomUUID } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { encodeHeader, endOfArchive, paddingOf, type TarMember } from "../archive/tar.js";
import { InputError, VerificationError } from "../errors.js";
import { whiteout } from "./changeset.js";
import type { FileContent, FileNode, FileTree } from "./file-tree.js";
import { Recording, type ReferredFile } from "./recording.js";

/** A layer as its uncompressed archive, which is made anew from the files each time it is read. */
export interface Layer {
  /** SHA-256 of the uncompressed archive. */
  diffId: string;
  /** Bytes of the uncompressed archive. */
  size: number;
  open(): Readable;
}

// Up to this size a file is read as a whole, and kept for the second reader; both in bytes.
const smallFile = 1 << 18;
const chunkSize = 1 << 20;

/** A file of a layer, as it is when the layer is made. */
interface LayerFile {
  member: TarMember;
  content?: FileContent;
}

/**
 * Makes a layer of the paths that changed in a tree. The same files give the same bytes on every machine:
 * members are sorted by path; directories above a change are members too, once and with the owner and
 * permissions that they have, since a runtime that unpacks a layer takes them from it; users and groups are
 * numbers without names; every time is `created`, in seconds since the epoch; ustar, and pax records only for
 * what does not fit. Undefined where nothing changed. What is small is kept below `directory`, and read once.
 */
export async function createLayer(
  tree: FileTree,
  changes: readonly string[],
  created: number,
  directory: string,
): Promise<Layer | undefined> {
  if (changes.length === 0) return undefined;
  const hash = createHash("sha256");
  const recording = new Recording(directory, `${randomUUID()}.tar`);
  let size = 0;
  let parts: Buffer[] = [];
  let waiting = 0;
  const flush = async () => {
    const bytes = Buffer.concat(parts, waiting);
    [parts, waiting] = [[], 0];
    hash.update(bytes);
    size += bytes.length;
    await recording.add(bytes);
  };
  for (const part of archive(withParents(changes).map((path) => layerFile(path, tree.get(path), created)))) {
    if (!Buffer.isBuffer(part)) {
      await flush();
      for await (const chunk of part.read()) hash.update(chunk);
      size += part.size;
      recording.refer(part);
      continue;
    }
    parts.push(part);
    waiting += part.length;
    if (waiting >= chunkSize) await flush();
  }
  await flush();
  await recording.close();
  return { diffId: `sha256:${hash.digest("hex")}`, size, open: () => recording.open() };
}

function withParents(paths: readonly string[]): string[] {
  const all = new Set(paths);
  for (const path of paths)
    for (let parent = posix.dirname(path); parent !== "/"; parent = posix.dirname(parent)) all.add(parent);
  return [...all].toSorted();
}

function layerFile(path: string, node: FileNode | undefined, created: number): LayerFile {
  if (node === undefined || node.type === "special" || node.type === "conflict")
    throw new Error(`${path} is no member of a layer.`);
  if (posix.basename(path).startsWith(whiteout))
    throw new InputError({
      subject: path,
      expected: `a name that does not begin with ${whiteout}, by which layers say that a file was removed`,
      given: posix.basename(path),
      fix: "Rename it, or leave it out",
    });
  const { type, uid, gid } = node;
  const content = node.type === "file" ? node.content : undefined;
  return {
    member: {
      path: path.slice(1),
      type,
      uid,
      gid,
      mode: node.type === "symlink" ? 0o777 : node.mode,
      size: content === undefined ? 0 : sizeOf(content),
      mtime: created,
      target: node.type === "symlink" ? node.target : "",
      ...(node.type === "file" && node.capability !== undefined ? { capability: node.capability } : {}),
    },
    ...(content === undefined ? {} : { content }),
  };
}

/** The archive in its parts; files that are large are left to whoever reads it. */
function* archive(files: readonly LayerFile[]): Generator<Buffer | ReferredFile> {
  for (const { member, content } of files) {
    yield encodeHeader(member);
    if (content === undefined) continue;
    yield readContent(content);
    yield paddingOf(member.size);
  }
  yield endOfArchive;
}

// Synchronous where it is small: the way through the thread pool takes longer than the call.
function readContent(content: FileContent): Buffer | ReferredFile {
  if ("bytes" in content) return content.bytes;
  if ("stored" in content)
    throw new Error(`A file was not taken out of the layer ${content.stored.layer.digest}.`);
  const { path, size } = content;
  if (size > smallFile) return { path, size, read: () => readWhole(content) };
  const bytes = readFileSync(path);
  if (bytes.length !== size) throw changed(path);
  return bytes;
}

async function* readWhole({ path, size }: { path: string; size: number }): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read > size) break;
    yield chunk;
  }
  if (read !== size) throw changed(path);
}

function changed(path: string): VerificationError {
  return new VerificationError(`${path} changed while it was read. Run this again.`);
}

function sizeOf(content: FileContent): number {
  if ("bytes" in content) return content.bytes.length;
  return "path" in content ? content.size : content.stored.size;
}
