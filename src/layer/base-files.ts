import type { TarHeader } from "../archive/tar.js";
import { readTar } from "../archive/tar-reader.js";
import { BuilderNeededError } from "../errors.js";
import type { BaseImage } from "./base.js";
import { Changeset } from "./changeset.js";
import { FileTree, type TreeCost } from "./file-tree.js";
import { readLayers } from "./uncompressed.js";

const userFiles = ["etc/passwd", "etc/group"];

// What more than a million files take, less than Node is given on a small machine; and minutes.
const maxCost: TreeCost = { memory: 512 * 2 ** 20, names: 2 ** 26 };

/**
 * The files of a base as its layers leave them, read once from start to end: their content stays in the layers, except
 * of the files that name users and groups. `limit` is the most that they may take.
 */
export async function readBaseFiles(base: BaseImage, limit: TreeCost = maxCost): Promise<FileTree> {
  const tree = new FileTree();
  for await (const { chunks, subject, layer: stored } of readLayers(base)) {
    const layer = new Changeset(tree, subject, { image: base, layer: stored });
    for await (const member of readTar(chunks, subject, isUserFile)) {
      layer.apply(member);
      // What a base has is no change.
      tree.takeChanges();
      if (tree.cost.memory > limit.memory || tree.cost.names > limit.names)
        throw new BuilderNeededError({
          subject,
          expected: "no more files than images have, in no deeper directories",
          given: member.header.path,
        });
    }
  }
  return tree;
}

function isUserFile({ type, path, size }: TarHeader): boolean {
  const limit = 1 << 20;
  return type === "file" && size <= limit && userFiles.includes(path.replace(/^(\.?\/)+/, ""));
}
