import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { VerificationError } from "../errors.js";
import { gzip } from "./gzip.js";
import type { Layer } from "./layer.js";
import { measure } from "./measure.js";

/** A layer that was compressed into a file. */
export interface CompressedLayer {
  path: string;
  digest: string;
  /** Bytes. */
  size: number;
}

/**
 * Compresses a layer into a file, without a time or a name in the header of gzip. What is compressed has to be
 * what the layer was announced as: a file that changed in between is an error.
 */
export async function compressLayer(layer: Layer, path: string): Promise<CompressedLayer> {
  const plain = measure();
  const packed = measure();
  await pipeline(layer.open(), plain.pass, gzip, packed.pass, createWriteStream(path));
  if (plain.digest() !== layer.diffId)
    throw new VerificationError(
      `Layer ${layer.diffId} became ${plain.digest()} while it was compressed: its files changed. Run this again.`,
    );
  return { path, digest: packed.digest(), size: packed.size() };
}
