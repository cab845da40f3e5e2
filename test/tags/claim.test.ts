import { expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { claimOn } from "../../src/tags/claim.js";

const rich = {
  tags: ["{version}", "{major}.{minor}", "{major}", "stable", "sha-{sha}", "{branch}", "pre-{branch}"],
};
const reads = "it reads as a version";

it.each<[object, string, string | undefined]>([
  [{}, "manual-1a2b3c4", undefined],
  [{}, "pr-17", undefined],
  [{}, "1a2b3c4", undefined],
  [{}, "1234567", undefined],
  [{}, "edge", undefined],
  [{}, "latest", "it follows what release.repositories says"],
  [{}, "1.2.3", reads],
  [{}, "v1.2.3", reads],
  [{}, "1.2.3-rc.1", reads],
  [{}, "1.2.3-alpine", reads],
  [{}, "1.2", reads],
  [{}, "v1.2", reads],
  [{}, "2025.12.13-alpine3.23-1a2b3c4d", reads],
  [{}, `sha256-${"a".repeat(64)}`, "it is where registries keep what is attached to an image"],
  [{}, `sha256-${"a".repeat(64)}.sig`, "it is where registries keep what is attached to an image"],
  [{}, "latest-kept-0123456789ab", "it keeps an image that a tag has left"],
  [{ tags: ["rel-{version}"] }, "rel-1.2.3", "the template rel-{version} makes it"],
  [rich, "7", "the template {major} makes it"],
  [rich, "stable", "the template stable makes it"],
  [rich, "sha-1a2b3c4", "the template sha-{sha} makes it"],
  [rich, "pre-x", "the template pre-{branch} makes it"],
  [rich, "main", "the template {branch} makes it"],
  // A branch may have any name: only that of the main one is known.
  [rich, "manual-1a2b3c4", undefined],
  [{ ...rich, mainBranch: "release/next" }, "release-next", "the template {branch} makes it"],
  [rich, "stable-amd64", undefined],
  [{ tags: ["{version}", "stable-{arch}"] }, "stable-amd64", "the template stable-{arch} makes it"],
  [{ tags: ["{version}", "stable-{arch}"] }, "stable-alpine", undefined],
])("by %j, %s: %s", (release, name, claim) => {
  expect(claimOn(name, parseSettings(JSON.stringify({ release })).release)).toBe(claim);
});
