import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGoBuildInfo } from "../../src/binaries/build-info.js";
import {
  type EmbeddedVersion,
  isPublished,
  readEmbeddedVersion,
  readPrintedVersion,
} from "../../src/binaries/embedded-version.js";
import { buildGoProject, copyGoProject, type GoBuild, type GoProjectCopy } from "../support/go-project.js";

const linked = ["-ldflags", "-s -w -X main.version=1.2.3"];

let project: GoProjectCopy;

beforeAll(async () => {
  project = await copyGoProject();
});

afterAll(() => project.remove());

// In dist, which the project's .gitignore names: Go takes any other file for a change.
const build = async (options: GoBuild) => readFile(await buildGoProject(project, "dist/hello", options));

describe("readGoBuildInfo", () => {
  it.each(["amd64", "arm64", "386", "s390x"])(
    "reads a program for %s as go version -m does",
    { timeout: 120_000 },
    async (goarch) => {
      const file = await buildGoProject(project, "dist/hello", { goarch, flags: linked, vcs: true });
      const info = readGoBuildInfo(await readFile(file));
      const { stdout } = await promisify(execFile)("go", ["version", "-m", "-json", file]);
      const expected = JSON.parse(stdout);

      expect(info?.goVersion).toBe(expected.GoVersion);
      expect(info?.module).toEqual({ path: expected.Main.Path, version: expected.Main.Version });
      expect([...(info?.settings ?? [])]).toEqual(
        expected.Settings.map(({ Key, Value }: { Key: string; Value: string }) => [Key, Value]),
      );
    },
  );
});

describe("readGoBuildInfo of what has none", () => {
  let program: Buffer;
  let section: number;
  beforeAll(async () => {
    program = await build({});
    section = program.indexOf(Buffer.from("\xff Go buildinf:", "latin1"));
  });

  const patched = (at: number, ...values: number[]) => {
    const copy = Buffer.from(program);
    copy.set(values, at);
    return copy;
  };
  const sectionNames = () => program.lastIndexOf(".go.buildinfo\0");

  it.each<[string, () => Buffer]>([
    ["an empty file", () => Buffer.alloc(0)],
    ["a header alone", () => program.subarray(0, 64)],
    ["no section table", () => patched(40, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["a section table out of the file", () => patched(46, 1)],
    ["section headers too small", () => patched(58, 8, 0)],
    ["no section names", () => patched(62, 0xff, 0xff)],
    ["another section name", () => patched(sectionNames(), 0x58)],
    ["another magic", () => patched(section, 0)],
    ["strings by pointer, as before Go 1.18", () => patched(section + 15, 0)],
    ["a string longer than the section", () => patched(section + 32, 0xff, 0xff, 0xff, 0x7f)],
    ["a length without an end", () => patched(section + 32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ])("%s", (_, bytes) => {
    expect(readGoBuildInfo(bytes())).toBeUndefined();
  });

  it("is not looked for in names of some megabytes for each of thousands of sections", () => {
    const [count, length] = [60_000, 8 << 20];
    const file = Buffer.alloc(64 + count * 64 + length, "x");
    program.copy(file, 0, 0, 64);
    file.writeBigUInt64LE(64n, 40);
    file.writeUInt16LE(count, 60);
    file.writeUInt16LE(0, 62);
    for (let at = 64; at < 64 + count * 64; at += 64) {
      file.fill(0, at, at + 64);
      file.writeBigUInt64LE(BigInt(64 + count * 64), at + 24);
      file.writeBigUInt64LE(BigInt(length), at + 32);
    }
    expect(readGoBuildInfo(file)).toBeUndefined();
  });

  it("is found only where it belongs", () => {
    expect(section).toBeGreaterThan(0);
    expect(sectionNames()).toBeGreaterThan(0);
    expect(readGoBuildInfo(program)).toBeDefined();
  });
});

describe("readEmbeddedVersion", () => {
  const none = "Go stamped no version (-buildvcs)";

  it.each<[string, GoBuild, EmbeddedVersion]>([
    ["linker flags", { flags: linked }, { version: "1.2.3", source: "-X main.version" }],
    [
      "quoted linker flags",
      { flags: ["-ldflags", `-X 'main.date=a b' -X "main.version=v1.2.3"`] },
      { version: "v1.2.3", source: "-X main.version" },
    ],
    [
      "a package of the module",
      { flags: ["-ldflags", "-X=example.com/hello/greeting.Version=2.0.0"] },
      { version: "2.0.0", source: "-X example.com/hello/greeting.Version" },
    ],
    [
      "linker flags before git's tag",
      { flags: ["-ldflags", "-X main.version=9.9.9"], vcs: true },
      { version: "9.9.9", source: "-X main.version" },
    ],
    [
      "git's tag",
      { flags: ["-trimpath", ...linked], vcs: true },
      { version: "v1.2.3", source: "the main module" },
    ],
    [
      "neither",
      { flags: ["-trimpath", ...linked] },
      { unknown: `its linker flags are not recorded (-trimpath), and ${none}` },
    ],
    ["a dependency's version", { flags: ["-ldflags", "-X github.com/a/b.version=1.2.3"] }, { unknown: none }],
    [
      "other variables",
      { flags: ["-ldflags", "-X main.goVersion=1.26 -X main.commit=1.2.3"] },
      { unknown: none },
    ],
  ])("reads %s", async (_, options, expected) => {
    expect(readEmbeddedVersion(await build(options))).toEqual(expected);
  });

  it("reads a change of the source as another version", async () => {
    const changed = await copyGoProject();
    await writeFile(join(changed.path, "NOTES"), "not committed");
    const program = await readFile(await buildGoProject(changed, "dist/hello", { vcs: true }));
    await changed.remove();
    expect(readEmbeddedVersion(program)).toEqual({ version: "v1.2.3+dirty", source: "the main module" });
  });

  it("does not take the version of an untagged commit for one", async () => {
    // v2 belongs to a module path that ends in /v2, so Go sees no tag.
    const untagged = await copyGoProject("v2.0.0");
    const program = await readFile(await buildGoProject(untagged, "dist/hello", { vcs: true }));
    await untagged.remove();
    expect(readEmbeddedVersion(program)).toEqual({
      unknown: expect.stringMatching(
        /^Go saw no tag that fits the module path, and stamped v0\.0\.0-\d{14}-[0-9a-f]{12}$/,
      ),
    });
  });

  it("knows nothing of a program that Go did not build", () => {
    expect(readEmbeddedVersion(Buffer.from("\x7fELF"))).toEqual({
      unknown: "it carries no Go build information",
    });
  });
});

describe("isPublished", () => {
  it.each([
    ["1.2.3", "1.2.3", true],
    ["v1.2.3", "1.2.3", true],
    ["1.2.3+abcdef", "1.2.3", true],
    ["v1.2.3+dirty", "1.2.3", false],
    ["v1.2.3+incompatible.dirty", "1.2.3", false],
    ["1.2.3-rc.1", "1.2.3-rc.1", true],
    ["1.2.3-rc.1", "1.2.3", false],
    ["1.2.30", "1.2.3", false],
    ["1.2.3-SNAPSHOT-0a695f5", "1.2.3", false],
    ["dev", "1.2.3", false],
    ["", "1.2.3", false],
  ])("%j is %s: %s", (embedded, published, expected) => {
    expect(isPublished(embedded, published)).toBe(expected);
  });
});

describe("readPrintedVersion", () => {
  it.each<[string, string | undefined]>([
    ["hello 1.2.3\n", "1.2.3"],
    ["hello version v1.2.3 (go1.26.8)", "1.2.3"],
    ["hello/1.2.3", "1.2.3"],
    ['{"version":"1.2.3"}', "1.2.3"],
    ["library 9.9.9, hello 1.2.3", "1.2.3"],
    ["hello 1.2.4", "1.2.4"],
    ["hello 1.2.3-rc.1", "1.2.3-rc.1"],
    ["hello 1.2.3+dirty", "1.2.3+dirty"],
    ["hello 11.2.3", "11.2.3"],
    ["hello 1.2.34.", "1.2.34"],
    ["\nhello 1.2.4\nlibrary 9.9.9", "1.2.4"],
    ["hello\nlibrary 9.9.9", undefined],
    ["hello\nversion 1.2.3", "1.2.3"],
    ["go1.26.8", undefined],
    ["hello 1.2.3.4", undefined],
    ["hello dev", undefined],
    ["", undefined],
  ])("%j holds %s", (output, version) => {
    expect(readPrintedVersion(output, "1.2.3")).toEqual(
      version === undefined ? { unknown: "it prints no version" } : { version, source: "--version" },
    );
  });
});
