import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { encodeHeader, endOfArchive, paddingOf, type TarMember } from "../archive/tar.js";
import { VerificationError } from "../errors.js";
import type { FileContent, FileNode, FileTree } from "./file-tree.js";

/** A layer as its uncompressed archive, which is made anew from the files each time it is read. */
export interface Layer {
  /** SHA-256 of the uncompressed archive. */
  diffId: string;
  /** Bytes of the uncompressed archive. */
  size: number;
  open(): Readable;
}

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
 * what does not fit. Undefined where nothing changed.
 */
export async function createLayer(
  tree: FileTree,
  changes: readonly string[],
  created: number,
): Promise<Layer | undefined> {
  if (changes.length === 0) return undefined;
  const files = withParents(changes).map((path) => layerFile(path, tree.get(path), created));
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of archive(files)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { diffId: `sha256:${hash.digest("hex")}`, size, open: () => Readable.from(archive(files)) };
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
    },
    ...(content === undefined ? {} : { content }),
  };
}

async function* archive(files: readonly LayerFile[]): AsyncGenerator<Buffer> {
  for (const { member, content } of files) {
    yield encodeHeader(member);
    if (content === undefined) continue;
    yield* bytesOf(content);
    yield paddingOf(member.size);
  }
  yield endOfArchive;
}

function bytesOf(content: FileContent): AsyncIterable<Buffer> | Iterable<Buffer> {
  if ("bytes" in content) return [content.bytes];
  if ("path" in content) return readWhole(content);
  throw new Error(`${content.stored.path} was not taken out of its layer.`);
}

async function* readWhole({ path, size }: { path: string; size: number }): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    read += chunk.length;
    if (read > size) break;
    yield chunk;
  }
  if (read !== size) throw new VerificationError(`${path} changed while it was read. Run this again.`);
}

function sizeOf(content: FileContent): number {
  if ("bytes" in content) return content.bytes.length;
  return "path" in content ? content.size : content.stored.size;
}
