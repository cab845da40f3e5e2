import { chmod, copyFile, cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selectBinaries } from "../../src/binaries/binaries.js";
import { readCatalog } from "../../src/binaries/collect.js";
import {
  checkBinary,
  type PreflightCheck,
  type PreflightExpectation,
  preflight,
} from "../../src/binaries/preflight.js";
import { reportPreflight, uncheckedRemarks } from "../../src/binaries/preflight-report.js";
import type { VersionOutput } from "../../src/binaries/version-output.js";
import { VerificationError } from "../../src/errors.js";
import { buildGoProject, copyGoProject, type GoProjectCopy } from "../support/go-project.js";

const recording = fileURLToPath(new URL("../fixtures/goreleaser/build", import.meta.url));
const selection = { platforms: ["linux/amd64", "linux/arm64"], names: [], ids: [] };
const baseOf = () => "scratch";
const amd64 = "hello_linux_amd64_v1/hello";
const arm64 = "hello_linux_arm64_v8.0/hello";

let project: GoProjectCopy;
let dist: string;
let dynamic: string;

beforeAll(async () => {
  project = await copyGoProject();
  dist = join(project.path, "dist");
  const flags = ["-trimpath", "-ldflags", "-s -w -X main.version=1.2.3"];
  await buildGoProject(project, `dist/${amd64}`, { flags, vcs: true });
  await buildGoProject(project, `dist/${arm64}`, { flags, vcs: true, goarch: "arm64" });
  dynamic = await buildGoProject(project, "dist/pie", { flags: ["-buildmode=pie"] });
  await cp(recording, dist, { recursive: true });
  for (const path of [amd64, arm64]) await chmod(join(dist, path), 0o755);
});

afterAll(() => project.remove());

/** Runs the preflight over the dist directory after a change of a copy of it. */
async function check(expected: PreflightExpectation, change: (copy: string) => Promise<unknown>) {
  const copy = await mkdtemp(join(project.path, "changed-"));
  await cp(dist, copy, { recursive: true });
  await change(copy);
  const { candidates, files, builtVersion = "" } = await readCatalog(copy, { subject: "dist" });
  return preflight(
    copy,
    { binaries: selectBinaries(candidates, files, selection, "dist"), builtVersion },
    expected,
  );
}

const unchanged = async () => {};
const verdicts = (checks: readonly PreflightCheck[]) =>
  checks.map(({ subject, check, found, holds }) => [subject, check, found, holds]);
const failures = (checks: readonly PreflightCheck[]) => checks.filter(({ holds }) => holds === false);

describe("preflight", () => {
  it("passes a dist of the version for every platform", async () => {
    expect(verdicts(await check({ version: "1.2.3", baseOf }, unchanged))).toEqual([
      ["metadata.json", "version", "1.2.3", true],
      ["linux/amd64/hello", "machine", "amd64", true],
      ["linux/amd64/hello", "libc", "static", true],
      ["linux/amd64/hello", "version", "v1.2.3 (the main module)", true],
      ["linux/arm64/hello", "machine", "arm64", true],
      ["linux/arm64/hello", "libc", "static", true],
      ["linux/arm64/hello", "version", "v1.2.3 (the main module)", true],
    ]);
  });

  it.each<[string, string, (copy: string) => Promise<unknown>, unknown[][]]>([
    [
      "the binary of another platform",
      "1.2.3",
      (copy) => copyFile(join(copy, amd64), join(copy, arm64)),
      [["linux/arm64/hello", "machine", "amd64", false]],
    ],
    [
      "a script",
      "1.2.3",
      (copy) => writeFile(join(copy, amd64), "#!/bin/sh\n"),
      [
        [
          "linux/amd64/hello",
          "machine",
          "a file that starts with 23212f62 in place of an ELF program",
          false,
        ],
      ],
    ],
    [
      "half a program",
      "1.2.3",
      async (copy) => {
        const program = await readFile(join(copy, amd64));
        await writeFile(join(copy, amd64), program.subarray(0, program.length / 2));
      },
      [
        [
          "linux/amd64/hello",
          "machine",
          expect.stringMatching(/^\d+ bytes in place of a whole file of at least \d+ bytes$/),
          false,
        ],
      ],
    ],
    [
      "a dynamic program",
      "1.2.3",
      (copy) => copyFile(dynamic, join(copy, amd64)),
      [["linux/amd64/hello", "libc", "dynamic, loaded by /lib64/ld-linux-x86-64.so.2", false]],
    ],
    [
      "another version",
      "1.2.4",
      unchanged,
      [
        ["metadata.json", "version", "1.2.3", false],
        ["linux/amd64/hello", "version", "v1.2.3 (the main module)", false],
        ["linux/arm64/hello", "version", "v1.2.3 (the main module)", false],
      ],
    ],
  ])("fails for %s", async (_, version, change, expected) => {
    expect(verdicts(failures(await check({ version, baseOf }, change)))).toEqual(expected);
  });

  it("checks no more of a file that is no program, and says so", async () => {
    const checks = await check({ version: "1.2.3", baseOf }, (copy) => writeFile(join(copy, amd64), "text"));
    const unknown = checks.filter(({ holds }) => holds === undefined);
    expect(verdicts(unknown)).toEqual([
      ["linux/amd64/hello", "libc", "not checked, because it is none", undefined],
      ["linux/amd64/hello", "version", "not checked, because it is none", undefined],
    ]);
  });

  it("says why nothing is checked of a build without a version", async () => {
    const versions = (await check({ baseOf }, unchanged)).filter((found) => found.check === "version");
    expect(versions.map(({ subject, found, holds }) => [subject, found, holds])).toEqual(
      ["metadata.json", "linux/amd64/hello", "linux/arm64/hello"].map((subject) => [
        subject,
        "not checked, because a build of a branch has none",
        undefined,
      ]),
    );
  });
});

describe("checkBinary", () => {
  const binary = { name: "hello", platform: "linux/amd64", path: "pie", staged: "linux/amd64/hello" };
  const checkFile = async (file: string, expected: PreflightExpectation) =>
    checkBinary(binary, { content: await readFile(file) }, expected);

  it.each<[string, boolean | undefined, string, string]>([
    ["scratch", false, "a static program, since scratch has no C library", ""],
    ["alpine:3.23", false, "static, or for the musl of alpine:3.23", ""],
    ["debian:trixie", true, "static, or for the glibc of debian:trixie", ""],
    [
      "acme/base",
      undefined,
      "a program that runs in acme/base",
      "; not checked, because the C library of acme/base is not known",
    ],
  ])("holds a dynamic program against %s: %s", async (base, holds, expected, why) => {
    const checks = await checkFile(dynamic, { baseOf: () => base });
    expect(checks.find(({ check }) => check === "libc")).toEqual({
      subject: "linux/amd64/hello",
      check: "libc",
      expected,
      found: `dynamic, loaded by /lib64/ld-linux-x86-64.so.2${why}`,
      holds,
    });
  });

  it.each<[VersionOutput | undefined, string, boolean | undefined]>([
    [{ output: "hello 1.2.3\n" }, "1.2.3 (--version)", true],
    [{ output: "hello 1.2.2\n" }, "1.2.2 (--version)", false],
    [
      { output: "usage: hello" },
      "not checked, because Go stamped no version (-buildvcs), and it prints no version",
      undefined,
    ],
    [
      { unknown: "it cannot be run here" },
      "not checked, because Go stamped no version (-buildvcs), and it cannot be run here",
      undefined,
    ],
    [undefined, "not checked, because Go stamped no version (-buildvcs)", undefined],
  ])(
    "takes the version from what a program prints where its file has none: %j",
    async (printed, found, holds) => {
      const file = { content: await readFile(dynamic), ...(printed && { printed }) };
      const checks = checkBinary(binary, file, { version: "1.2.3", baseOf });
      expect(checks.find(({ check }) => check === "version")).toMatchObject({ found, holds });
    },
  );

  it("reads of a program what it needs, and not three gigabytes behind it", async () => {
    const large = { ...binary, path: "large" };
    await copyFile(join(dist, amd64), join(dist, "large"));
    await truncate(join(dist, "large"), 3 * 2 ** 30);
    const checks = await preflight(dist, { binaries: [large] }, { version: "1.2.3", baseOf });
    await rm(join(dist, "large"));
    expect(checks.map(({ holds }) => holds)).toEqual([true, true, true]);
  });

  it("takes the version of the file before what the program prints", async () => {
    const file = { content: await readFile(join(dist, amd64)), printed: { output: "9.9.9" } };
    const checks = checkBinary(binary, file, { version: "1.2.3", baseOf });
    expect(checks.find(({ check }) => check === "version")).toMatchObject({ holds: true });
  });
});

describe("a program is run", () => {
  it.each<[string, PreflightExpectation["version"], string[]]>([
    ["where its file has no version", "1.2.3", [amd64]],
    ["not for a build that has none", undefined, []],
  ])("%s", async (_, version, expected) => {
    const asked: string[] = [];
    const askVersion = async (path: string) => {
      asked.push(path);
      return { output: "hello 1.2.3" };
    };
    await check({ version, baseOf, askVersion }, (copy) => copyFile(dynamic, join(copy, amd64)));
    expect(asked.map((path) => path.split("/").slice(-2).join("/"))).toEqual(expected);
  });
});

it("says of each check that could not be made why, in a sentence", async () => {
  expect(uncheckedRemarks(await check({ version: "1.2.3", baseOf }, unchanged))).toEqual([]);
  expect(uncheckedRemarks(await check({ baseOf }, unchanged))).toEqual(
    ["metadata.json", "linux/amd64/hello", "linux/arm64/hello"].map(
      (subject) => `${subject}: version: not checked, because a build of a branch has none.`,
    ),
  );
});

describe("reportPreflight", () => {
  it("lists what was not checked first", async () => {
    const checks = await check({ baseOf }, unchanged);
    const { markdown, data } = reportPreflight(checks);
    expect(data).toBe(checks);
    expect(markdown.split("\n").slice(0, 3)).toEqual([
      "| binary | check | expected | found | holds |",
      "|---|---|---|---|---|",
      "| metadata.json | version | no version | not checked, because a build of a branch has none | not checked |",
    ]);
    expect(markdown).toContain("| linux/arm64/hello | machine | an ELF program for arm64 | arm64 | yes |");
  });

  it("throws every failure with what to do, and the whole report", async () => {
    const checks = await check({ version: "1.2.3", baseOf }, async (copy) => {
      await copyFile(join(copy, amd64), join(copy, arm64));
      await copyFile(dynamic, join(copy, amd64));
    });
    const report = () => reportPreflight(checks);
    expect(report).toThrow(VerificationError);
    expect(report).toThrow(
      [
        "linux/amd64/hello: libc: expected a static program, since scratch has no C library, got dynamic, loaded by /lib64/ld-linux-x86-64.so.2. Link it statically (CGO_ENABLED=0, or a musl target), or choose a base with its C library.",
        "linux/arm64/hello: machine: expected an ELF program for arm64, got amd64. Build it for its platform, or name the binaries in release.binaries.names.",
        "",
        "| binary | check |",
      ].join("\n"),
    );
    expect(report).toThrow("| linux/arm64/hello | machine | an ELF program for arm64 | amd64 | **no** |");
  });
});
