import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readTree } from "../../src/adoption/source.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

it("reads the files of a directory by their path in it, hidden ones included", async () => {
  const { path: root } = await makeTemporaryDirectory();
  await mkdir(join(root, ".github/workflows"), { recursive: true });
  await writeFile(join(root, ".github/workflows/ci.yml"), "on: push\n");
  await writeFile(join(root, "go.mod"), "module a\n");
  const read = [...(await readTree(root))].map(([path, content]) => [path, content.toString()]);
  expect(read.sort()).toEqual([
    [".github/workflows/ci.yml", "on: push\n"],
    ["go.mod", "module a\n"],
  ]);
});
