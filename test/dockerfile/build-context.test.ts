import { afterEach, beforeEach, expect, it } from "vitest";
import { type FileSpec, openContext, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => directory.remove());

const sparse = "The checkout is sparse: git sparse-checkout disable brings all files";

it.each<[string, Record<string, FileSpec>, string, string]>([
  ["a sparse checkout", { a: "", ".git/info/sparse-checkout": "/a\n" }, "/docs/b", sparse],
  [
    "a sparse checkout with files beside it",
    { "docs/a": "", ".git/info/sparse-checkout": "/docs/a\n" },
    "/docs/b",
    `docs has a. ${sparse}`,
  ],
  ["a whole checkout", { "docs/a": "", ".git/HEAD": "" }, "/docs/b", "docs has a"],
  [
    "many files",
    Object.fromEntries("abcdefghij".split("").map((name) => [`docs/${name}`, ""])),
    "/docs/z",
    "docs has a, b, c, d, e, f, g, h and 2 more",
  ],
  ["another case", { "docs/README.md": "", "docs/a": "" }, "/docs/readme.md", "There is README.md"],
  ["an empty source", {}, "/a", "Pass the directory of the binaries as --binaries, or check the spelling"],
])("an absent file is explained by what is there: %s", async (_, files, path, fix) => {
  await writeFiles(directory.path, files);
  expect(openContext(directory.path).explain(path)).toEqual({
    expected: `${path.slice(1)} to be in the build context`,
    fix,
  });
});
