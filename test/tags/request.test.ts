import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { makeTagRequest, type TagRequestOptions } from "../support/tag-request.js";

const revision = "0123456789abcdef0123456789abcdef01234567";
// 2026-01-10T23:30:00Z, when it is another day in half of the world.
const created = Date.UTC(2026, 0, 10, 23, 30) / 1000;
const every = [
  "{version}",
  "{tag}",
  "{version}-alpine",
  "{major}.{minor}",
  "{major}",
  "stable",
  "{branch}",
  "sha-{sha}",
  "{revision}",
  "{branch}-{date}",
  { tag: "edge", on: "main" },
  { tag: "nightly-{date}", on: "main" },
];

describe("requestTags", () => {
  it.each<[string, TagRequestOptions, string[]]>([
    ["refs/tags/v1.2.3", {}, ["1.2.3"]],
    [
      "refs/tags/v1.2.3",
      { release: { tags: every } },
      ["1.2.3", "v1.2.3", "1.2.3-alpine", "1.2", "1", "stable"],
    ],
    ["refs/tags/1.2.3", { release: { tags: ["{tag}", "v{version}"] } }, ["1.2.3", "v1.2.3"]],
    [
      "refs/heads/main",
      { release: { tags: every }, revision, created },
      ["main", "sha-0123456", revision, "main-20260110", "edge", "nightly-20260110"],
    ],
    [
      "refs/heads/feature/Über--x",
      { release: { tags: every }, revision, created },
      ["feature-ber--x", "sha-0123456", revision, "feature-ber--x-20260110"],
    ],
    ["refs/heads/main", {}, []],
    ["refs/pull/3/merge", { release: { tags: every }, revision, created }, []],
    [
      "refs/tags/tool/v1.2.3",
      { release: { tags: ["{tag}", "{version}"], tagPrefix: "tool/" } },
      ["v1.2.3", "1.2.3"],
    ],
    [
      "refs/tags/v1.2.3+k3s.1",
      { release: { tags: ["{tag}", "{version}"], buildMetadata: "underscore" } },
      ["v1.2.3_k3s.1", "1.2.3_k3s.1"],
    ],
    [
      "refs/tags/v1.2.3-rc.1+5",
      { release: { tags: ["{tag}", "{major}.{minor}"], buildMetadata: "hyphen" } },
      ["v1.2.3-rc.1-5", "1.2"],
    ],
    [
      "refs/tags/v1.2.3",
      { release: { tags: ["{version}-{sha}", "{version}-{date}"] }, revision, created },
      ["1.2.3-0123456", "1.2.3-20260110"],
    ],
    ["refs/heads/feature", { as: "manual-1a2b3c4", release: { tags: every } }, []],
    // Whatever the ref, its version is in no tag.
    ["refs/tags/v1.2.3+5", { as: "manual-1a2b3c4" }, []],
    // Seven digits are a commit only where a template has one.
    ["refs/tags/v1234567.0.0", { release: { tags: ["{version}", "{major}"] } }, ["1234567.0.0", "1234567"]],
  ])("%s with %j: %j", (ref, options, tags) => {
    expect(makeTagRequest(ref, options).wanted.map(({ tag }) => tag)).toEqual(tags);
  });

  it.each<[string, TagRequestOptions, string]>([
    [
      "refs/heads/main",
      { release: { tags: ["sha-{sha}"] } },
      "--revision: expected a value for {sha}, which sha-{sha} of release.tags holds, got nothing.",
    ],
    [
      "refs/heads/main",
      { release: { tags: [{ tag: "nightly-{date}", on: "main" }] }, revision },
      "--source-date-epoch: expected a value for {date}, which nightly-{date} of release.tags holds, got nothing.",
    ],
    [
      "refs/heads/main",
      { release: { tags: ["sha-{sha}"] }, revision: "abc" },
      "release.tags: sha-{sha}: expected a tag of at most 128 letters, digits, '_', '.' and '-', with all of its commit, got \"sha-abc\".",
    ],
    [
      "refs/heads/main",
      { release: { tags: ["{revision}"] }, revision: "0123456" },
      'with all of its commit, got "0123456".',
    ],
    [
      "refs/tags/v1.2.3+5",
      {},
      'tag of a release: expected one without build metadata, since no tag of an image can hold a plus sign, got "1.2.3+5". Set release.buildMetadata to "underscore", for 1.2.3_build.5, or to "hyphen".',
    ],
    [
      `refs/tags/v1.2.3-${"a".repeat(123)}`,
      {},
      "release.tags: {version}: expected a tag of at most 128 letters",
    ],
    [`refs/heads/${"x".repeat(129)}`, { release: { tags: ["{branch}"] } }, "expected a tag of at most 128"],
    ["refs/heads/日本", { release: { tags: ["{branch}"] } }, "expected a tag of at most 128"],
    [
      "refs/tags/v1.2.3-alpine",
      { release: { tags: ["{version}", "{version}-alpine"] } },
      'tag of a release: expected a version whose tags are no other\'s, got "v1.2.3-alpine". Call it something else: 1.2.3-alpine is the tag of 1.2.3 by release.tags.',
    ],
    [
      "refs/tags/v1.2.3-amd64",
      {},
      "Call it something else: 1.2.3-amd64 is the tag of 1.2.3 by release.tags.",
    ],
    [
      "refs/tags/v1.2.3+alpine",
      { release: { tags: ["{version}", "{version}-alpine"], buildMetadata: "hyphen" } },
      "Call it something else: 1.2.3-alpine is the tag of 1.2.3 by release.tags.",
    ],
    [
      "refs/heads/1.2",
      { release: { tags: ["{version}", "{major}.{minor}", "{branch}"] } },
      'release.tags: {branch}: expected a tag that nothing else sets, got "1.2". Give it text of its own, as in branch-{branch}: it reads as a version.',
    ],
    ["refs/heads/v1.2.3", { release: { tags: ["{branch}"] } }, "it reads as a version."],
    ["refs/heads/latest", { release: { tags: ["{branch}"] } }, "it follows what release.repositories says."],
    [
      "refs/heads/7",
      { release: { tags: ["{version}", "{major}", "{branch}"] } },
      "the template {major} makes it.",
    ],
    [
      "refs/heads/sha-0a1b2c3",
      { release: { tags: ["sha-{sha}", "{branch}"] }, revision },
      "the template sha-{sha} makes it.",
    ],
    [
      "refs/tags/v1234567.0.0",
      { release: { tags: ["{version}", "{major}", "{sha}"] } },
      'release.tags: {major}: expected a tag that nothing else sets, got "1234567".',
    ],
    [
      "refs/heads/main",
      { as: "v1.2.3" },
      '--as: expected a name of its own, as in manual-1a2b3c4 or pr-17, and no tag that a release sets, got "v1.2.3". Choose another: it reads as a version.',
    ],
    ["refs/heads/main", { as: "latest" }, "Choose another: it follows what release.repositories says."],
    [
      "refs/heads/main",
      { as: "stable", release: { tags: ["{version}", "stable"] } },
      "Choose another: the template stable makes it.",
    ],
    ["refs/heads/main", { as: "a/b" }, 'got "a/b".'],
    ["refs/heads/main", { as: "x".repeat(129) }, "--as: expected a name of its own"],
  ])("refuses %s with %j", (ref, options, message) => {
    const request = () => makeTagRequest(ref, options);
    expect(request).toThrow(InputError);
    expect(request).toThrow(message);
  });
});
