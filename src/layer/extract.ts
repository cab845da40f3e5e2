import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StreamedBytes } from "../archive/bytes.js";
import type { FileContent, FileTree, RegularFile, StoredFile } from "./file-tree.js";
import { readLayers } from "./uncompressed.js";

/**
 * Takes files out of the layers that hold them, into a directory of this machine: those that were put into the tree and
 * lie in a layer of another image. Each layer is read once, and only where something of it is wanted.
 */
export async function extractStored(
  tree: FileTree,
  changes: readonly string[],
  directory: string,
): Promise<void> {
  const files = changes.map((path) => tree.get(path)).filter(isStored);
  const layers = Map.groupBy(files, ({ content }) => content.stored.layer.digest);
  for (const wanted of layers.values()) await extractLayer(wanted, directory);
}

type StoredNode = RegularFile & { content: { stored: StoredFile } };

/** The files by where they lie in the archive, whose names may come twice. */
async function extractLayer(files: readonly StoredNode[], directory: string): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const { layer, image } = first.content.stored;
  const byOffset = Map.groupBy(files, ({ content }) => content.stored.offset);
  // One instruction after the other may take files out of the same layer.
  const target = await mkdtemp(join(directory, "extracted-"));
  for await (const { chunks, subject } of readLayers({ ...image, layers: [layer] })) {
    const archive = new StreamedBytes(chunks, subject);
    try {
      for (const [offset, same] of [...byOffset].toSorted(([a], [b]) => a - b)) {
        const content = { path: join(target, String(offset)), size: same[0]?.content.stored.size ?? 0 };
        await archive.skip(offset - archive.offset);
        await writeFile(content.path, archive.take(content.size));
        for (const file of same) place(file, content);
      }
      await archive.drain();
    } finally {
      await archive.close();
    }
  }
}

function place(file: RegularFile, content: FileContent): void {
  file.content = content;
}

function isStored(node: ReturnType<FileTree["get"]>): node is StoredNode {
  return node?.type === "file" && node.content !== undefined && "stored" in node.content;
}
