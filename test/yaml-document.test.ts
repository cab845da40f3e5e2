import { describe, expect, it } from "vitest";
import { parseGoreleaserConfig } from "../src/adoption/goreleaser/config.js";
import { InputError } from "../src/errors.js";
import { parseYaml } from "../src/yaml-document.js";
import { messageThrownBy } from "./support/thrown.js";

const bomb = [
  "a: &a [x, x, x, x, x, x, x, x, x, x]",
  ...["b", "c", "d", "e", "f", "g", "h"].map((name, at) => {
    const before = "abcdefg"[at];
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]`;
  }),
].join("\n");

const keys = (count: number) => Array.from({ length: count }, (_, at) => `k${at}: 1`).join("\n");
const indented = (lines: number) =>
  Array.from({ length: lines }, (_, at) => `${" ".repeat(at)}a:`).join("\n");

describe("YAML of others", () => {
  it.each([
    ["an empty file", "", {}],
    ["comments alone", "# nothing\n", {}],
    [
      "anchors and merges",
      "base: &base\n  a: 1\nuse:\n  <<: *base\n  b: 2\n",
      { base: { a: 1 }, use: { a: 1, b: 2 } },
    ],
    ["the first of several documents", "a: 1\n---\nb: 2\n", { a: 1 }],
    ["the key on", "on: push\n", { on: "push" }],
    ["brackets in a text", `a: "${"[".repeat(300)}"\n`, { a: "[".repeat(300) }],
  ])("is read: %s", (_, text, value) => {
    expect(parseYaml(text, "a.yaml")).toEqual(value);
  });

  it.each([
    ["aliases of aliases", bomb, "YAML that can be read"],
    ["10 MB", `a: ${"x".repeat(10_000_000)}`, "at most 500000 characters"],
    ["brackets without end", "[".repeat(200_000), "nested at most 100 deep"],
    ["dashes without end", `${"- ".repeat(50_000)}x`, "nested at most 100 deep"],
    ["lines indented without end", indented(980), "nested at most 100 deep"],
    ["keys of keys without end", `${"? ".repeat(5000)}a`, "nested at most 100 deep"],
    // As many steps squared are not done within the time that a test is given.
    ["errors without end", '"'.repeat(250_000), "at line 1, column 3"],
    [
      "a key behind many others",
      `${keys(40_000)}\nk1: 1\n`,
      "Map keys must be unique at line 40001, column 1",
    ],
    ["a list", "- a\n- b\n", "a mapping"],
    ["a text", "just text", "a mapping"],
    ["an alias of nothing", "a: *b\n", "YAML"],
    ["two keys of one name", "a: 1\na: 2\n", "YAML"],
    ["a tab for indentation", "a:\n\tb: 1\n", "YAML"],
  ])("is refused by the name of the file: %s", async (_, text, expected) => {
    const read = () => parseYaml(text, ".goreleaser.yaml");
    expect(read).toThrow(InputError);
    const message = await messageThrownBy(read);
    expect(message).toMatch(/^\.goreleaser\.yaml: expected /);
    expect(message).toContain(expected);
  });

  it("of another form than GoReleaser's is refused by its place", () => {
    expect(() => parseGoreleaserConfig("dockers:\n  image: a\n", ".goreleaser.yml")).toThrow(
      ".goreleaser.yml: dockers: expected what GoReleaser takes there",
    );
  });

  it("with fields that nobody knows is read", () => {
    const config = parseGoreleaserConfig(
      "version: 2\nfuture: { a: [1] }\ndockers_v2:\n  - id: a\n    hope: 1\n",
      "a",
    );
    expect(config.dockers_v2).toHaveLength(1);
  });
});
