import type { Readable } from "node:stream";
import type { Descriptor, ImageManifest } from "./manifest.js";

/** One platform of an image, with its manifest as stored bytes. */
export interface ImageVariant {
  descriptor: Descriptor;
  bytes: Buffer;
  manifest: ImageManifest;
}

/** Where the content of an image comes from: a layout on disk, or another registry. */
export interface ContentSource {
  /** For messages: a path or a reference. */
  name: string;
  /** A small blob or a manifest as a whole. */
  read(descriptor: Descriptor): Promise<Buffer>;
  /** A blob as a stream. */
  open(descriptor: Descriptor): Promise<Readable>;
  /** Path of the repository of a registry that a blob can be mounted from. */
  mountableFrom?(registry: string, blob?: Descriptor): string | undefined;
}

/** An image as it is to be published: the index, what it lists, and where the blobs are. */
export interface PublishableImage {
  index: { descriptor: Descriptor; bytes: Buffer };
  variants: ImageVariant[];
  content: ContentSource;
}
