import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import type { ContentSource } from "../oci/source.js";
import type { StoredLayer } from "../oci/stored-layer.js";
import { archiveOf, boundedArchives } from "./uncompressed.js";

/**
 * A source whose layers are held against their diff IDs while they pass: of one whose archive is another, the last bytes
 * never come, and the reason does. `limit` is the most that all archives may hold.
 */
export function checkedContent(
  content: ContentSource,
  layers: readonly StoredLayer[],
  limit: number,
): ContentSource {
  const bounded = boundedArchives(limit);
  const claims = new Map(layers.map((layer) => [layer.digest, layer]));
  return {
    ...content,
    open: async (blob) => {
      const layer = claims.get(blob.digest);
      const stored = await content.open(blob);
      if (layer === undefined) return stored;
      const subject = `${content.name}: layer ${layer.digest}`;
      const check = (copy: AsyncIterable<Buffer>) =>
        readToEnd(bounded({ subject, layer, chunks: archiveOf(copy, layer, subject) }));
      return Readable.from(whileChecked(stored, check), { objectMode: false });
    },
  };
}

async function* whileChecked(
  stored: AsyncIterable<Buffer>,
  checkCopy: (copy: AsyncIterable<Buffer>) => Promise<void>,
): AsyncGenerator<Buffer> {
  const copy = new PassThrough();
  const check = checkCopy(copy);
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
