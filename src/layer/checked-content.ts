import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import type { ContentSource } from "../oci/source.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import { archiveOf } from "./uncompressed.js";

/**
 * A source whose layers are held against their diff IDs while they pass: of one whose archive is another, the last bytes
 * never come, and the reason does.
 */
export function checkedContent(content: ContentSource, layers: readonly StoredLayer[]): ContentSource {
  const claims = new Map(layers.map((layer) => [layer.digest, layer]));
  return {
    ...content,
    open: async (blob) => {
      const layer = claims.get(blob.digest);
      const stored = await content.open(blob);
      if (layer === undefined) return stored;
      return Readable.from(whileChecked(stored, layer, `${content.name}: layer ${layer.digest}`), {
        objectMode: false,
      });
    },
  };
}

async function* whileChecked(
  stored: AsyncIterable<Buffer>,
  layer: StoredLayer,
  subject: string,
): AsyncGenerator<Buffer> {
  const copy = new PassThrough();
  const check = readToEnd(archiveOf(copy, layer, subject));
  // It is awaited below, and may fail before.
  check.catch(() => {});
  let held: Buffer | undefined;
  for await (const chunk of stored) {
    if (held !== undefined) yield held;
    held = chunk;
    // A check that fails ends the copy, and says why.
    if (!copy.write(chunk)) await Promise.race([once(copy, "drain").catch(() => check), check]);
  }
  copy.end();
  await check;
  if (held !== undefined) yield held;
}

async function readToEnd(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}
