import { describe, expect, it } from "vitest";
import { decideTags, highestStable, type LatestPolicy, needsPublishedTags } from "../../src/tags/policy.js";
import { readRef } from "../../src/tags/ref.js";

const trigger = (ref: string) => readRef(ref, { mainBranch: "main", preRelease: true });

describe("decideTags", () => {
  it.each<[string, LatestPolicy, string[], Record<string, boolean>, string]>([
    ["refs/heads/main", "main", [], { latest: true }, "latest follows main"],
    [
      "refs/heads/main",
      "highest",
      ["1.0.0"],
      { latest: false },
      "latest follows the highest stable version, and not main",
    ],
    ["refs/tags/v1.2.3", "main", [], { "1.2.3": true, latest: false }, "latest follows the main branch"],
    [
      "refs/tags/v1.2.3",
      "highest",
      [],
      { "1.2.3": true, latest: true },
      "no higher stable version is published",
    ],
    [
      "refs/tags/v1.2.3",
      "highest",
      ["1.2.2", "latest", "0.9.0"],
      { "1.2.3": true, latest: true },
      "no higher stable version is published",
    ],
    // A repeated release completes what an interrupted one left.
    [
      "refs/tags/v1.2.3",
      "highest",
      ["1.2.3", "1.2.2"],
      { "1.2.3": true, latest: true },
      "no higher stable version is published",
    ],
    [
      "refs/tags/v1.2.3",
      "highest",
      ["1.2.2", "1.10.0"],
      { "1.2.3": true, latest: false },
      "1.10.0 is published, and higher",
    ],
    [
      "refs/tags/v1.2.3",
      "highest",
      ["v2.0.0"],
      { "1.2.3": true, latest: false },
      "2.0.0 is published, and higher",
    ],
    [
      "refs/tags/v1.2.3",
      "highest",
      ["2.0.0-rc.1", "2025.12.13-alpine3.23", "99", "latest"],
      { "1.2.3": true, latest: true },
      "no higher stable version is published",
    ],
    [
      "refs/tags/v9.0.0-rc.1",
      "highest",
      ["1.0.0"],
      { "9.0.0-rc.1": true, latest: false },
      "a pre-release never moves latest",
    ],
    [
      "refs/tags/v0.0.1-test",
      "main",
      [],
      { "0.0.1-test": true, latest: false },
      "latest follows the main branch",
    ],
  ])("%s, latest follows %s, published %j: %j", (ref, policy, published, expected, why) => {
    const decisions = decideTags(trigger(ref), policy, published);
    expect(Object.fromEntries(decisions.map(({ tag, set }) => [tag, set]))).toEqual(expected);
    expect(decisions.at(-1)).toMatchObject({ tag: "latest", moves: true, why });
  });

  it.each(["refs/heads/feature", "refs/pull/3/merge"])("decides nothing for %s", (ref) => {
    expect(decideTags(trigger(ref), "main", [])).toEqual([]);
    expect(decideTags(trigger(ref), "highest", ["1.0.0"])).toEqual([]);
  });

  it("lets no version tag move", () => {
    expect(decideTags(trigger("refs/tags/v1.2.3"), "main", [])[0]).toEqual({
      tag: "1.2.3",
      moves: false,
      set: true,
      why: "v1.2.3 publishes its version",
    });
  });
});

describe("needsPublishedTags", () => {
  it.each<[string, LatestPolicy, boolean]>([
    ["refs/tags/v1.2.3", "highest", true],
    ["refs/tags/v1.2.3", "main", false],
    ["refs/tags/v1.2.3-rc.1", "highest", false],
    ["refs/heads/main", "highest", false],
    ["refs/heads/main", "main", false],
    ["refs/heads/feature", "highest", false],
  ])("%s, latest follows %s: %s", (ref, policy, needed) => {
    expect(needsPublishedTags(trigger(ref), policy)).toBe(needed);
  });
});

describe("highestStable", () => {
  it.each<[string[], string | undefined]>([
    [[], undefined],
    [["latest", "main", "1.2", "1"], undefined],
    [["2.0.0-rc.1"], undefined],
    [["1.9.0", "1.10.0", "1.2.0"], "1.10.0"],
    [["v1.9.0", "1.8.0"], "1.9.0"],
    [["1.0.0", "01.9.0", "1.9.0+meta"], "1.0.0"],
  ])("%j: %s", (tags, highest) => {
    expect(highestStable(tags)?.text).toBe(highest);
  });
});
