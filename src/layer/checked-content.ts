import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { VerificationError } from "../errors.js";
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
  const claims = claimsOf(layers, content.name);
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

/** The layers by digest. One archive has one diff ID: where a layer is said to have two, one of them is false. */
function claimsOf(layers: readonly StoredLayer[], name: string): Map<string, StoredLayer> {
  const claims = new Map<string, StoredLayer>();
  for (const layer of layers) {
    const known = claims.get(layer.digest) ?? layer;
    if (known.diffId !== layer.diffId)
      throw new VerificationError(
        `${name}: layer ${layer.digest}: its archive is said to be ${known.diffId} and ${layer.diffId}: nobody can unpack that image. Build it again.`,
      );
    claims.set(layer.digest, known);
  }
  return claims;
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
