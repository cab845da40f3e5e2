import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { encodeHeader, endOfArchive, paddingOf, type TarMember } from "../archive/tar.js";
import { blobPath } from "./layout.js";
import type { Descriptor } from "./manifest.js";
import type { PublishableImage } from "./source.js";

/** The name of an image in a layout (OCI image specification, "Pre-Defined Annotation Keys"). */
const nameAnnotation = "org.opencontainers.image.ref.name";

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
