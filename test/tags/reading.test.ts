import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { publishedVersions, readVersion } from "../../src/tags/reading.js";

const rulesOf = (release: object) => parseSettings(JSON.stringify({ release })).release;
const variants = { tags: ["{version}", "{version}-alpine", "{version}-debug", "{major}.{minor}"] };

describe("readVersion", () => {
  it.each<[object, string, string | undefined, { ofPlatform?: boolean; isOwn?: boolean }]>([
    [{}, "1.2.3", "1.2.3", {}],
    [{}, "v1.2.3", "1.2.3", { isOwn: false }],
    [{}, "1.2.3-rc.1", "1.2.3-rc.1", {}],
    [{}, "1.2.3-alpine", "1.2.3-alpine", {}],
    [variants, "1.2.3-alpine", "1.2.3", {}],
    [variants, "v1.2.3-alpine", "1.2.3", { isOwn: false }],
    [variants, "1.2.3-rc.1-alpine", "1.2.3-rc.1", {}],
    [variants, "1.2.3-rc.1", "1.2.3-rc.1", {}],
    [variants, "1.2", undefined, {}],
    // A machine is never a pre-release, whether such tags are asked for or not.
    [{}, "1.2.3-amd64", "1.2.3", { ofPlatform: true, isOwn: false }],
    [{}, "1.2.3-rc.1-arm64", "1.2.3-rc.1", { ofPlatform: true, isOwn: false }],
    [{}, "1.2.3-arm64v8", "1.2.3", { ofPlatform: true, isOwn: false }],
    [variants, "1.2.3-alpine-armv7", "1.2.3", { ofPlatform: true, isOwn: false }],
    [{ tags: ["{version}", "{version}-{arch}"] }, "1.2.3-amd64", "1.2.3", { ofPlatform: true, isOwn: true }],
    [{ tags: ["{version}-{arch}"] }, "1.2.3-rc.1-amd64", "1.2.3-rc.1", { ofPlatform: true, isOwn: true }],
    [{ tags: ["{tag}", "{tag}-{arch}-s6"] }, "v1.2.3-arm64-s6", "1.2.3", { ofPlatform: true, isOwn: true }],
    [{ tags: ["{version}-amd64"] }, "1.2.3-amd64", "1.2.3", {}],
    [{ tags: ["{version}-alpine"] }, "1.2.3", undefined, {}],
    [{}, "latest", undefined, {}],
    [{}, "99", undefined, {}],
  ])("by %j, %s names %s", (release, tag, version, { ofPlatform = false, isOwn = true }) => {
    const read = readVersion(rulesOf(release), tag);
    expect(read?.version.text).toBe(version);
    if (version !== undefined) expect(read).toMatchObject({ ofPlatform, isOwn });
  });
});

it("counts as published what has its tag of all platforms", () => {
  const tags = [
    "1.2.3",
    "1.2.3-alpine",
    "1.2.4-amd64",
    "v2.0.0",
    "3.0.0-rc.1",
    "1.2",
    "latest",
    "2025.12.13-alpine3.23",
  ];
  expect(publishedVersions(rulesOf(variants), tags).map(({ text }) => text)).toEqual([
    "1.2.3",
    "1.2.3",
    "2.0.0",
    "3.0.0-rc.1",
    "2025.12.13-alpine3.23",
  ]);
});
