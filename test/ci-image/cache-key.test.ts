import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type CacheKeyEntry,
  cacheKey,
  compareCacheKey,
  renderCacheKey,
} from "../../src/ci-image/cache-key.js";
import { VerificationError } from "../../src/errors.js";

function entry(path: string, content?: string): CacheKeyEntry {
  return { path, content: content === undefined ? undefined : Buffer.from(content) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const project = [entry("go.mod", "module a\n"), entry("go.sum", ""), entry("Dockerfile.ci")];

describe("cacheKey", () => {
  it("is the SHA-256 of one line per file, in the order of the paths", () => {
    const listing = `-  Dockerfile.ci\n${sha256("module a\n")}  go.mod\n${sha256("")}  go.sum\n`;
    expect(cacheKey(project)).toBe(sha256(listing));
  });

  it("does not change with the encoding: a new key would empty the caches of every project", () => {
    expect(cacheKey(project)).toBe("efc4291d54681d2863aece048675c84de0a028ee53c812572021ec3b048a5073");
  });

  it("is independent of the order of the entries", () => {
    expect(cacheKey(project.toReversed())).toBe(cacheKey(project));
  });

  it("orders paths by code unit, not by the locale of the machine", () => {
    const paths = renderCacheKey([entry("b"), entry("B"), entry("ä"), entry("a")])
      .split("\n")
      .slice(1, -1);
    expect(paths).toEqual(["-  B", "-  a", "-  b", "-  ä"]);
  });

  it.each([
    ["content", [entry("a", "1")], [entry("a", "2")]],
    ["path", [entry("a", "1")], [entry("b", "1")]],
    ["an empty and a missing file", [entry("a", "")], [entry("a")]],
    ["a file that holds the mark of a missing one", [entry("a", "-")], [entry("a")]],
    [
      "contents swapped between files",
      [entry("a", "1"), entry("b", "2")],
      [entry("a", "2"), entry("b", "1")],
    ],
    ["a border moved between path and content", [entry("ab", "c")], [entry("a", "bc")]],
    ["a missing file more", [entry("a", "1")], [entry("a", "1"), entry("b")]],
    ["one path that reads like two lines", [entry("a\n-  b")], [entry("a"), entry("b")]],
    ["a line break and its escape", [entry("a\nb")], [entry("a\\nb")]],
    ["a carriage return and its escape", [entry("a\rb")], [entry("a\\rb")]],
    ["bytes that are not UTF-8", [{ path: "a", content: Buffer.from([0xff]) }], [entry("a", "\ufffd")]],
  ])("tells apart: %s", (_, one, other) => {
    expect(cacheKey(one)).not.toBe(cacheKey(other));
  });
});

describe("renderCacheKey", () => {
  it("holds the key, then what it is the SHA-256 of", () => {
    const [key, ...rest] = renderCacheKey(project).split("\n");
    expect(key).toBe(cacheKey(project));
    expect(sha256(rest.join("\n"))).toBe(key);
  });
});

describe("compareCacheKey", () => {
  const committed = renderCacheKey(project);

  it.each([
    ["as rendered", committed],
    ["checked out with CRLF", committed.replaceAll("\n", "\r\n")],
  ])("gives the key where the file is current: %s", (_, text) => {
    expect(compareCacheKey(text, project)).toBe(cacheKey(project));
  });

  it("takes the carriage return in a path for a part of the path", () => {
    const entries = [entry("a\r", "1")];
    expect(compareCacheKey(renderCacheKey(entries), entries)).toBe(cacheKey(entries));
  });

  const [goMod, goSum] = [entry("go.mod", "module a\n"), entry("go.sum", "")];
  it.each<[string, string | undefined, CacheKeyEntry[], string]>([
    ["no file", undefined, project, "expected a committed file, got nothing"],
    [
      "an empty file",
      "",
      project,
      ": the list gained Dockerfile.ci, the list gained go.mod, the list gained go.sum.",
    ],
    [
      "another content",
      committed,
      [entry("go.mod", "x"), goSum, entry("Dockerfile.ci")],
      ": go.mod changed.",
    ],
    [
      "a file added",
      committed,
      [goMod, goSum, entry("Dockerfile.ci", "FROM x")],
      ": Dockerfile.ci was added.",
    ],
    ["a file removed", committed, [goMod, entry("go.sum"), entry("Dockerfile.ci")], ": go.sum was removed."],
    ["a file more in the list", committed, [...project, entry("go.work")], ": the list gained go.work."],
    ["a file less in the list", committed, [goMod, goSum], ": the list lost Dockerfile.ci."],
    [
      "several files",
      committed,
      [entry("go.mod", "x"), entry("go.sum", "y"), entry("Dockerfile.ci")],
      ": go.mod changed, go.sum changed.",
    ],
    ["a key of another time", committed.replace(/^\w+/, "0".repeat(64)), project, "edited, no file changed"],
    ["a line cut off", committed.slice(0, -1), project, "edited, no file changed"],
    [
      "a conflict of a merge",
      `<<<<<<< ours\n${committed}=======\n${committed}>>>>>>> theirs\n`,
      project,
      "edited, no file changed",
    ],
  ])("fails with the reason and the command that renews it: %s", (_, text, entries, reason) => {
    const compare = () => compareCacheKey(text, entries);
    expect(compare).toThrow(VerificationError);
    expect(compare).toThrow(reason);
    expect(compare).toThrow(
      "Run `dagger call --source . cache-key export --path .cache-key` and commit the file.",
    );
    expect(compare).toThrow(/^[^\n]*$/);
  });
});
