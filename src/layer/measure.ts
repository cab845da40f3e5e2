import { createHash } from "node:crypto";

/** What passed through a stream; the digest is known at its end. */
export interface Measure {
  pass(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
  /** Bytes so far. */
  size(): number;
  digest(): string;
}

/** Counts and hashes what passes through. */
export function measure(): Measure {
  const hash = createHash("sha256");
  let size = 0;
  let digest: string | undefined;
  return {
    async *pass(chunks) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    },
    size: () => size,
    digest: () => {
      digest ??= `sha256:${hash.digest("hex")}`;
      return digest;
    },
  };
}
