import { createZstdDecompress } from "node:zlib";
import { InputError } from "../errors.js";
import type { LayerForm } from "../oci/formats.js";
import { decompress, pieces } from "./decompressor.js";
import { gunzip } from "./gunzip.js";
import { readZstd } from "./zstd.js";

type Decompress = (chunks: AsyncIterable<Buffer>, subject: string) => AsyncIterable<Buffer>;

/** Gives what a layer holds, by how it is stored. */
export const decompressors: Readonly<Record<LayerForm, Decompress>> = {
  tar: (chunks) => chunks,
  gzip: gunzip,
  zstd: unzstd,
};

async function* unzstd(chunks: AsyncIterable<Buffer>, subject: string): AsyncGenerator<Buffer> {
  let given = 0;
  const stream = createZstdDecompress(pieces);
  yield* decompress(stream, async function* () {
    for await (const chunk of readZstd(chunks, subject)) {
      given += chunk.length;
      yield chunk;
    }
  });
  if (given > stream.bytesWritten)
    throw new InputError({ subject, expected: "a whole layer", given: "other bytes behind it" });
}
