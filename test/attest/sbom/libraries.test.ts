import { describe, expect, it } from "vitest";
import { packagesOfCargo } from "../../../src/attest/sbom/cargo.js";
import { packagesOfNpmLock, packagesOfPackageJson } from "../../../src/attest/sbom/npm.js";

const purls = (packages: readonly { purl: string }[]) => packages.map(({ purl }) => purl);

describe("packagesOfCargo", () => {
  const crate = { name: "serde", version: "1.0.228" };
  const serde = ["pkg:cargo/serde@1.0.228"];

  it.each<[string, unknown, string[]]>([
    ["a crate", { packages: [{ ...crate, source: "crates.io", dependencies: [1] }] }, serde],
    ["one that the program runs with", { packages: [{ ...crate, kind: "runtime" }] }, serde],
    ["none of the build", { packages: [{ ...crate, kind: "build" }] }, []],
    ["none of development", { packages: [{ ...crate, kind: "dev" }] }, []],
    ["what is readable", { packages: [null, 1, [], { name: "a" }, crate, { ...crate, name: 1 }] }, serde],
    ["no name with characters that are not seen", { packages: [{ ...crate, name: "a\u0007" }] }, []],
    ["no enormous name", { packages: [{ ...crate, name: "a".repeat(10_000) }] }, []],
    ["nothing of another form", { packages: { 0: crate } }, []],
    ["nothing of no JSON", undefined, []],
  ])("takes %s", (_, json, expected) => {
    expect(purls(packagesOfCargo(json, "/bin/tool"))).toEqual(expected);
  });
});

describe("packagesOfPackageJson", () => {
  const read = (fields: object) =>
    packagesOfPackageJson(
      JSON.stringify({ name: "left-pad", version: "1.3.0", ...fields }),
      "/a/package.json",
    );

  it("takes name, version and licence", () => {
    expect(read({ name: "@scope/name", license: "MIT" })).toEqual([
      {
        type: "npm",
        name: "@scope/name",
        version: "1.3.0",
        purl: "pkg:npm/%40scope/name@1.3.0",
        license: "MIT",
        foundIn: "/a/package.json",
      },
    ]);
  });

  it.each<[string, unknown, string | undefined]>([
    ["an object of former times", { type: "BSD", url: "https://x.example" }, "BSD"],
    ["several lines", " SEE\n LICENSE\tIN x ", "SEE LICENSE IN x"],
    ["blanks", "  \n ", undefined],
    ["a number", 1, undefined],
    ["characters that are not seen", "MIT\u0000", undefined],
    ["an enormous text", "MIT ".repeat(10_000), undefined],
  ])("takes a licence that is %s, or none", (_, license, expected) => {
    expect(read({ license }).map((each) => each.license)).toEqual([expected]);
  });

  it.each<[string, string]>([
    ["no JSON", '{"name": "a", "version": '],
    ["no object", '["a"]'],
    ["nothing", ""],
    ["no version", '{"name":"a"}'],
    ["a name of another form", '{"name":{"a":1},"version":"1"}'],
    ["a name with characters that are not seen", '{"name":"a\\u202eb","version":"1"}'],
    ["half of a pair in its version", '{"name":"a","version":"1\\ud800"}'],
    [
      "more depth than JSON is read to",
      `{"name":"a","version":"1","x":${"[".repeat(101)}${"]".repeat(101)}}`,
    ],
  ])("takes nothing of a file with %s", (_, text) => {
    expect(packagesOfPackageJson(text, "/a/package.json")).toEqual([]);
  });
});

describe("packagesOfNpmLock", () => {
  const read = (packages: unknown) =>
    purls(packagesOfNpmLock(JSON.stringify({ lockfileVersion: 3, packages }), "/package-lock.json"));
  const version = "1.0.0";

  it.each<[string, unknown, string[]]>([
    ["a package", { "node_modules/a": { version } }, ["pkg:npm/a@1.0.0"]],
    ["one of a scope", { "node_modules/@s/a": { version } }, ["pkg:npm/%40s/a@1.0.0"]],
    ["one within another", { "node_modules/a/node_modules/b": { version } }, ["pkg:npm/b@1.0.0"]],
    ["one of a workspace", { "web/node_modules/b": { version } }, ["pkg:npm/b@1.0.0"]],
    ["one by another name", { "node_modules/a": { name: "b", version } }, ["pkg:npm/b@1.0.0"]],
    ["one that is optional", { "node_modules/a": { version, devOptional: true } }, ["pkg:npm/a@1.0.0"]],
    ["not the project itself", { "": { name: "app", version } }, []],
    ["none of development", { "node_modules/a": { version, dev: true } }, []],
    ["no link to a workspace", { "node_modules/a": { version, link: true, resolved: "web" } }, []],
    ["no path of another form", { "x_node_modules/a": { version }, "node_modules/a/b": { version } }, []],
    ["what is readable", { "node_modules/a": 1, "node_modules/b": { version } }, ["pkg:npm/b@1.0.0"]],
    ["nothing of another form", [{ version }], []],
  ])("takes %s", (_, packages, expected) => {
    expect(read(packages)).toEqual(expected);
  });

  it("takes the licence that it locks", () => {
    const text = JSON.stringify({ packages: { "node_modules/a": { version, license: "ISC" } } });
    expect(packagesOfNpmLock(text, "/package-lock.json")).toMatchObject([{ license: "ISC" }]);
  });

  it("takes nothing of more JSON than a lock has", () => {
    const text = `{"packages":{"node_modules/a":{"version":"1"},"x":[${"0,".repeat(1_000_000)}0]}}`;
    expect(packagesOfNpmLock(text, "/package-lock.json")).toEqual([]);
  });
});
