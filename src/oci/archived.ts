import { readPlatform, type StoredPlatform } from "./join.js";
import { openLayoutArchive } from "./layout.js";

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
