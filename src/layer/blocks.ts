// Enough for the threads that Node has for this.
const blocksAtOnce = 8;

/**
 * What blocks of a stream become, in their order, several at the same time: the same bytes give the same blocks,
 * however they arrive.
 */
export async function* eachBlock(
  chunks: AsyncIterable<Buffer>,
  size: number,
  work: (block: Buffer) => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = [];
  try {
    for await (const block of blocksOf(chunks, size)) {
      waiting.push(work(block));
      if (waiting.length >= blocksAtOnce) yield (await waiting.shift()) as Buffer;
    }
    for (const block of waiting.splice(0)) yield await block;
  } finally {
    await Promise.allSettled(waiting);
  }
}

/** The bytes in blocks of one size, the last one excepted. */
async function* blocksOf(chunks: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let missing = size;
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + missing);
      parts.push(part);
      at += part.length;
      missing -= part.length;
      if (missing > 0) continue;
      yield Buffer.concat(parts, size);
      [parts, missing] = [[], size];
    }
  if (parts.length > 0) yield Buffer.concat(parts);
}
