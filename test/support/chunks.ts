import { setTimeout as sleep } from "node:timers/promises";

/** A body on its way. */
export type Chunks = AsyncIterable<Buffer>;

/** Gives the first bytes and then fails. */
export async function* interrupted(chunks: Chunks, afterBytes: number): Chunks {
  let left = afterBytes;
  for await (const chunk of chunks) {
    if (chunk.length > left) {
      yield chunk.subarray(0, left);
      break;
    }
    left -= chunk.length;
    yield chunk;
  }
  throw new Error("Interrupted on purpose.");
}

/** Gives the same bytes at a limited rate. */
export async function* throttled(chunks: Chunks, bytesPerSecond: number): Chunks {
  const size = Math.max(1, Math.floor(bytesPerSecond / 20));
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += size) {
      const part = chunk.subarray(start, start + size);
      await sleep((part.length / bytesPerSecond) * 1000, undefined, { ref: false });
      yield part;
    }
  }
}
