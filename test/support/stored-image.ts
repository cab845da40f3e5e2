import { Readable } from "node:stream";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { StoredLayers } from "../../src/layer/uncompressed.js";
import { digestOf } from "../../src/oci/manifest.js";
import { type MemberSpec, makeArchive } from "./image-base.js";

const forms = {
  tar: (bytes: Buffer) => bytes,
  "tar+gzip": (bytes: Buffer) => gzipSync(bytes),
  "tar+zstd": (bytes: Buffer) => zstdCompressSync(bytes),
} as const;

/** How the layers of an image are stored, and how many bytes arrive at a time. */
export interface Storage {
  form?: keyof typeof forms;
  piece?: number;
}

/** The layers of one platform in memory, the lowest one first. */
export function storedImage(
  layers: readonly (readonly MemberSpec[])[],
  { form = "tar+gzip", piece = 65_536 }: Storage = {},
): StoredLayers {
  const archives = layers.map(makeArchive);
  const blobs = archives.map(forms[form]);
  const stored = new Map(blobs.map((blob) => [digestOf(blob), blob]));
  const pieces = function* (digest: string) {
    const blob = stored.get(digest) ?? Buffer.alloc(0);
    for (let at = 0; at < blob.length; at += piece) yield blob.subarray(at, at + piece);
  };
  return {
    name: "example.test/app",
    layers: blobs.map((blob, at) => ({
      mediaType: `application/vnd.oci.image.layer.v1.${form}`,
      digest: digestOf(blob),
      size: blob.length,
      diffId: digestOf(archives[at] ?? blob),
    })),
    content: {
      name: "example.test/app",
      read: async ({ digest }) => stored.get(digest) ?? Buffer.alloc(0),
      open: async ({ digest }) => Readable.from(pieces(digest)),
    },
  };
}
