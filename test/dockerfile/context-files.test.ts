import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeSources } from "../../src/dockerfile/context-files.js";
import type { Source } from "../../src/dockerfile/sources.js";
import { InputError } from "../../src/errors.js";
import type { FileNode } from "../../src/layer/file-tree.js";
import { openContext, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";
import { messageThrownBy } from "../support/thrown.js";

let directory: TemporaryDirectory;
let target: TemporaryDirectory;
beforeEach(async () => {
  directory = makeTemporaryDirectory();
  target = makeTemporaryDirectory();
  await writeFiles(directory.path, {
    app: { content: "program", mode: 0o700 },
    "etc/a.yaml": { content: "a", mode: 0o600 },
    "etc/link": { link: "a.yaml" },
    "etc/empty/": "",
    here: { link: "etc" },
    ".git/HEAD": "",
  });
});
afterEach(() => Promise.all([directory.remove(), target.remove()]));

const owner = { uid: 0, gid: 0 };

/** Writes what is at these paths of the context. */
async function write(...paths: string[]): Promise<void> {
  const context = openContext(directory.path);
  const sources = paths.flatMap((path): Source[] => {
    const node = context.follow(path);
    return node === undefined ? [] : [{ path, node }];
  });
  await writeSources(target.path, sources, "Dockerfile");
}

/** Every path that was written, with its permissions and content; links are not followed. */
async function list(directory = ""): Promise<string[]> {
  const names = (await readdir(join(target.path, directory))).toSorted();
  const lines = names.map(async (base): Promise<string[]> => {
    const name = join(directory, base);
    const path = join(target.path, name);
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) return [`${name} -> ${await readlink(path)}`];
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) return [`${name}/ ${mode}`, ...(await list(name))];
    return [`${name} ${mode} ${await readFile(path, "utf8")}`];
  });
  return (await Promise.all(lines)).flat();
}

it("writes no directory through a link that leads out of the context", async () => {
  const outside = makeTemporaryDirectory();
  await writeFiles(outside.path, { keep: "kept" });
  const children = new Map<string, FileNode>([
    ["keep", { type: "file", mode: 0o644, ...owner, content: { bytes: Buffer.from("lost") } }],
  ]);
  const link: FileNode = { type: "symlink", ...owner, target: outside.path };
  const sources: Source[] = [
    { path: "/d", node: { type: "directory", mode: 0o755, ...owner, children: new Map([["s", link]]) } },
    { path: "/d/s", node: { type: "directory", mode: 0o755, ...owner, children } },
  ];
  expect(await messageThrownBy(() => writeSources(target.path, sources, "Dockerfile"))).toBe(
    'Dockerfile: expected d/s to be copied either as a link or as what it leads to, got "both, by d/s". Copy it by one of its names.',
  );
  expect(await readFile(join(outside.path, "keep"), "utf8")).toBe("kept");
  await outside.remove();
});

describe("writeSources", () => {
  const etc = ["etc/ 755", "etc/a.yaml 644 a", "etc/empty/ 755", "etc/link -> a.yaml"];
  it.each<[string, string[], string[]]>([
    ["a file", ["/app"], ["app 755 program"]],
    ["a file of a directory", ["/etc/a.yaml"], ["etc/ 755", "etc/a.yaml 644 a"]],
    ["a directory", ["/etc"], etc],
    ["all", ["/"], ["app 755 program", ...etc, "here -> etc"]],
    [
      "what is named more than once",
      ["/etc", "/etc/a.yaml", "/", "/etc"],
      ["app 755 program", ...etc, "here -> etc"],
    ],
    [
      "what a link leads to, under the name of the link",
      ["/here/a.yaml", "/etc/link"],
      ["etc/ 755", "etc/link 644 a", "here/ 755", "here/a.yaml 644 a"],
    ],
    ["nothing", [], []],
  ])("writes %s", async (_, paths, expected) => {
    await write(...paths);
    expect(await list()).toEqual(expected);
  });

  it("does not depend on the umask", async () => {
    const before = process.umask(0o077);
    try {
      await write("/etc", "/app");
      expect(await list()).toEqual(["app 755 program", ...etc]);
    } finally {
      process.umask(before);
    }
  });

  it.each<[string, FileNode, string]>([
    [
      "two files that are meant",
      { type: "conflict", between: ["one", "another"], fix: "Choose" },
      'Dockerfile: expected one file at that path, got "one, and another". Choose.',
    ],
    [
      "a device",
      { type: "special", kind: "a device" },
      'Dockerfile: expected files, directories and symbolic links in the build context, got "/x/y, a device".',
    ],
  ])("refuses %s, in a directory as well", async (_, node, message) => {
    const parent: FileNode = { type: "directory", mode: 0o755, ...owner, children: new Map([["y", node]]) };
    const written = writeSources(target.path, [{ path: "/x", node: parent }], "Dockerfile");
    await expect(written).rejects.toThrow(InputError);
    await expect(written).rejects.toThrow(message);
  });

  it("writes what is held in memory", async () => {
    const node: FileNode = { type: "file", mode: 0o644, ...owner, content: { bytes: Buffer.from("text") } };
    await writeSources(target.path, [{ path: "/a/b", node }], "Dockerfile");
    expect(await list()).toEqual(["a/ 755", "a/b 644 text"]);
  });
});

it("writes nothing through a link that is copied as well", async () => {
  const { path: outside } = makeTemporaryDirectory();
  const { path: target } = makeTemporaryDirectory();
  const own = { uid: 0, gid: 0 };
  const link: FileNode = { type: "symlink", ...own, target: outside };
  const file: FileNode = { type: "file", mode: 0o644, ...own, content: { bytes: Buffer.from("evil") } };
  const sources = [
    {
      path: "/d",
      node: { type: "directory", mode: 0o755, ...own, children: new Map([["link", link]]) } as const,
    },
    { path: "/d/link/x", node: file },
  ];
  expect(await messageThrownBy(() => writeSources(target, sources, "Dockerfile"))).toContain("d/link");
  expect(await readdir(outside)).toEqual([]);
});
