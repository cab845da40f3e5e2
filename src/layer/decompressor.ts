import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A stream of Node that decompresses, and counts the bytes that it used. It ends in silence before what it does not know. */
export type Decompressor = Duplex & { readonly bytesWritten: number };

// A turn of the event loop each: Node's own are of 16 KiB. One is made while the one before is read.
export const pieces = { chunkSize: 1 << 18, highWaterMark: 1 << 19 };

/** Gives what a decompressor makes of chunks, which are not asked for any more once it ends. */
export async function* decompress(
  stream: Decompressor,
  chunks: () => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  // Whoever reads the stream gets the error from it.
  const fed = pipeline(chunks, stream).catch(() => {});
  try {
    yield* stream as AsyncIterable<Buffer>;
  } finally {
    stream.destroy();
    await fed;
  }
}
