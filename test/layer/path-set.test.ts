import { expect, it } from "vitest";
import { PathSet } from "../../src/layer/path-set.js";

it("finds the highest path of the set that another one is, or lies below", () => {
  const set = new PathSet();
  for (const path of ["/a/b", "/a/b/c/d", "/e"]) set.add(path);
  expect(["/a", "/a/b", "/a/b/c/d/x", "/a/bc", "/e/f", "/"].map((path) => set.firstOn(path))).toEqual([
    undefined,
    "/a/b",
    "/a/b",
    undefined,
    "/e",
    undefined,
  ]);
  set.delete("/a/b");
  set.delete("/x/y");
  expect(["/a/b", "/a/b/c/d", "/a/b/c/d/x"].map((path) => set.firstOn(path))).toEqual([
    undefined,
    "/a/b/c/d",
    "/a/b/c/d",
  ]);
});
