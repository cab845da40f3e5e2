import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packagesOfGo } from "../../../src/attest/sbom/go.js";
import { PassingProgram } from "../../../src/attest/sbom/program.js";
import { buildInfoOf, programOf } from "../../support/elf-sections.js";
import { buildGoProject, copyGoProject, type GoProjectCopy } from "../../support/go-project.js";
import { makeTemporaryDirectory } from "../../support/temporary-directory.js";

interface ListedModule {
  Path: string;
  Version: string;
  Sum?: string;
}

describe("packagesOfGo of what Go builds", () => {
  let project: GoProjectCopy;
  beforeAll(async () => {
    project = await copyGoProject();
  });
  afterAll(() => project.remove());

  it.each(["amd64", "arm64", "386", "s390x"])(
    "lists for %s what go version -m lists, and the standard library",
    { timeout: 120_000 },
    async (goarch) => {
      const path = await buildGoProject(project, "dist/hello", {
        goarch,
        flags: ["-trimpath", "-ldflags=-s -w"],
      });
      const { stdout } = await promisify(execFile)("go", ["version", "-m", "-json", path]);
      const { Main, Deps, GoVersion } = JSON.parse(stdout);
      const hex = (sum = "") => Buffer.from(sum.slice("h1:".length), "base64").toString("hex");
      const listed = [Main, ...Deps, { Path: "stdlib", Version: GoVersion.slice("go".length) }];
      expect(packagesOfGo(await readFile(path), "/app")).toMatchObject(
        listed.map(({ Path, Version, Sum }: ListedModule) => ({
          name: Path,
          version: Version,
          ...(Sum ? { sha256: hex(Sum) } : {}),
        })),
      );
      expect(Deps).toHaveLength(1);
    },
  );
});

describe("packagesOfGo", () => {
  const read = (goVersion: string, ...lines: string[]) =>
    packagesOfGo(
      programOf({ ".go.buildinfo": buildInfoOf(goVersion, lines.map((line) => `${line}\n`).join("")) }),
      "/app",
    );
  const sum = `h1:${Buffer.alloc(32, 1).toString("base64")}`;

  const unknown = undefined;
  it.each<[string, string[], (string | undefined)[]]>([
    [
      "a module",
      ["dep\tgithub.com/Masterminds/semver\tv1.5.0\t"],
      ["pkg:golang/github.com/masterminds/semver@v1.5.0"],
    ],
    ["one without slashes", ["dep\ta.example\tv1.0.0\t"], ["pkg:golang/a.example@v1.0.0"]],
    [
      "a version that is none of Git",
      ["dep\ta.example/b\tv2.0.0+incompatible\t"],
      ["pkg:golang/a.example/b@v2.0.0%2Bincompatible"],
    ],
    ["a main module from a directory", ["mod\ta.example/b\t(devel)\t"], ["pkg:golang/a.example/b"]],
    [
      "what replaces a module",
      ["dep\ta.example/b\tv1.0.0", `=>\tc.example/d\tv1.1.0\t${sum}`],
      ["pkg:golang/c.example/d@v1.1.0"],
    ],
    [
      "a module that a directory replaces",
      ["dep\ta.example/b\tv1.0.0", "=>\t./b\t(devel)\t"],
      ["pkg:golang/a.example/b"],
    ],
    [
      "one of a Go that says no version of a directory",
      ["dep\ta.example/b\tv1.0.0", "=>\t../b\t\t"],
      ["pkg:golang/a.example/b"],
    ],
    [
      "no name with characters that are not seen",
      ["dep\ta.example/\u0000b\tv1.0.0\t", "dep\ta.example/c\tv1\u202e\t"],
      [unknown, unknown],
    ],
    ["no name that is empty", ["mod\t\tv1.0.0\t", "dep\t\t\t"], [unknown, unknown]],
    ["nothing of lines of another form", ["dep", "dep\ta", "=>", "=>\ta\tv1\t", "", "\t\t", "mod\u0000"], []],
  ])("lists %s", (_, lines, expected) => {
    expect(read("", ...lines).map((each) => each?.purl)).toEqual(expected);
  });

  it.each<[string, (string | undefined)[]]>([
    ["go1.26\u0007", [unknown]],
    ["go1.26.8", ["pkg:golang/stdlib@1.26.8"]],
    ["go1.26.8 X:nodwarf5", ["pkg:golang/stdlib@1.26.8"]],
    ["go1.27rc1", ["pkg:golang/stdlib@1.27rc1"]],
    ["devel go1.27-abc Thu Jan 1", []],
  ])("takes the standard library of %s", (version, expected) => {
    expect(read(version).map((each) => each?.purl)).toEqual(expected);
  });

  it.each<[string, string | undefined, string]>([
    ["a sum", "01".repeat(32), sum],
    ["none", undefined, ""],
    ["one of another length", undefined, "h1:AQ=="],
    ["what is none", undefined, "\ufffd"],
  ])("takes %s", (_, expected, text) => {
    expect(read("", `dep\ta.example/b\tv1.0.0\t${text}`).map((each) => each?.sha256)).toEqual([expected]);
  });

  it("knows the licence of the standard library alone", () => {
    const licenses = read("go1.26.8", "dep\ta.example/b\tv1.0.0\t").map((each) => each?.license);
    expect(licenses).toEqual([undefined, "BSD-3-Clause"]);
  });

  it("takes nothing of more lines than any build has", () => {
    expect(read("go1.26.8", "dep\ta\tv1\t\n".repeat(200_000))).toEqual([]);
  });
});

describe("PassingProgram", () => {
  const directory = makeTemporaryDirectory();
  afterAll(() => directory.remove());
  const path = join(directory.path, "program");
  const program = programOf({
    ".text": Buffer.alloc(10_000, "x"),
    ".go.buildinfo": buildInfoOf("go1.26.8", "mod\ta.example/app\tv1.2.3\t\n"),
    ".dep-v0": deflateSync(JSON.stringify({ packages: [{ name: "serde", version: "1.0.228" }] })),
  });

  const pass = async (bytes: Buffer, { most, piece }: { most: number; piece: number }) => {
    const passing = new PassingProgram(path, most);
    for (let at = 0; at < bytes.length; at += piece) await passing.add(bytes.subarray(at, at + piece));
    const isOnDisk = existsSync(path);
    const content = await passing.read();
    return { isOnDisk, isLeft: existsSync(path), names: content?.packagesIn("/app").map(({ name }) => name) };
  };

  const names = ["a.example/app", "stdlib", "serde"];
  it.each<[string, { most: number; piece: number }, boolean]>([
    ["at once", { most: 1 << 20, piece: 1 << 20 }, false],
    ["byte by byte", { most: 1 << 20, piece: 1 }, false],
    ["in pieces of no size", { most: 1 << 20, piece: 777 }, false],
    ["as large as what is held", { most: program.length, piece: 100 }, false],
    ["larger than what is held", { most: program.length - 1, piece: 100 }, true],
    ["much larger than what is held", { most: 10, piece: 3000 }, true],
  ])("is read %s", async (_, how, isOnDisk) => {
    expect(await pass(program, how)).toEqual({ isOnDisk, isLeft: false, names });
  });

  it("is on disk in all of its pieces", async () => {
    const large = programOf({ ".text": Buffer.alloc(5 << 20), ".go.buildinfo": buildInfoOf("go1.26.8", "") });
    const how = { most: 1 << 20, piece: 1 << 18 };
    expect(await pass(large, how)).toEqual({ isOnDisk: true, isLeft: false, names: ["stdlib"] });
  });

  it.each<[string, Buffer]>([
    ["what is no program", Buffer.alloc(10_000, "text ")],
    ["what becomes one later", Buffer.concat([Buffer.from("\n"), program])],
    ["nothing", Buffer.alloc(0)],
    ["the beginning of its first bytes", program.subarray(0, 3)],
  ])("keeps nothing of %s", async (_, bytes) => {
    expect(await pass(bytes, { most: 10, piece: 2 })).toEqual({
      isOnDisk: false,
      isLeft: false,
      names: undefined,
    });
  });

  it.each([1, 4, 16, 63, 64, 200, program.length - 1])(
    "reads one that breaks off after %i bytes without an error",
    async (size) => {
      const { names: found } = await pass(program.subarray(0, size), { most: 1 << 20, piece: 50 });
      expect(found ?? []).toEqual([]);
    },
  );
});
