import { describe, expect, it } from "vitest";
import { readManualRef } from "../../src/tags/ref.js";
import { type TemplateSubject, tagValuesOf, valuesOf, writeBranch } from "../../src/tags/values.js";
import { makeTrigger } from "../support/tag-request.js";

const revision = "0123456789abcdef0123456789abcdef01234567";
const version = { version: "1.2.3-rc.1+5", major: "1", minor: "2", patch: "3" };

describe("what placeholders stand for", () => {
  it.each<[string, TemplateSubject, object]>([
    ["a version", { trigger: makeTrigger("refs/tags/v1.2.3-rc.1+5") }, { ...version, tag: "v1.2.3-rc.1+5" }],
    ["a branch, as it is", { trigger: makeTrigger("refs/heads/feature/x") }, { branch: "feature/x" }],
    ["a pull request", { trigger: makeTrigger("refs/pull/3/merge") }, {}],
    ["a run by hand", { trigger: readManualRef("refs/heads/main", "pr-17", {}) }, {}],
    [
      "a run by hand of a version",
      { trigger: readManualRef("refs/tags/v1.2.3-rc.1+5", "pr-17", {}) },
      version,
    ],
    [
      "a commit and its time, in UTC",
      { trigger: makeTrigger("refs/pull/3/merge"), revision, created: Date.UTC(2026, 0, 10, 23, 30) / 1000 },
      { revision, sha: "0123456", created: "2026-01-10T23:30:00Z", date: "20260110" },
    ],
  ])("in %s", (_, subject, values) => {
    expect(valuesOf(subject)).toEqual(values);
  });

  it("is written so that a tag can hold it", () => {
    const trigger = makeTrigger("refs/tags/v1.2.3-rc.1+5");
    expect(tagValuesOf({ trigger }, { buildMetadata: "underscore" })).toEqual({
      ...version,
      version: "1.2.3-rc.1_5",
      tag: "v1.2.3-rc.1_5",
    });
  });
});

it.each([
  ["main", "main"],
  ["feature/x", "feature-x"],
  ["a//b", "a-b"],
  ["renovate/node-24.x", "renovate-node-24.x"],
  ["Über#1", "-ber-1"],
])("the branch %s is %s, as docker/metadata-action has it", (branch, written) => {
  expect(writeBranch(branch)).toBe(written);
});
