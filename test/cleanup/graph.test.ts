import { describe, expect, it } from "vitest";
import { othersThatNeed, referrersTagSubject } from "../../src/cleanup/graph.js";
import { draw, drawnName } from "../support/graph.js";

describe("othersThatNeed", () => {
  const graph = draw({
    tags: { test: "a", same: "a", latest: "1", alone: "5" },
    manifests: { 1: { lists: "a" }, 2: { lists: "a" }, a: {}, 5: { subject: "a" } },
  });

  it.each([
    ["test", ["same", "latest", "2"]],
    ["alone", []],
    ["absent", []],
  ])("of %s are %j", (tag, needed) => {
    expect(othersThatNeed(graph, tag).map(drawnName)).toEqual(needed);
  });
});

describe("referrersTagSubject", () => {
  const hex = "0123456789abcdef".repeat(4);

  it.each([
    [`sha256-${hex}`, `sha256:${hex}`],
    [`sha256-${hex}.sig`, `sha256:${hex}`],
    [`sha256-${hex}.att`, `sha256:${hex}`],
    [`sha256-${hex}.sbom`, `sha256:${hex}`],
    [`sha256-${hex}.backup`, undefined],
    [`sha256-${hex}-test`, undefined],
    [`sha256-${hex.slice(1)}`, undefined],
    [`sha256-${hex.toUpperCase()}`, undefined],
    [`x-sha256-${hex}`, undefined],
    ["latest", undefined],
  ])("of %s is %s", (tag, subject) => {
    expect(referrersTagSubject(tag)).toBe(subject);
  });
});
