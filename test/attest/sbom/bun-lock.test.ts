import { describe, expect, it } from "vitest";
import { packagesOfBunLock } from "../../../src/attest/sbom/bun-lock.js";

/** What a lock has for a package: its details are the third of its parts, or the second where it is no package of npm. */
type Entry = unknown[];

const read = (text: string) =>
  packagesOfBunLock(text, "/bun.lock").map(({ name, version }) => `${name}@${version}`);

const needs = (...names: string[]) => Object.fromEntries(names.map((name) => [name, "*"]));

describe("packagesOfBunLock of an entry", () => {
  const of = (packages: string) =>
    read(
      `{"workspaces": {"": {"dependencies": {"a": "1", "@s/a": "1", "b": "1"}}}, "packages": {${packages}}}`,
    );

  it.each<[string, string, string[]]>([
    ["a package", '"a": ["a@1.0.0", "", {}, "sha512-x=="]', ["a@1.0.0"]],
    ["one of a scope", '"@s/a": ["@s/a@1.0.0"]', ["@s/a@1.0.0"]],
    ["one by another name", '"a": ["c@1.0.0"]', ["c@1.0.0"]],
    ["one with commas at the ends", '"a": ["a@1.0.0", "", {"b": [1,],},],', ["a@1.0.0"]],
    ["one with comments", '// one "\n"a": /* ] */ ["a@1.0.0", /* the last */ ],', ["a@1.0.0"]],
    ["one with what looks so in a string", '"a": ["a@1.0.0", "//,]/*"]', ["a@1.0.0"]],
    ["no workspace", '"a": ["a@workspace:packages/a"]', []],
    ["no file", '"a": ["a@file:a.tgz"]', []],
    ["no repository", '"a": ["a@github:o/r#1"]', []],
    ["no version without a name", '"a": ["1lodash"], "b": ["@1.0.0"]', []],
    ["what is readable", '"a": {}, "b": ["b@1.0.0"], "@s/a": [1]', ["b@1.0.0"]],
  ])("takes %s", (_, packages, expected) => {
    expect(of(packages)).toEqual(expected);
  });

  it.each<[string, string]>([
    ["an enormous string", `"a": ["${"x".repeat(10_000_000)}"]`],
    ["a comment that does not end", '"a": ["a@1.0.0"], /*'],
    ["a string that does not end, of many that might begin", `"a": ["${'\\"'.repeat(1_000_000)}`],
    ["packages of another form", '"a": ["a@1.0.0"]}, "packages": [1'],
  ])("takes nothing of %s", (_, packages) => {
    expect(of(packages)).toEqual([]);
  });
});

describe("packagesOfBunLock of a project", () => {
  const entry = (id: string, details: object = {}): Entry => [id, "", details, "sha512-x=="];

  it.each<[string, Record<string, unknown>, Record<string, Entry>, string[]]>([
    [
      "what it needs, and what that needs",
      { "": { dependencies: needs("a") } },
      { a: entry("a@1.0.0", { dependencies: needs("b") }), b: entry("b@2.0.0"), c: entry("c@3.0.0") },
      ["a@1.0.0", "b@2.0.0"],
    ],
    [
      "what is optional, and what is shared",
      { "": { optionalDependencies: needs("a"), peerDependencies: needs("b") } },
      { a: entry("a@1.0.0"), b: entry("b@2.0.0") },
      ["b@2.0.0", "a@1.0.0"],
    ],
    [
      "not what only development needs",
      { "": { dependencies: needs("a"), devDependencies: needs("b") } },
      { a: entry("a@1.0.0", { devDependencies: needs("c") }), b: entry("b@2.0.0"), c: entry("c@3.0.0") },
      ["a@1.0.0"],
    ],
    [
      "what development needs as well",
      { "": { dependencies: needs("a"), devDependencies: needs("b") } },
      { a: entry("a@1.0.0", { dependencies: needs("b") }), b: entry("b@2.0.0") },
      ["a@1.0.0", "b@2.0.0"],
    ],
    [
      "the version that lies within the package that needs it",
      { "": { dependencies: needs("@s/a") } },
      {
        "@s/a": entry("@s/a@1.0.0", { dependencies: needs("b") }),
        b: entry("b@1.0.0"),
        "@s/a/b": entry("b@2.0.0", { dependencies: needs("@t/c") }),
        "@t/c": entry("@t/c@3.0.0"),
        "@s/a/@t/c": entry("@t/c@4.0.0"),
      },
      ["@s/a@1.0.0", "b@2.0.0", "@t/c@4.0.0"],
    ],
    [
      "what its workspaces need, each its own version",
      { "": {}, web: { name: "@acme/web", dependencies: needs("a", "lib") }, lib: { name: "lib" } },
      { a: entry("a@1.0.0"), "@acme/web/a": entry("a@2.0.0"), lib: ["lib@workspace:lib"] },
      ["a@2.0.0"],
    ],
    [
      "what a repository needs, of which the details are the second part",
      { "": { dependencies: needs("a") } },
      { a: ["a@github:o/r#1", { dependencies: needs("b") }, "o-r-1"], b: entry("b@2.0.0") },
      ["b@2.0.0"],
    ],
    [
      "each once, where packages need each other",
      { "": { dependencies: needs("a") } },
      {
        a: entry("a@1.0.0", { dependencies: needs("b") }),
        b: entry("b@2.0.0", { dependencies: needs("a", "x") }),
      },
      ["a@1.0.0", "b@2.0.0"],
    ],
    ["nothing that nobody needs", {}, { a: entry("a@1.0.0") }, []],
    [
      "nothing of workspaces of another form",
      { "": 1, b: { dependencies: ["a"] } },
      { a: entry("a@1.0.0") },
      [],
    ],
  ])("takes %s", (_, workspaces, packages, expected) => {
    expect(read(JSON.stringify({ lockfileVersion: 1, workspaces, packages }))).toEqual(expected);
  });

  it("looks for what an enormous name needs in no time", () => {
    const name = "a/".repeat(1_000_000);
    const packages = {
      [name]: entry("a@1.0.0", {
        dependencies: needs(...Array.from({ length: 10_000 }, (_, at) => `b${at}`)),
      }),
    };
    const text = JSON.stringify({ workspaces: { "": { dependencies: needs(name) } }, packages });
    expect(read(text)).toEqual(["a@1.0.0"]);
  });
});
