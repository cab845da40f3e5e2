import { InputError, messageOf, SlipwayError } from "../errors.js";
import { formOf } from "../oci/formats.js";
import type { Descriptor } from "../oci/manifest.js";
import type { ContentSource } from "../oci/source.js";
import { openLayer } from "./compression.js";

/** The archive of a stored layer, streamed. A layer that is not whole, or not the one of its digest, is an error. */
export async function* readLayer(
  content: ContentSource,
  layer: Descriptor,
  subject = `${content.name}: layer ${layer.digest}`,
): AsyncGenerator<Buffer> {
  const archive = await openLayer(content, layer, formOf(layer, subject));
  try {
    yield* archive as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw new InputError({ subject, expected: "a whole layer", given: messageOf(error) });
  }
}

/** Bytes of a layer's archive, headers and padding included; the layer is never held. */
export async function uncompressedSize(content: ContentSource, layer: Descriptor): Promise<number> {
  let size = 0;
  for await (const chunk of readLayer(content, layer)) size += chunk.length;
  return size;
}
