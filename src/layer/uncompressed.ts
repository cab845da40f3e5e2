import { InputError, messageOf, SlipwayError, VerificationError } from "../errors.js";
import { formOf } from "../oci/formats.js";
import type { ContentSource } from "../oci/source.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import { decompressors } from "./decompression.js";
import { measure } from "./measure.js";

/** The layers of one platform of an image, and where they are. */
export interface StoredLayers {
  /** For messages. */
  name: string;
  layers: readonly StoredLayer[];
  content: ContentSource;
}

/** The archive of a layer, which has to be read to its end. */
export interface LayerArchive {
  /** For messages. */
  subject: string;
  layer: StoredLayer;
  chunks: AsyncIterable<Buffer>;
}

/**
 * The most that the archives of one platform may hold: more than images have, where a stored layer of some megabytes may
 * hold thousands of times as much.
 */
export const mostArchiveBytes = 64 * 2 ** 30;

/** Passes on archives that hold no more than a limit together, each counted once however often it is read. */
export function boundedArchives(limit: number) {
  const held = new Map<StoredLayer, number>();
  let left = limit;
  return async function* ({ subject, layer, chunks }: LayerArchive): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      const known = held.get(layer) ?? 0;
      left -= Math.max(bytes - known, 0);
      held.set(layer, Math.max(bytes, known));
      if (left < 0)
        throw new InputError({
          subject,
          expected: `at most ${limit} bytes in the archives of all layers`,
          given: "more",
          fix: "Take another base image, or leave out what the image does not need",
        });
      yield chunk;
    }
  };
}

/** The archives of an image, the lowest one first, each streamed. `limit` is the most that all of them may hold. */
export async function* readLayers(
  { name, layers, content }: StoredLayers,
  limit: number = mostArchiveBytes,
): AsyncGenerator<LayerArchive> {
  const bounded = boundedArchives(limit);
  for (const layer of layers) {
    const subject = `${name}: layer ${layer.digest}`;
    const chunks = readLayer(content, layer, subject);
    yield { subject, layer, chunks: bounded({ subject, layer, chunks }) };
  }
}

/** Bytes of a layer's archive, headers and padding included; the layer is never held. */
export async function uncompressedSize(content: ContentSource, layer: StoredLayer): Promise<number> {
  const subject = `${content.name}: layer ${layer.digest}`;
  let size = 0;
  for await (const chunk of readLayer(content, layer, subject)) size += chunk.length;
  return size;
}

async function* readLayer(
  content: ContentSource,
  layer: StoredLayer,
  subject: string,
): AsyncGenerator<Buffer> {
  yield* archiveOf(await content.open(layer), layer, subject);
}

/** The archive of a layer as it is stored. One that is not whole, or not the one of its digests, is an error at its end. */
export async function* archiveOf(
  stored: AsyncIterable<Buffer>,
  layer: StoredLayer,
  subject: string,
): AsyncGenerator<Buffer> {
  const decompress = decompressors[formOf(layer, subject)];
  const archive = measure();
  try {
    yield* archive.pass(decompress(requireStored(stored, layer, subject), subject));
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw new InputError({ subject, expected: "a whole layer", given: messageOf(error) });
  }
  if (archive.digest() !== layer.diffId)
    throw new VerificationError(
      `${subject}: its archive is ${archive.digest()}, where the configuration says ${layer.diffId}: nobody can unpack that image. Build it again.`,
    );
}

/** Passes on what is stored, which has to have its digest and its size at the end. */
async function* requireStored(
  chunks: AsyncIterable<Buffer>,
  layer: StoredLayer,
  subject: string,
): AsyncGenerator<Buffer> {
  const stored = measure();
  for await (const chunk of stored.pass(chunks)) {
    if (stored.size() > layer.size) break;
    yield chunk;
  }
  if (stored.size() === layer.size && stored.digest() === layer.digest) return;
  const found = stored.size() > layer.size ? "more" : `${stored.size()} bytes of ${stored.digest()}`;
  throw new VerificationError(
    `${subject} of ${layer.size} bytes arrived as ${found}. Get it again; if that stays, build the image again.`,
  );
}
