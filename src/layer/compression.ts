import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, createZstdDecompress } from "node:zlib";
import { VerificationError } from "../errors.js";
import type { LayerForm } from "../oci/formats.js";
import type { Descriptor } from "../oci/manifest.js";
import type { ContentSource } from "../oci/source.js";
import type { Layer } from "./layer.js";

/** A layer that was compressed into a file. */
export interface CompressedLayer {
  path: string;
  digest: string;
  /** Bytes. */
  size: number;
}

// The level of `gzip` and Go: higher ones cost more time than they save in transfer.
const level = 6;

const decompressors: Readonly<Record<LayerForm, (() => Duplex) | undefined>> = {
  tar: undefined,
  gzip: createGunzip,
  zstd: createZstdDecompress,
};

/**
 * Compresses a layer into a file, without a time or a name in the header of gzip. What is compressed has to be
 * what the layer was announced as: a file that changed in between is an error.
 */
export async function compressLayer(layer: Layer, path: string): Promise<CompressedLayer> {
  const plain = measure();
  const packed = measure();
  await pipeline(layer.open(), plain.pass, createGzip({ level }), packed.pass, createWriteStream(path));
  if (plain.digest() !== layer.diffId)
    throw new VerificationError(
      `Layer ${layer.diffId} became ${plain.digest()} while it was compressed: its files changed. Run this again.`,
    );
  return { path, digest: packed.digest(), size: packed.size() };
}

/** The uncompressed archive of a stored layer. At its end the stored bytes have to have had their digest. */
export async function openLayer(
  content: ContentSource,
  layer: Descriptor,
  form: LayerForm,
): Promise<Readable> {
  const stored = measure();
  const check = async function* (chunks: AsyncIterable<Buffer>) {
    yield* stored.pass(chunks);
    if (stored.digest() !== layer.digest)
      throw new VerificationError(`${content.name}: layer ${layer.digest} arrived as ${stored.digest()}.`);
  };
  const opened = await content.open(layer);
  const decompress = decompressors[form];
  const checked = Readable.from(check(opened), { objectMode: false });
  if (decompress === undefined) return checked;
  const output = decompress();
  // Whoever reads the output gets the error from it.
  pipeline(checked, output).catch(() => {});
  return output;
}

/** Counts and hashes what passes through. */
function measure() {
  const hash = createHash("sha256");
  let size = 0;
  let digest: string | undefined;
  return {
    async *pass(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    size: () => size,
    digest: () => {
      digest ??= `sha256:${hash.digest("hex")}`;
      return digest;
    },
  };
}
