import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { InputError } from "../../src/errors.js";
import { selectRemovable } from "../../src/tags/removal.js";

const rulesOf = (release: object) => parseSettings(JSON.stringify({ release })).release;
const ofPlatforms = { tags: ["{version}", "{version}-{arch}"] };
const rich = {
  tags: [
    "{version}",
    "{version}-{arch}",
    "{tag}",
    "{version}-alpine",
    "{version}-alpine-{arch}",
    "{version}-{sha}",
    "{major}.{minor}",
    "stable",
  ],
};

describe("selectRemovable", () => {
  const listed = [
    "0.0.1-test-amd64",
    "0.0.1-test",
    "v0.0.1-test",
    "0.0.1-test-alpine-arm64",
    "0.0.1-test-alpine",
    "0.0.1-test-0a1b2c3",
    "0.0.1-test2",
    "0.0.1-test.1",
    "0.0.1",
    "0.0.1-alpine",
    "0.0.2-test",
    "0.0",
    "stable",
    "latest",
    "pr-17",
  ];

  it.each<[object, string, string, string[]]>([
    [{}, "v0.0.1-test", "0.0.1-test", ["0.0.1-test"]],
    [{}, "0.0.1-test", "0.0.1-test", ["0.0.1-test"]],
    [ofPlatforms, "v0.0.1-test", "0.0.1-test", ["0.0.1-test", "0.0.1-test-amd64"]],
    [ofPlatforms, "0.0.1-test-amd64", "0.0.1-test", ["0.0.1-test", "0.0.1-test-amd64"]],
    [{ tagPrefix: "tool/" }, "tool/v0.0.1-test", "0.0.1-test", ["0.0.1-test"]],
    [{ tags: ["v{version}"] }, "0.0.1-test", "0.0.1-test", ["v0.0.1-test"]],
    [
      rich,
      "v0.0.1-test",
      "0.0.1-test",
      [
        "0.0.1-test",
        "v0.0.1-test",
        "0.0.1-test-alpine",
        "0.0.1-test-0a1b2c3",
        "0.0.1-test-amd64",
        "0.0.1-test-alpine-arm64",
      ],
    ],
    // Any of its tags names the pre-release.
    [{ tags: ["{version}-alpine"] }, "0.0.1-test-alpine", "0.0.1-test", ["0.0.1-test-alpine"]],
    [{}, "pr-17", "pr-17", ["pr-17"]],
    [{}, "manual-1a2b3c4", "manual-1a2b3c4", ["manual-1a2b3c4"]],
  ])("by %j, %s is %s: %j", (release, given, name, tags) => {
    const selection = selectRemovable(given, rulesOf(release));
    expect(selection.name).toBe(name);
    expect(selection.pick(listed)).toEqual(tags);
  });

  it("has what a registry may not list", () => {
    expect(selectRemovable("v0.0.1-test", rulesOf({})).pick([])).toEqual(["0.0.1-test"]);
    expect(selectRemovable("v0.0.1-test", rulesOf({ tags: ["{tag}"] })).pick([])).toEqual([
      "0.0.1-test",
      "v0.0.1-test",
    ]);
  });

  it.each<[object, string]>([
    [{}, "v1.2.3"],
    [{}, "1.2.3"],
    [{}, "1.2.3+5"],
    [{}, "1.2.3_5"],
    [{}, "2025.12.13"],
    [{}, "1.2"],
    [{}, "v1.2"],
    [{}, "latest"],
    [{}, "latest-kept-0123456789ab"],
    [{}, `sha256-${"a".repeat(64)}`],
    [{}, `sha256-${"a".repeat(64)}.sig`],
    [{}, `sha256:${"a".repeat(64)}`],
    [{}, "../0.0.1-test"],
    [{}, "a/b"],
    [{}, "vv0.0.1-test"],
    [{}, ""],
    // A machine at the end is no pre-release.
    [{}, "1.2.3-amd64"],
    [{}, "v1.2.3-arm64v8"],
    // Nor is a variant.
    [rich, "1.2.3-alpine"],
    [rich, "v1.2.3-alpine"],
    [rich, "1.2.3-alpine-arm64"],
    [rich, "1.2.3-0a1b2c3"],
    // What moves is nobody's alone.
    [rich, "1.2"],
    [rich, "stable"],
    [{ tags: ["{version}", "{major}"] }, "7"],
    [{ tags: ["sha-{sha}"] }, "sha-0a1b2c3"],
    [{ tags: ["{branch}"] }, "main"],
    [{ tags: ["{branch}"] }, "feature-x"],
  ])("by %j refuses %j", (release, tag) => {
    const select = () => selectRemovable(tag, rulesOf(release));
    expect(select).toThrow(InputError);
    expect(select).toThrow(
      `tag to remove: expected the tag of a pre-release, as in v0.0.1-test, or a name that --as gave, since stable versions, tags that move and latest are never removed, got "${tag}".`,
    );
  });

  it("refuses what a hyphen may have made of a stable version", () => {
    expect(() => selectRemovable("1.2.3-k3s1", rulesOf({ buildMetadata: "hyphen" }))).toThrow(
      'got "1.2.3-k3s1". With release.buildMetadata "hyphen" it may be a stable version as well.',
    );
  });
});
