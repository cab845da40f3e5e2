import { afterEach, beforeEach, expect, it } from "vitest";
import { type FileSpec, openContext, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => directory.remove());

const missing = "If it is built, pass its directory as --binaries";
const sparse = "The checkout is sparse: git sparse-checkout disable brings all files";

it.each<[string, Record<string, FileSpec>, string, string]>([
  ["a sparse checkout", { a: "", ".git/info/sparse-checkout": "/a\n" }, "/docs/b", `${missing}. ${sparse}`],
  [
    "a sparse checkout with files beside it",
    { "docs/a": "", ".git/info/sparse-checkout": "/docs/a\n" },
    "/docs/b",
    `${missing}. docs has a. ${sparse}`,
  ],
  ["a whole checkout", { "docs/a": "", ".git/HEAD": "" }, "/docs/b", `${missing}. docs has a`],
  [
    "many files",
    Object.fromEntries("abcdefghij".split("").map((name) => [`docs/${name}`, ""])),
    "/docs/z",
    `${missing}. docs has a, b, c, d, e, f, g, h and 2 more`,
  ],
  ["another case", { "docs/README.md": "", "docs/a": "" }, "/docs/readme.md", "There is docs/README.md"],
  ["an empty source", {}, "/a", missing],
])("an absent file is explained by what is there: %s", async (_, files, path, fix) => {
  await writeFiles(directory.path, files);
  expect(openContext(directory.path).explain(path)).toEqual({
    expected: `${path.slice(1)} to be in the build context`,
    fix,
  });
});

it.each<[string | undefined, string, string[] | undefined]>([
  [undefined, "/.git", ["HEAD", "config"]],
  ["docs", "/.git/config", []],
  [".git", "/.git", undefined],
  [".git", "/.git/config", undefined],
  ["*\n!a", "/.git/HEAD", undefined],
  ["*\n!.git/HEAD", "/.git", ["HEAD"]],
  ["*\n!.git/HEAD", "/.git/HEAD", []],
  ["*\n!.git/HEAD", "/.git/config", undefined],
  // It may hold the token of the checkout.
  [".git/config", "/.git", ["HEAD"]],
  [".git/config", "/.git/config", undefined],
])(".git is what the ignore file %j leaves of it, where %s is named", async (ignored, path, expected) => {
  const files = { a: "", ".git/HEAD": "ref", ".git/config": "token" };
  await writeFiles(directory.path, {
    ...files,
    ...(ignored === undefined ? {} : { ".dockerignore": ignored }),
  });
  const node = openContext(directory.path).follow(path);
  const names = node?.type === "directory" ? [...node.children.keys()] : [];
  expect(node === undefined ? undefined : names).toEqual(expected);
});
