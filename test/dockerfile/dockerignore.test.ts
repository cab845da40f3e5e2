import { describe, expect, it } from "vitest";
import { parseIgnoreList } from "../../src/dockerfile/dockerignore.js";
import { InputError } from "../../src/errors.js";

// Results of moby/patternmatcher.
describe("parseIgnoreList", () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ["a name at the root", "node_modules", ["node_modules", "node_modules/a/b"], ["src/node_modules"]],
    ["slashes around it", "/dist/\n", ["dist", "dist/a"], ["src/dist"]],
    ["a star", "*.md", ["README.md"], ["docs/README.md", "README.mdx"]],
    ["a star for directories", "*/temp", ["a/temp", "a/temp/b"], ["temp", "a/b/temp"]],
    ["a double star", "**/*.md", ["README.md", "docs/a/b.md"], ["a.txt"]],
    ["a double star at the end", "docs/**", ["docs/a", "docs/a/b"], ["docs"]],
    ["a double star in between", "a/**/z", ["a/z", "a/b/z", "a/b/c/z/y"], ["b/a/z", "az"]],
    ["a double star before part of a name", "**.go", ["a.go", "a/b.go"], ["a.gox"]],
    ["everything but", "*\n!linux", ["a", "docs/b"], ["linux", "linux/amd64/app"]],
    [
      "the last one decides",
      "*.md\n!README*.md\nREADME-secret.md",
      ["a.md", "README-secret.md"],
      ["README.md"],
    ],
    ["an exception below a directory", "etc\n!etc/keep", ["etc/a"], ["etc/keep", "etc/keep/b"]],
    ["an exception before the rule", "!a\na", ["a"], []],
    ["a question mark", "temp?", ["tempa", "temp1/x"], ["temp", "temp12"]],
    ["a class", "[a-c].txt", ["a.txt"], ["d.txt"]],
    ["comments, empty lines, blanks", "# a\n\n  b  \n #c", ["b", "#c"], ["a", "# a"]],
    ["Windows line ends and a byte order mark", "\ufeffa\r\nb\r\n", ["a", "b"], []],
    ["blanks as Go has them", "\u0085a\u00a0\n!\u0085a/b\n\ufeffc", ["a", "a/c", "\ufeffc"], ["a/b", "c"]],
    ["dots in a path", "./a/../b", ["b"], ["a"]],
    ["an escaped star", "\\*", ["*"], ["a"]],
    ["characters that mean something elsewhere", "a+(b).{c}$^|", ["a+(b).{c}$^|"], ["aa(b).{c}$^|"]],
    ["a mark of the start among wildcards", "^a*\n*^b\n**/^c?", ["ax", "cx"], ["^ax", "x^b", "xb", "d/cx"]],
    ["the same mark in a name", "^a\n**/b^", ["^a", "d/b^"], ["a", "d/b"]],
    ["the same mark, escaped", "\\^a*", ["^ax"], ["ax"]],
    ["a bracket that ends nothing", "^a]", ["a]"], ["^a]"]],
    ["other characters behind a backslash", "\\_a\\-\\ b", ["_a- b"], []],
    [
      "a bar among wildcards: beginnings and ends",
      "*.key|*.pem",
      ["a.key", "a.keys", "b.pem", "d/b.pem"],
      ["a.pe"],
    ],
    ["bars below directories", "**/a*|^x|b", ["a", "d/ax/c", "x/y", "d/b"], ["ba", "dx", "d/bc"]],
    ["an exception with a bar", "*\n!app|x*", ["zz"], ["app", "app2", "d/x1", "xy"]],
    ["nothing before a bar", "|*.key", ["a", "b/c"], []],
    ["an escaped bar, and one in a class", "*\\|a\n[|]*", ["x|a", "|b"], ["a", "b"]],
    ["braces of words", "*.{js,ts}\n*{,2}\n*{2", ["a.{js,ts}", "x{,2}", "x{2"], ["a.js", "xx"]],
    ["numbers in braces without wildcards", "a{2}\n**/b{1,3}", ["a{2}", "d/b{1,3}"], ["aa", "d/bb"]],
    ["numbers in escaped braces", "*\\{2}\n[{2}]?", ["a{2}", "2a"], ["a"]],
    ["nothing", "", [], ["a", "a/b"]],
  ])("%s", (_, text, ignored, kept) => {
    const list = parseIgnoreList(text, ".dockerignore");
    expect(ignored.filter((path) => !list.ignores(path))).toEqual([]);
    expect(kept.filter((path) => list.ignores(path))).toEqual([]);
  });

  it.each([
    ["several double stars", "**/a/**/b/**/*.c", ["a/b/x.c", "x/a/y/b/z/x.c"], ["a/x.c", "b/a/x.c"]],
    ["a class below directories", "**/[ab]/*", ["a/x", "x/b/y"], ["c/x", "a"]],
  ])("%s", (_, text, ignored, kept) => {
    const list = parseIgnoreList(text, ".dockerignore");
    expect(ignored.filter((path) => !list.ignores(path))).toEqual([]);
    expect(kept.filter((path) => list.ignores(path))).toEqual([]);
  });

  it("holds 100,000 files against 50 rules in seconds", { timeout: 10_000 }, () => {
    const kinds = ["name-%", "**/*.x%", "docs/%/**", "*.y%", "a/**/b%/*.z"];
    const rules = Array.from({ length: 50 }, (_, at) => kinds[at % 5]?.replace("%", String(at)));
    const list = parseIgnoreList([...rules, "!keep"].join("\n"), ".dockerignore");
    const paths = Array.from(
      { length: 100_000 },
      (_, at) => `packages/p${at % 500}/src/components/file-${at}.ts`,
    );
    expect(paths.filter((path) => list.ignores(path))).toEqual([]);
  });

  it("holds a long path against 200 rules of 400 stars in seconds", () => {
    const list = parseIgnoreList(`${"*a".repeat(400)}b\n`.repeat(200), ".dockerignore");
    const path = Array.from({ length: 16 }, () => "a".repeat(250)).join("/");
    expect([path, "a".repeat(400), `${"a".repeat(400)}b`].map(list.ignores)).toEqual([false, false, true]);
  });

  it("holds a deep tree against double stars in seconds", () => {
    const list = parseIgnoreList("**/**b\n**/x**/*c\n", ".dockerignore");
    const names = Array.from({ length: 2_000 }, () => "a");
    const paths = names.map((_, at) => names.slice(0, at + 1).join("/"));
    expect(paths.filter(list.ignores)).toEqual([]);
    expect(list.ignores(`${paths.at(-1)}/b`)).toBe(true);
  });

  it("refuses patterns that take longer than anyone waits", () => {
    const list = parseIgnoreList(`${"*a".repeat(2_000)}\n`.repeat(2_000), ".dockerignore");
    const deep = "a/".repeat(2_000);
    expect(() => [1, 2, 3, 4].map((at) => list.ignores(`${deep}${at}a`))).toThrow(
      ".dockerignore: expected patterns that can be compared with all files in some seconds",
    );
  });

  it.each(["secret?{1,3}", "*a{2}", "[ab]{2,}", "**/*{2}"])("refuses the repetition of %j", (text) => {
    expect(() => parseIgnoreList(text, ".dockerignore")).toThrow(
      `.dockerignore:1: expected a pattern as in docs/**/*.md or !README.md, got "${text}". Write \\{ for a brace, or a line for each number of characters.`,
    );
  });

  it("refuses a pattern that is longer than any path", () => {
    const act = () => parseIgnoreList("?".repeat(100_000), ".dockerignore");
    expect(act).toThrow(InputError);
    expect(act).toThrow(/^\.dockerignore:1: expected a pattern as in .{0,300}$/);
  });

  it.each(["a\n!", "a\n[", "a\n!b\\", "a\n\\é", "a\n\\d", "a\n[*]", "a\n[\\d]", "a\n[b-a]"])(
    "refuses %j by line",
    (text) => {
      const act = () => parseIgnoreList(text, ".dockerignore");
      expect(act).toThrow(InputError);
      expect(act).toThrow(".dockerignore:2: expected a pattern as in docs/**/*.md or !README.md");
    },
  );
});
