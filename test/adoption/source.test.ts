import { mkdir, truncate, writeFile } from "node:fs/promises";
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

it("refuses a file of more bytes than any that is read has", async () => {
  const { path: root } = makeTemporaryDirectory();
  await writeFile(join(root, "go.mod"), "");
  await truncate(join(root, "go.mod"), 600 << 20);
  await expect(readTree(root)).rejects.toThrow("go.mod: expected at most 16777216 bytes, got 629145600.");
});
