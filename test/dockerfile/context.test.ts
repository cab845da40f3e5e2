import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadContext, readIgnoreFile } from "../../src/dockerfile/context.js";
import { InputError } from "../../src/errors.js";
import type { FileNode } from "../../src/layer/file-tree.js";
import { type FileSpec, makeContext, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => directory.remove());

/** Every path below a node with its permissions, or what a link points at. */
function list(node: FileNode | undefined, path = ""): string[] {
  if (node?.type === "symlink") return [`${path} -> ${node.target}`];
  if (node?.type === "file") return [`${path} ${node.mode.toString(8)}`];
  if (node?.type !== "directory") return [];
  const children = [...node.children].flatMap(([name, child]) => list(child, `${path}/${name}`));
  return path === "" ? children : [`${path}/ ${node.mode.toString(8)}`, ...children];
}

describe("loadContext", () => {
  it("keeps of permissions only whether a file can be executed", async () => {
    const context = await makeContext(directory.path, {
      a: { mode: 0o600 },
      b: { mode: 0o700 },
      c: { mode: 0o4755 },
      d: { mode: 0o666 },
      e: { mode: 0o610 },
      "f/g": { mode: 0o444 },
      l: { link: "../outside" },
    });
    expect(list(context.root)).toEqual([
      "/a 644",
      "/b 755",
      "/c 755",
      "/d 644",
      "/e 755",
      "/f/ 755",
      "/f/g 644",
      "/l -> ../outside",
    ]);
  });

  it.each<[string, Record<string, FileSpec>, string[]]>([
    ["no ignore file", { a: "", "b/c": "", ".d": "" }, ["/.d 644", "/a 644", "/b/ 755", "/b/c 644"]],
    [".dockerignore", { ".dockerignore": "b\n.docker*", a: "", "b/c": "" }, ["/a 644"]],
    [
      "an exception in an ignored directory",
      { ".dockerignore": "*\n!b/d", a: "", "b/c": "", "b/d": "", "e/f": "" },
      ["/b/ 755", "/b/d 644"],
    ],
    [
      "the ignore file of the Dockerfile, which comes first",
      { ".dockerignore": "*", "build/D.release.dockerignore": "a\nbuild\n.dockerignore", a: "", b: "" },
      ["/b 644"],
    ],
    ["an empty directory", { "a/": "", "b/": "", ".dockerignore": "b\n.dockerignore" }, ["/a/ 755"]],
  ])("with %s", async (_, files, expected) => {
    const context = await makeContext(directory.path, files, "build/D.release");
    expect(list(context.root)).toEqual(expected);
  });

  it("does not depend on the umask", async () => {
    const before = process.umask(0o077);
    try {
      const [strict, open] = ["strict", "open"].map((name) => join(directory.path, name));
      await mkdir(strict ?? "");
      await writeFiles(strict ?? "", { "a/b": "", c: { mode: 0o700 } });
      process.umask(0);
      await mkdir(open ?? "");
      await writeFiles(open ?? "", { "a/b": "", c: { mode: 0o777 } });
      const listed = [strict, open].map((path) =>
        list(loadContext(path ?? "", readIgnoreFile(path, "D")).root),
      );
      expect(listed[0]).toEqual(["/a/ 755", "/a/b 644", "/c 755"]);
      expect(listed[1]).toEqual(listed[0]);
    } finally {
      process.umask(before);
    }
  });

  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat([Buffer.from(`${directory.path}/`), ...parts.map((part) => Buffer.from(part as string))]);
  const load = () => loadContext(directory.path, readIgnoreFile(directory.path, "Dockerfile"));

  it("refuses a name that is not in UTF-8, unless it is left out", async () => {
    await writeFiles(directory.path, { "sub/": "" });
    writeFileSync(bytes("sub/caf", [0xe9]), "");
    expect(load).toThrow(InputError);
    expect(load).toThrow(
      'build context: expected file names in UTF-8, got "sub/caf\ufffd". Rename it, or leave it out by a line in .dockerignore.',
    );
    await writeFiles(directory.path, { ".dockerignore": "sub/caf?" });
    expect(list(load().root)).toEqual(["/.dockerignore 644", "/sub/ 755"]);
  });

  it("takes a name with the character that stands for what is no UTF-8", async () => {
    await writeFiles(directory.path, { "caf\ufffd": "" });
    expect(list(load().root)).toEqual(["/caf\ufffd 644"]);
  });

  it("refuses a link to a name that is not in UTF-8", async () => {
    await symlink(Buffer.from([0x63, 0xe9]), join(directory.path, "link"));
    expect(load).toThrow(InputError);
    expect(load).toThrow('expected links to names in UTF-8, got "link -> c\ufffd"');
  });

  it("says what is neither file, directory nor link", () => {
    execFileSync("mkfifo", [join(directory.path, "pipe")]);
    expect(load().get("/pipe")).toEqual({ type: "special", kind: "a named pipe" });
  });

  it("names the line of an ignore file that is malformed", async () => {
    await expect(makeContext(directory.path, { ".dockerignore": "a\n[" })).rejects.toThrow(
      ".dockerignore:2: expected a pattern",
    );
  });
});
