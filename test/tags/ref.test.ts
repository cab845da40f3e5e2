import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { describeTrigger, readManualRef, readRef, versionOf } from "../../src/tags/ref.js";
import { parseVersion } from "../../src/tags/version.js";

const rules = { mainBranch: "main", preRelease: false };

describe("readRef", () => {
  it.each([
    ["refs/heads/main", { kind: "main", branch: "main" }, "a push to main"],
    [
      "refs/heads/feature/main",
      { kind: "branch", branch: "feature/main" },
      "a push to feature/main, which is not the main branch",
    ],
    [
      "refs/heads/v1.2.3",
      { kind: "branch", branch: "v1.2.3" },
      "a push to v1.2.3, which is not the main branch",
    ],
    [
      "refs/tags/v1.2.3",
      { kind: "version", tag: "v1.2.3", name: "v1.2.3", version: parseVersion("1.2.3") },
      "the tag v1.2.3",
    ],
    ["refs/pull/12/merge", { kind: "pull-request", number: "12" }, "pull request 12"],
    ["refs/pull/12/head", { kind: "pull-request", number: "12" }, "pull request 12"],
    ["refs/merge-requests/7/head", { kind: "pull-request", number: "7" }, "pull request 7"],
    ["refs/merge-requests/7/train", { kind: "pull-request", number: "7" }, "pull request 7"],
  ])("%s", (ref, trigger, text) => {
    expect(readRef(ref, rules)).toEqual(trigger);
    expect(describeTrigger(readRef(ref, rules))).toBe(text);
  });

  it("takes the main branch by the name it was given", () => {
    expect(readRef("refs/heads/trunk", { ...rules, mainBranch: "trunk" }).kind).toBe("main");
    expect(readRef("refs/heads/main", { ...rules, mainBranch: "trunk" }).kind).toBe("branch");
  });

  it("takes a pre-release only where it is asked for", () => {
    expect(() => readRef("refs/tags/v0.0.1-test", rules)).toThrow("Pass --pre-release");
    expect(readRef("refs/tags/v0.0.1-test", { ...rules, preRelease: true })).toMatchObject({
      tag: "v0.0.1-test",
    });
  });

  it.each([
    ["main", 'got "main". Write refs/heads/main or refs/tags/main.'],
    ["v1.2.3", 'got "v1.2.3". Write refs/heads/v1.2.3 or refs/tags/v1.2.3.'],
    ["", 'got "".'],
    ["refs/heads/", 'got "refs/heads/".'],
    ["refs/notes/commits", 'got "refs/notes/commits".'],
    ["refs/pull/x/merge", 'got "refs/pull/x/merge".'],
  ])("refuses %j", (ref, message) => {
    const read = () => readRef(ref, rules);
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      `git ref: expected a full ref, as in refs/heads/main or refs/tags/v1.2.3, ${message}`,
    );
  });

  it("refuses a tag that is no version", () => {
    expect(() => readRef("refs/tags/nightly", rules)).toThrow("tag of a release: expected vX.Y.Z");
  });
});

describe("readManualRef", () => {
  it.each<[string, string | undefined]>([
    ["refs/heads/feature/x", undefined],
    ["refs/heads/v1.2.3", undefined],
    ["refs/pull/17/merge", undefined],
    ["refs/tags/nightly", undefined],
    ["refs/tags/v1.2.3", "1.2.3"],
    ["refs/tags/v0.0.1-test", "0.0.1-test"],
  ])("takes %s, which builds the version %s", (ref, version) => {
    const trigger = readManualRef(ref, "pr-17", {});
    expect(trigger).toMatchObject({ kind: "manual", name: "pr-17", ref });
    expect(versionOf(trigger)).toBe(version);
    expect(describeTrigger(trigger)).toBe(`${ref} as pr-17`);
  });

  it("knows the version of a component by its prefix", () => {
    expect(versionOf(readManualRef("refs/tags/tool/v1.2.3", "x", { tagPrefix: "tool/" }))).toBe("1.2.3");
    expect(versionOf(readManualRef("refs/tags/v1.2.3", "x", { tagPrefix: "tool/" }))).toBeUndefined();
  });

  it.each(["main", "", "refs/", "refs/heads", "refs/heads/"])("refuses %j", (ref) => {
    expect(() => readManualRef(ref, "pr-17", {})).toThrow("git ref: expected a full ref");
  });
});
