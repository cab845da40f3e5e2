import { describe, expect, it } from "vitest";
import { decideTags, type LatestPolicy, needsPublishedTags } from "../../src/tags/policy.js";
import { makeTagRequest, type TagRequestOptions } from "../support/tag-request.js";

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
    const decisions = decideTags(makeTagRequest(ref), policy, published);
    expect(Object.fromEntries(decisions.map(({ tag, set }) => [tag, set]))).toEqual(expected);
    expect(decisions.at(-1)).toMatchObject({ tag: "latest", moves: true, why });
  });

  it.each(["refs/heads/feature", "refs/pull/3/merge"])("decides nothing for %s", (ref) => {
    expect(decideTags(makeTagRequest(ref), "main", [])).toEqual([]);
    expect(decideTags(makeTagRequest(ref), "highest", ["1.0.0"])).toEqual([]);
  });

  it("lets no version tag move", () => {
    expect(decideTags(makeTagRequest("refs/tags/v1.2.3"), "main", [])[0]).toEqual({
      tag: "1.2.3",
      moves: false,
      set: true,
      why: "v1.2.3 publishes its version",
    });
  });
});

/** Tags by what becomes of them, in the order in which they are set. */
function decided(
  ref: string,
  options: TagRequestOptions,
  policy: LatestPolicy,
  published: readonly string[],
) {
  const decisions = decideTags(makeTagRequest(ref, options), policy, published);
  return {
    sets: decisions.filter(({ set }) => set).map(({ tag }) => tag),
    leaves: Object.fromEntries(decisions.filter(({ set }) => !set).map(({ tag, why }) => [tag, why])),
  };
}

describe("tags of templates", () => {
  const tags = ["{version}", "{major}.{minor}", "{major}", "stable"];
  const preRelease = (tag: string) => `a pre-release never moves ${tag}`;
  const none = { sets: [], leaves: {} };

  it.each<[string, string, TagRequestOptions, string[], string[], Record<string, string>]>([
    [
      "the first version sets them all, latest at the end",
      "refs/tags/v1.2.3",
      { release: { tags } },
      [],
      ["1.2.3", "1.2", "1", "stable", "latest"],
      {},
    ],
    [
      "what never moves comes first, wherever it is written",
      "refs/tags/v1.2.3",
      { release: { tags: ["{major}", "{version}", "stable", "{tag}"] } },
      [],
      ["1.2.3", "v1.2.3", "1", "stable", "latest"],
      {},
    ],
    [
      "an older line moves its own tag only",
      "refs/tags/v1.1.9",
      { release: { tags } },
      ["1.1.8", "1.2.0"],
      ["1.1.9", "1.1"],
      {
        "1": "1.2.0 is published, and higher",
        stable: "1.2.0 is published, and higher",
        latest: "1.2.0 is published, and higher",
      },
    ],
    [
      "an older patch of a line moves nothing",
      "refs/tags/v1.1.7",
      { release: { tags } },
      ["1.1.8", "1.2.0"],
      ["1.1.7"],
      {
        "1.1": "1.1.8 is published, and higher",
        "1": "1.2.0 is published, and higher",
        stable: "1.2.0 is published, and higher",
        latest: "1.2.0 is published, and higher",
      },
    ],
    [
      "an older major moves its own tags",
      "refs/tags/v1.9.9",
      { release: { tags } },
      ["1.9.8", "2.0.0"],
      ["1.9.9", "1.9", "1"],
      { stable: "2.0.0 is published, and higher", latest: "2.0.0 is published, and higher" },
    ],
    [
      "1.10 is higher than 1.9, and 1.2 no part of 1.20",
      "refs/tags/v1.9.0",
      { release: { tags } },
      ["1.10.0", "1.20.5", "1.90.1"],
      ["1.9.0", "1.9"],
      {
        "1": "1.90.1 is published, and higher",
        stable: "1.90.1 is published, and higher",
        latest: "1.90.1 is published, and higher",
      },
    ],
    [
      "a pre-release moves nothing",
      "refs/tags/v2.0.0-rc.1",
      { release: { tags: [...tags, "{tag}", "{major}.{minor}.{patch}"] } },
      [],
      ["2.0.0-rc.1", "v2.0.0-rc.1"],
      {
        "2.0.0": "it is the tag of the stable version",
        "2.0": preRelease("2.0"),
        "2": preRelease("2"),
        stable: preRelease("stable"),
        latest: preRelease("latest"),
      },
    ],
    [
      "published pre-releases stand in nobody's way",
      "refs/tags/v1.2.3",
      { release: { tags } },
      ["1.2.4-rc.1", "2.0.0-rc.1"],
      ["1.2.3", "1.2", "1", "stable", "latest"],
      {},
    ],
    [
      "major 0 has no tag of its own",
      "refs/tags/v0.4.2",
      { release: { tags: ["{version}", "{major}.{minor}", "v{major}"] } },
      [],
      ["0.4.2", "0.4", "latest"],
      { v0: "0.y.z promises nothing for the next version; release.majorZero sets it" },
    ],
    [
      "but where it is asked for",
      "refs/tags/v0.4.2",
      { release: { tags: ["{version}", "{major}.{minor}", "v{major}"], majorZero: true } },
      ["0.4.1"],
      ["0.4.2", "0.4", "v0", "latest"],
      {},
    ],
    [
      "versions are read by the project's own templates",
      "refs/tags/v1.1.9",
      { release: { tags: ["rel-{version}", "rel-{major}"] } },
      ["rel-1.2.0", "1.3.0", "v1.4.0"],
      ["rel-1.1.9"],
      { "rel-1": "1.2.0 is published, and higher", latest: "1.2.0 is published, and higher" },
    ],
    [
      "a variant is its stable version",
      "refs/tags/v1.1.9",
      { release: { tags: ["{version}-alpine", "{major}-alpine", "latest-alpine"] } },
      ["1.2.0-alpine", "1.3.0", "1.4.0-debug"],
      ["1.1.9-alpine"],
      {
        "1-alpine": "1.2.0 is published, and higher",
        "latest-alpine": "1.2.0 is published, and higher",
        latest: "1.2.0 is published, and higher",
      },
    ],
    [
      "the commit and the day are part of a version's tag",
      "refs/tags/v1.2.3",
      {
        release: { tags: ["{version}", { tag: "sha-{sha}", on: "version" }, "{major}-{date}"] },
        revision: "0123456789abcdef0123456789abcdef01234567",
        created: 0,
      },
      ["1.3.0"],
      ["1.2.3", "sha-0123456"],
      { "1-19700101": "1.3.0 is published, and higher", latest: "1.3.0 is published, and higher" },
    ],
    [
      "two templates may agree",
      "refs/tags/v1.2.3",
      { release: { tags: ["{tag}", "v{version}", "v{major}.{minor}.{patch}"] } },
      [],
      ["v1.2.3", "latest"],
      {},
    ],
    [
      "with its underscore a build is the version that it is",
      "refs/tags/v1.2.3+k3s1",
      { release: { tags: ["{version}", "{major}.{minor}"], buildMetadata: "underscore" } },
      ["1.2.3_k3s2", "1.2.2_k3s9"],
      ["1.2.3_k3s1"],
      {
        "1.2": "1.2.3+k3s2 is published, and higher",
        latest: "1.2.3+k3s2 is published, and higher",
      },
    ],
    [
      "with its hyphen a build reads as a pre-release, so that nothing follows it",
      "refs/tags/v1.2.3+k3s1",
      { release: { tags: ["{version}", "{major}.{minor}"], buildMetadata: "hyphen" } },
      [],
      ["1.2.3-k3s1"],
      {
        "1.2": "with its hyphen 1.2.3+k3s1 reads as a pre-release, which never moves 1.2",
        latest: "with its hyphen 1.2.3+k3s1 reads as a pre-release, which never moves latest",
      },
    ],
  ])("%s", (_, ref, options, published, sets, leaves) => {
    expect(decided(ref, options, "highest", published)).toEqual({ sets, leaves });
  });

  it("follow branches", () => {
    const release = {
      tags: ["{version}", "{branch}", "sha-{sha}", { tag: "edge", on: "main" }, { tag: "any", on: "branch" }],
    };
    const options = { release, revision: "0123456789abcdef0123456789abcdef01234567" };
    const onMain = decideTags(makeTagRequest("refs/heads/main", options), "main", []);
    expect(onMain.map(({ tag, moves, set, why }) => [tag, moves, set, why])).toEqual([
      ["sha-0123456", false, true, "it names this commit of main"],
      ["main", true, true, "main follows main"],
      ["edge", true, true, "edge follows main"],
      ["any", true, true, "any follows main"],
      ["latest", true, true, "latest follows main"],
    ]);
    expect(decided("refs/heads/feature/x", options, "main", [])).toEqual({
      sets: ["sha-0123456", "feature-x", "any"],
      leaves: {},
    });
    expect(decided("refs/pull/3/merge", options, "main", [])).toEqual(none);
  });

  it.each(["main", "highest", "none"] as const)(
    "are one where a run by hand names it, whatever latest follows: %s",
    (policy) => {
      const options = { as: "pr-17", release: { tags: [...tags, "{version}-{arch}"] } };
      for (const ref of ["refs/heads/feature", "refs/heads/main", "refs/tags/v9.9.9", "refs/pull/17/merge"])
        expect(decideTags(makeTagRequest(ref, options), policy, ["1.0.0"])).toEqual([
          { tag: "pr-17", moves: true, set: true, why: "--as asks for it" },
        ]);
    },
  );

  it.each(["refs/heads/main", "refs/tags/v1.2.3"])("leave latest out where it follows nothing: %s", (ref) => {
    const sets = ref === "refs/heads/main" ? [] : ["1.2.3"];
    expect(decided(ref, {}, "none", [])).toEqual({ sets, leaves: {} });
  });

  it("of single platforms are set before those of all", () => {
    const release = {
      tags: ["{version}", "{version}-{arch}", "{major}.{minor}", "{major}.{minor}-{arch}", "latest-{arch}"],
      archNames: { "linux/arm64": "arm64v8" },
    };
    const request = makeTagRequest("refs/tags/v1.1.9", { release });
    const decisions = decideTags(request, "highest", ["1.2.0"]);
    expect(decisions.map(({ tag, platform, moves, set }) => [tag, platform, moves, set])).toEqual([
      ["1.1.9-amd64", "linux/amd64", false, true],
      ["1.1.9-arm64v8", "linux/arm64", false, true],
      ["1.1.9", undefined, false, true],
      ["1.1-amd64", "linux/amd64", true, true],
      ["1.1-arm64v8", "linux/arm64", true, true],
      ["latest-amd64", "linux/amd64", true, false],
      ["latest-arm64v8", "linux/arm64", true, false],
      ["1.1", undefined, true, true],
      ["latest", undefined, true, false],
    ]);
  });
});

describe("needsPublishedTags", () => {
  it.each<[string, LatestPolicy, TagRequestOptions, boolean]>([
    ["refs/tags/v1.2.3", "highest", {}, true],
    ["refs/tags/v1.2.3", "main", {}, false],
    ["refs/tags/v1.2.3", "none", {}, false],
    ["refs/tags/v1.2.3", "none", { release: { tags: ["{version}", "{major}"] } }, true],
    ["refs/tags/v1.2.3-rc.1", "highest", {}, false],
    ["refs/heads/main", "highest", {}, false],
    ["refs/heads/main", "main", {}, false],
    ["refs/heads/main", "main", { release: { tags: ["{branch}"] } }, false],
    ["refs/heads/feature", "highest", {}, false],
    ["refs/tags/v1.2.3", "highest", { as: "x" }, false],
  ])("%s, latest follows %s, %j: %s", (ref, policy, options, needed) => {
    expect(needsPublishedTags(makeTagRequest(ref, options), policy)).toBe(needed);
  });
});
