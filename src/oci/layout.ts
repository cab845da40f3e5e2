import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  decodeHeader,
  encodeHeader,
  endOfArchive,
  paddingOf,
  type TarMember,
  tarBlock,
} from "../archive/tar.js";
import { InputError } from "../errors.js";
import { type Descriptor, isIndex, type PlatformDescriptor, parseIndex, parseManifest } from "./manifest.js";
import type { ContentSource, ImageVariant, PublishableImage } from "./source.js";

/** Where the content of an archive member lies in the archive. */
interface Member {
  offset: number;
  size: number;
}

/** An OCI image layout in a tar archive, as the engine exports it: read in place, never unpacked. */
export interface LayoutArchive extends ContentSource {
  variants: ImageVariant[];
  /** Annotations of the one index that the layout names; none where it names something else. */
  annotations: Record<string, string>;
}

/** The name of an image in a layout (OCI image specification, "Pre-Defined Annotation Keys"). */
const nameAnnotation = "org.opencontainers.image.ref.name";

/**
 * Opens the archive at `path`, and reads its manifests (OCI image layout specification). `name` stands for it in
 * messages.
 */
export async function openLayoutArchive(path: string, name = path): Promise<LayoutArchive> {
  const members = await withFile(path, (file) => listMembers(file, name));
  const member = (file: string): Member => {
    const found = members.get(file);
    if (found === undefined)
      throw new InputError({
        subject: name,
        expected: `an OCI image layout with ${file}`,
        given: [...members.keys()],
      });
    return found;
  };
  const readMember = (file: string) => withFile(path, (open) => readAt(open, member(file), name));
  const content: ContentSource = {
    name,
    read: ({ digest }) => readMember(blobPath(digest)),
    open: async ({ digest }): Promise<Readable> => {
      const { offset, size } = member(blobPath(digest));
      // A range of a file holds one byte at least.
      if (size === 0) return Readable.from([], { objectMode: false });
      return createReadStream(path, { start: offset, end: offset + size - 1 });
    },
  };
  const roots = parseIndex(await readMember("index.json"), `${name}: index.json`).manifests;
  return {
    ...content,
    variants: await readVariants(content, roots),
    annotations: await readAnnotations(content, roots),
  };
}

/**
 * Writes an image as an OCI image layout in a tar archive, each blob streamed. The same image gives the same
 * bytes. `name` is what a program that imports the archive calls the image.
 */
export async function writeLayoutArchive(
  image: PublishableImage,
  path: string,
  name?: string,
): Promise<void> {
  await pipeline(Readable.from(layoutOf(image, name)), createWriteStream(path));
}

async function* layoutOf(image: PublishableImage, name: string | undefined): AsyncGenerator<Buffer> {
  const root = {
    ...image.index.descriptor,
    ...(name === undefined ? {} : { annotations: { [nameAnnotation]: name } }),
  };
  yield* memberOf("oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" })));
  yield* memberOf("index.json", Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [root] })));
  for (const directory of ["blobs", "blobs/sha256"]) yield headerOf(directory, "directory", 0);
  const manifests = new Map([image.index, ...image.variants].map((item) => [item.descriptor.digest, item]));
  const blobs = new Map<string, Descriptor>();
  for (const { manifest } of image.variants)
    for (const blob of [manifest.config, ...manifest.layers]) blobs.set(blob.digest, blob);
  for (const digest of [...manifests.keys(), ...blobs.keys()].toSorted()) {
    const manifest = manifests.get(digest);
    const blob = blobs.get(digest);
    if (manifest !== undefined) yield* memberOf(blobPath(digest), manifest.bytes);
    else if (blob !== undefined) {
      yield headerOf(blobPath(digest), "file", blob.size);
      yield* (await image.content.open(blob)) as AsyncIterable<Buffer>;
      yield paddingOf(blob.size);
    }
  }
  yield endOfArchive;
}

function* memberOf(path: string, bytes: Buffer): Generator<Buffer> {
  yield headerOf(path, "file", bytes.length);
  yield bytes;
  yield paddingOf(bytes.length);
}

function headerOf(path: string, type: TarMember["type"], size: number): Buffer {
  const mode = type === "directory" ? 0o755 : 0o644;
  return encodeHeader({ path, type, mode, uid: 0, gid: 0, size, mtime: 0, target: "" });
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

async function readAnnotations(
  content: ContentSource,
  [root, ...others]: PlatformDescriptor[],
): Promise<Record<string, string>> {
  if (root === undefined || others.length > 0 || !isIndex(root.mediaType)) return {};
  return parseIndex(await content.read(root), `${content.name}: ${root.digest}`).annotations ?? {};
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** Members of a ustar or GNU archive whose names fit a header, as all names of an image layout do. */
async function listMembers(file: FileHandle, name: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const { size: end } = await file.stat();
  for (let at = 0; at + tarBlock <= end; ) {
    const header = decodeHeader(await readAt(file, { offset: at, size: tarBlock }, name));
    if (header === undefined) break;
    const { path, type, size } = header;
    if (type !== "directory") members.set(path.replace(/^\.\//, ""), { offset: at + tarBlock, size });
    at += tarBlock + size + paddingOf(size).length;
  }
  return members;
}

async function readAt(file: FileHandle, { offset, size }: Member, subject: string): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, offset);
  if (bytesRead !== size)
    throw new InputError({
      subject,
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
