import { expect, it } from "vitest";
import { onlyForward } from "../../src/release/forward.js";
import { readRef } from "../../src/release/ref.js";

const floating = { tag: "latest", moves: true, set: true, why: "no higher stable version is published" };

it.each<[string, string | undefined, boolean]>([
  ["refs/tags/v1.2.3", undefined, true],
  ["refs/tags/v1.2.3", "1.2.2", true],
  ["refs/tags/v1.2.3", "1.2.3", true],
  ["refs/tags/v1.2.3", "1.2.10", false],
  ["refs/tags/v1.2.3", "2.0.0", false],
  // What is no stable version says nothing about the order of releases.
  ["refs/tags/v1.2.3", "2.0.0-rc.1", true],
  ["refs/tags/v1.2.3", "24.04", true],
  ["refs/heads/main", "2.0.0", true],
])("%s moves a tag that holds %s: %s", (ref, held, moves) => {
  const trigger = readRef(ref, { mainBranch: "main", preRelease: true });
  expect(onlyForward(floating, trigger, held)).toEqual(
    moves ? floating : { ...floating, set: false, why: `it holds ${held}, which is higher` },
  );
});

it("decides nothing about a tag that never moves", () => {
  const version = { tag: "1.2.3", moves: false, set: true, why: "v1.2.3 publishes its version" };
  const trigger = readRef("refs/tags/v1.2.3", { mainBranch: "main", preRelease: false });
  expect(onlyForward(version, trigger, "2.0.0")).toBe(version);
});
