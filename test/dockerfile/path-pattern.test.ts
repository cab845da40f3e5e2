import { describe, expect, it } from "vitest";
import { isPattern, parseIgnorePattern, parsePattern } from "../../src/dockerfile/path-pattern.js";

// Results of Go's filepath.Match on Unix.
describe("parsePattern", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["abc", ["abc"], ["ab", "abcd", "a/c"]],
    ["*", ["", "abc", ".hidden"], ["a/b"]],
    ["*.md", ["README.md", ".md"], ["docs/README.md", "README.mdx"]],
    ["a*/b", ["a/b", "ax/b"], ["a/x/b", "b"]],
    ["a?c", ["abc", "aéc"], ["ac", "a/c"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
    ["[^a-c]x", ["dx", "éx"], ["ax"]],
    ["[!a]x", ["!x", "ax"], ["bx"]],
    ["[-x]".replace("-", "\\-"), ["-", "x"], ["y"]],
    ["\\*", ["*"], ["a", "\\*"]],
    ["**", ["abc"], ["a/b"]],
    ["a**b", ["ab", "axyb"], ["a/b"]],
    ["]", ["]"], []],
    ["a*b*c*d", ["abcd", "axbxcxd"], ["abcdx", "ab/cd", "a/bcd"]],
    ["a*b?c*d*", ["abxcd", "a1b2c3d4"], ["abcd", "ab/cd"]],
    ["*/*/*/d", ["a/b/c/d"], ["a/b/d", "a/b/c/x/d"]],
    ["a.b+", ["a.b+"], ["axb+", "a.bb"]],
  ])("%s", (pattern, matching, others) => {
    const compiled = parsePattern(pattern);
    expect(matching.filter((path) => compiled?.matches(path))).toEqual(matching);
    expect(others.filter((path) => compiled?.matches(path))).toEqual([]);
  });

  it("takes many stars to the end of a name, and no further", () => {
    const pattern = parsePattern("a*a*a*a*/[bc]*b*/?*?*?");
    const matching = ["aaaa/bb/xyz", "axaxaxax/cxbx/xyzé"];
    const others = ["aaaa/b/xyz", "aaa/bb/xyz", "aaaa/x/bb/xyz", "aaaa/bb/xy", "aaaa/bb/xyz/"];
    expect(matching.filter((path) => pattern?.matches(path))).toEqual(matching);
    expect(others.filter((path) => pattern?.matches(path))).toEqual([]);
  });

  it.each(["[", "[]", "[]a]", "[a", "[-a]", "[a-]", "a\\", "[^]"])("finds %s malformed", (pattern) => {
    expect(parsePattern(pattern)).toBeUndefined();
  });

  it("does not slow down where stars pile up", () => {
    expect(parsePattern("a*a*a*a*a*a*a*a*a*a*b")?.matches("a".repeat(200))).toBe(false);
    expect(parsePattern(`${"a*".repeat(2_000)}b`)?.matches("a".repeat(4_000))).toBe(false);
  });
});

it.each([
  ["a*", true],
  ["a?", true],
  ["a[b]", true],
  ["a\\*", false],
  ["a\\\\*", true],
  ["a]", false],
])("isPattern(%s)", (path, expected) => {
  expect(isPattern(path)).toBe(expected);
});

it("takes a class for what it is compared with: all characters of a path", () => {
  const path = `${"a".repeat(250)}/`.repeat(15);
  const [classes = 0, others = 0] = ["[a-b]", "?"].map((token) =>
    parseIgnorePattern(`**/${token.repeat(800)}*`)?.effort(path),
  );
  expect(classes).toBeGreaterThan(20 * others);
});
