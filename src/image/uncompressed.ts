import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { InputError, messageOf } from "../errors.js";
import type { Descriptor } from "./manifest.js";
import type { ContentSource } from "./source.js";

/** A form of layer, by the end of its media type (OCI image specification, "Image Layer Filesystem Changeset"). */
interface LayerForm {
  suffix: RegExp;
  /** Absent for a layer that is stored as it is. */
  decompress?: () => Duplex;
}

const forms: readonly LayerForm[] = [
  { suffix: /[.+]gzip$/, decompress: createGunzip },
  { suffix: /[.+]zstd$/, decompress: createZstdDecompress },
  { suffix: /\.tar$/ },
];

/** Bytes of a layer's tar archive, headers and padding included; the layer is streamed and never held. */
export async function uncompressedSize(content: ContentSource, layer: Descriptor): Promise<number> {
  const subject = `${content.name}: ${layer.digest}`;
  const form = forms.find(({ suffix }) => suffix.test(layer.mediaType));
  if (form === undefined)
    throw new InputError({ subject, expected: "a layer as tar, gzip or zstd", given: layer.mediaType });
  const stored = await content.open(layer);
  if (form.decompress === undefined) return countBytes(stored);
  let size = 0;
  try {
    await pipeline(stored, form.decompress(), async (chunks) => {
      size = await countBytes(chunks);
    });
  } catch (error) {
    throw new InputError({
      subject,
      expected: `a whole layer of ${layer.mediaType}`,
      given: messageOf(error),
    });
  }
  return size;
}

async function countBytes(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}
