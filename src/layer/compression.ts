import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { VerificationError } from "../errors.js";
import type { Compression } from "../oci/formats.js";
import { gzip } from "./gzip.js";
import type { Layer } from "./layer.js";
import { measure } from "./measure.js";
import { zstd } from "./zstd-writer.js";

/** A layer that was compressed into a file. */
export interface CompressedLayer {
  path: string;
  digest: string;
  /** Bytes. */
  size: number;
}

const compressors: Readonly<Record<Compression, (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>>> =
  {
    gzip,
    zstd,
  };

/**
 * Compresses a layer into a file, without a time or a name of it. What is compressed has to be what the layer was
 * announced as: a file that changed in between is an error.
 */
export async function compressLayer(
  layer: Layer,
  path: string,
  compression: Compression,
): Promise<CompressedLayer> {
  const plain = measure();
  const packed = measure();
  await pipeline(layer.open(), plain.pass, compressors[compression], packed.pass, createWriteStream(path));
  if (plain.digest() !== layer.diffId)
    throw new VerificationError(
      `Layer ${layer.diffId} became ${plain.digest()} while it was compressed: its files changed. Run this again.`,
    );
  return { path, digest: packed.digest(), size: packed.size() };
}
