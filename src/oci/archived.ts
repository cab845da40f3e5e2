import { createHash } from "node:crypto";
import { VerificationError } from "../errors.js";
import { readPlatform, type StoredPlatform } from "./join.js";
import { openLayoutArchive } from "./layout.js";
import type { Descriptor } from "./manifest.js";
import type { ContentSource } from "./source.js";

/** An image in an archive on disk. */
export interface ArchivedImage {
  /** Annotations of its index; none where it has several, or no index. */
  annotations: Record<string, string>;
  platforms: StoredPlatform[];
}

/** Reads what an archive holds, without its layers; `name` stands for it in messages. */
export async function readArchivedImage(path: string, name: string): Promise<ArchivedImage> {
  const archive = await openLayoutArchive(path, name);
  const platforms = await Promise.all(archive.variants.map((variant) => readPlatform(archive, variant)));
  return { annotations: archive.annotations, platforms };
}

/** Holds configuration and layers against their digests: an archive comes from elsewhere, and may be cut short. */
export async function checkBlobs({ imageId, config, layers, content }: StoredPlatform): Promise<void> {
  for (const blob of [{ digest: imageId, size: config.length }, ...layers]) await checkBlob(content, blob);
}

async function checkBlob(content: ContentSource, blob: Pick<Descriptor, "digest" | "size">): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of (await content.open({ mediaType: "", ...blob })) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (found === blob.digest && size === blob.size) return;
  throw new VerificationError(
    `${content.name}: blob ${blob.digest} of ${blob.size} bytes is ${size} bytes of ${found}. Hand the archive over again, or build it again.`,
  );
}
