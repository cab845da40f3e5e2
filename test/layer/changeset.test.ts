import { expect, it } from "vitest";
import type { TarHeader } from "../../src/archive/tar.js";
import { Changeset } from "../../src/layer/changeset.js";
import { type DirectoryNode, type FileNode, FileTree } from "../../src/layer/file-tree.js";
import { makeBase } from "../support/image-base.js";

const depth = 2000;
const deep = "d/".repeat(depth);

/** Counts the names that are looked up in it. */
class Children extends Map<string, FileNode> {
  constructor(
    children: ReadonlyMap<string, FileNode>,
    private readonly count: () => void,
  ) {
    super(children);
  }

  override get(name: string): FileNode | undefined {
    this.count();
    return super.get(name);
  }
}

it.each<[TarHeader["type"], Partial<TarHeader>]>([
  ["file", { path: "." }],
  ["file", { path: "" }],
  ["symlink", { path: "./", target: "f" }],
  ["symlink", { path: "d/..", target: "f" }],
  ["hardlink", { path: "/", target: "f" }],
  ["other", { path: "./", flag: "6" }],
])("the root is no %s: %o", async (type, member) => {
  const base = await makeBase({ layers: [[]] });
  const [layer] = base.layers;
  if (layer === undefined) throw new Error("a base without a layer");
  const changeset = new Changeset(new FileTree(), "layer", { image: base, layer });
  changeset.apply({ header: { ...plain, type: "directory", path: "./" }, offset: 0 });
  changeset.apply({ header: { ...plain, path: "f" }, offset: 0 });
  const apply = () => changeset.apply({ header: { ...plain, ...member, type }, offset: 0 });
  expect(apply).toThrow(`layer: expected the root to be a directory, got "${type}"`);
});

it.each<[string, number, Partial<TarHeader>]>([
  ["a file", 1, { type: "file", path: `${deep}a` }],
  ["a symbolic link", 1, { type: "symlink", path: `${deep}a`, target: "f" }],
  ["a directory", 1, { type: "directory", path: `${deep}a` }],
  ["a whiteout", 1, { type: "file", path: `${deep}.wh.a` }],
  ["an opaque directory", 1, { type: "file", path: `${deep}.wh..wh..opq` }],
  ["a hard link", 2, { type: "hardlink", path: `${deep}a`, target: `${deep}f` }],
])("the way of %s is walked once for each of its paths", async (_, paths, member) => {
  const base = await makeBase({ layers: [[]] });
  const [layer] = base.layers;
  if (layer === undefined) throw new Error("a base without a layer");
  const tree = new FileTree();
  const changeset = new Changeset(tree, "layer", { image: base, layer });
  const apply = (header: Partial<TarHeader>) =>
    changeset.apply({ header: { ...plain, ...header }, offset: 0 });
  apply({ path: `${deep}f` });
  let lookedUp = 0;
  for (let node: FileNode | undefined = tree.root; node?.type === "directory"; ) {
    const directory: DirectoryNode = node;
    node = directory.children.get("d");
    directory.children = new Children(directory.children, () => {
      lookedUp += 1;
    });
  }
  apply(member);
  expect(lookedUp).toBeGreaterThanOrEqual(paths * depth);
  expect(lookedUp).toBeLessThan(paths * depth + 10);
});

const plain: TarHeader = {
  path: "",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  target: "",
} as TarHeader;
