import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { InputError } from "../errors.js";
import { isIndex, type PlatformDescriptor, parseIndex, parseManifest } from "./manifest.js";
import type { ContentSource, ImageVariant } from "./source.js";

/** Where the content of an archive member lies in the archive. */
interface Member {
  offset: number;
  size: number;
}

/** An OCI image layout in a tar archive, as the engine exports it: read in place, never unpacked. */
export interface LayoutArchive extends ContentSource {
  variants: ImageVariant[];
}

const block = 512;

/** Opens the archive at `path`, and reads its manifests (OCI image layout specification). */
export async function openLayoutArchive(path: string): Promise<LayoutArchive> {
  const members = await withFile(path, listMembers);
  const member = (name: string): Member => {
    const found = members.get(name);
    if (found === undefined)
      throw new InputError({
        subject: path,
        expected: `an OCI image layout with ${name}`,
        given: [...members.keys()],
      });
    return found;
  };
  const readMember = (name: string) => withFile(path, (file) => readAt(file, member(name)));
  const content: ContentSource = {
    name: path,
    read: ({ digest }) => readMember(blobPath(digest)),
    open: async ({ digest }): Promise<Readable> => {
      const { offset, size } = member(blobPath(digest));
      return createReadStream(path, { start: offset, end: offset + size - 1 });
    },
  };
  const roots = parseIndex(await readMember("index.json"), `${path}: index.json`).manifests;
  return { ...content, variants: await readVariants(content, roots) };
}

/** Follows indexes down to the manifests that they list. */
async function readVariants(content: ContentSource, roots: PlatformDescriptor[]): Promise<ImageVariant[]> {
  const variants: ImageVariant[] = [];
  for (const root of roots) {
    const bytes = await content.read(root);
    const subject = `${content.name}: ${root.digest}`;
    if (isIndex(root.mediaType))
      variants.push(...(await readVariants(content, parseIndex(bytes, subject).manifests)));
    else variants.push({ descriptor: root, bytes, manifest: parseManifest(bytes, subject) });
  }
  return variants;
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** Members of a ustar or GNU archive whose names fit a header, as all names of an image layout do. */
async function listMembers(file: FileHandle): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const { size: end } = await file.stat();
  for (let at = 0; at + block <= end; ) {
    const header = await readAt(file, { offset: at, size: block });
    if (header.every((byte) => byte === 0)) break;
    const name = text(header, 0, 100).replace(/^\.\//, "");
    const size = sizeOf(header);
    if (text(header, 156, 157) !== "5") members.set(name, { offset: at + block, size });
    at += block + Math.ceil(size / block) * block;
  }
  return members;
}

/** The size field: octal, or base 256 where its first bit is set (files of 8 GiB and more). */
function sizeOf(header: Buffer): number {
  if ((header[124] ?? 0) < 0x80) return Number.parseInt(text(header, 124, 136).trim() || "0", 8);
  return Number(header.readBigUInt64BE(128));
}

function text(header: Buffer, start: number, end: number): string {
  return header.subarray(start, end).toString("latin1").replace(/\0.*$/s, "");
}

async function readAt(file: FileHandle, { offset, size }: Member): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
  if (bytesRead !== size)
    throw new InputError({
      subject: "image archive",
      expected: `${size} bytes at ${offset}`,
      given: bytesRead,
    });
  return buffer;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
