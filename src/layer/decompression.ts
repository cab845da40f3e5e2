import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { InputError } from "../errors.js";
import type { LayerForm } from "../oci/formats.js";
import { checkGzipHeader } from "./gzip-header.js";
import { readZstd } from "./zstd.js";

/** A stream of Node that decompresses, and counts the bytes that it used. */
type Decompressor = Duplex & { readonly bytesWritten: number };

// A turn of the event loop each: Node's own are of 16 KiB. One is made while the one before is read.
const pieces = { chunkSize: 1 << 18, highWaterMark: 1 << 19 };

type Decompress = (chunks: AsyncIterable<Buffer>, subject: string) => AsyncIterable<Buffer>;

/** Gives what a layer holds, by how it is stored. */
export const decompressors: Readonly<Record<LayerForm, Decompress>> = {
  tar: (chunks) => chunks,
  gzip: (chunks, subject) => through(createGunzip(pieces), checkGzipHeader(chunks, subject), subject),
  zstd: (chunks, subject) => through(createZstdDecompress(pieces), readZstd(chunks, subject), subject),
};

/** A stream of Node ends in silence before what it does not know: what others cannot unpack. */
async function* through(
  stream: Decompressor,
  chunks: AsyncIterable<Buffer>,
  subject: string,
): AsyncGenerator<Buffer> {
  let given = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      given += chunk.length;
      yield chunk;
    }
  };
  // Whoever reads the stream gets the error from it.
  const fed = pipeline(counted, stream).catch(() => {});
  try {
    yield* stream as AsyncIterable<Buffer>;
  } finally {
    stream.destroy();
    await fed;
  }
  if (given > stream.bytesWritten)
    throw new InputError({ subject, expected: "a whole layer", given: "other bytes behind it" });
}
