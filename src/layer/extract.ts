import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readTar } from "../archive/tar-reader.js";
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

async function extractLayer(files: readonly StoredNode[], directory: string): Promise<void> {
  const [first] = files;
  if (first === undefined) return;
  const { layer, image } = first.content.stored;
  const byPath = Map.groupBy(files, ({ content }) => content.stored.path);
  // One instruction after the other may take files out of the same layer.
  const target = await mkdtemp(join(directory, "extracted-"));
  let count = 0;
  for await (const { chunks, subject } of readLayers({ ...image, layers: [layer] }))
    for await (const { header, content } of readTar(chunks, subject, ({ path }) => byPath.has(path))) {
      if (content === undefined || header.type !== "file") continue;
      const path = join(target, String(count));
      count += 1;
      await writeFile(path, content);
      // A path may come twice in an archive, and the last one is the file.
      for (const file of byPath.get(header.path) ?? []) place(file, { path, size: content.length });
    }
}

function place(file: RegularFile, content: FileContent): void {
  file.content = content;
}

function isStored(node: ReturnType<FileTree["get"]>): node is StoredNode {
  return node?.type === "file" && node.content !== undefined && "stored" in node.content;
}
