import type { TarHeader } from "../archive/tar.js";
import { BuilderNeededError } from "../errors.js";
import type { BaseImage } from "./base.js";
import { FileTree, type TreeCost } from "./file-tree.js";
import { unpack, withinLimit } from "./unpack.js";

const userFiles = ["etc/passwd", "etc/group"];

/**
 * The files of a base as its layers leave them, read once from start to end: their content stays in the layers, except
 * of the files that name users and groups. `limit` is the most that they may take.
 */
export async function readBaseFiles(base: BaseImage, limit?: TreeCost): Promise<FileTree> {
  const tree = new FileTree();
  const options = { wants: isUserFile, ...(limit === undefined ? {} : { limit }) };
  for await (const { subject, header, isTooMuch } of unpack(base, tree, options)) {
    const foreign = [header.path, header.target].find((name) => name.includes("\ufffd"));
    if (foreign !== undefined)
      throw new BuilderNeededError({ subject, expected: "names in UTF-8", given: foreign });
    if (isTooMuch) throw new BuilderNeededError({ subject, expected: withinLimit, given: header.path });
  }
  return tree;
}

function isUserFile({ type, path, size }: TarHeader): boolean {
  const limit = 1 << 20;
  return type === "file" && size <= limit && userFiles.includes(path.replace(/^(\.?\/)+/, ""));
}
