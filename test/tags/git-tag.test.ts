import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { readGitTag } from "../../src/tags/git-tag.js";

describe("readGitTag", () => {
  it.each<[string, string, string, string]>([
    ["v1.2.3", "", "v1.2.3", "1.2.3"],
    ["1.2.3", "", "1.2.3", "1.2.3"],
    ["v1.2.3+build.5", "", "v1.2.3+build.5", "1.2.3+build.5"],
    ["tool/v1.2.3", "tool/", "v1.2.3", "1.2.3"],
    ["tool/1.2.3", "tool/", "1.2.3", "1.2.3"],
    ["tool-v1.2.3", "tool-", "v1.2.3", "1.2.3"],
  ])("%s with the prefix %j is %s, which releases %s", (tag, tagPrefix, name, text) => {
    const read = readGitTag(tag, { preRelease: false, tagPrefix });
    expect(read).toMatchObject({ tag, name, version: { text } });
  });

  it.each([
    ["v0.0.1-test", "0.0.1-test"],
    ["1.0.0-rc.1", "1.0.0-rc.1"],
    ["v1.2.3", "1.2.3"],
  ])("%s is %s where pre-releases are let through", (tag, text) => {
    expect(readGitTag(tag, { preRelease: true }).version.text).toBe(text);
  });

  const rule = "expected vX.Y.Z, numbers without leading zeros, as in v1.2.3, got";

  it.each([
    ["V1.2.3", `${rule} "V1.2.3". Use the tag v1.2.3.`],
    ["v1.2", `${rule} "v1.2". Use the tag v1.2.0.`],
    ["1.2", `${rule} "1.2". Use the tag 1.2.0.`],
    ["v99999999999999999999.0.1", "Use numbers up to 9007199254740991."],
    ["v01.2.3", rule],
    ["v1.2.3.4", rule],
    ["v 1.2.3", rule],
    ["v1.2.3\n", rule],
    ["=1.2.3", rule],
    ["vv1.2.3", rule],
    ["latest", rule],
    ["", rule],
    [
      "v1.2.3-rc.1",
      "Pass --pre-release, or set release.preReleases, to publish it under tags of its own; no other tag moves.",
    ],
  ])("refuses %j", (tag, message) => {
    const read = () => readGitTag(tag, { preRelease: false });
    expect(read).toThrow(InputError);
    expect(read).toThrow("tag of a release: ");
    expect(read).toThrow(message);
  });

  it.each(["v1.2.3-", "v1.2.3-01", "v1.2.3-rc_1", "nightly"])(
    "refuses %j where pre-releases are let through",
    (tag) => {
      expect(() => readGitTag(tag, { preRelease: true })).toThrow(
        "expected vX.Y.Z or vX.Y.Z-name, numbers without leading zeros, as in v1.2.3 or v0.0.1-test, got",
      );
    },
  );

  it.each([
    [
      "v1.2.3",
      'tag of a release: expected one that begins with tool/, as in tool/v1.2.3, since release.tagPrefix says so, got "v1.2.3". Tags of another component take settings of their own: pass them with --config.',
    ],
    ["other/v1.2.3", "expected one that begins with tool/"],
    [
      "tool/v1.2",
      'expected tool/vX.Y.Z, numbers without leading zeros, as in tool/v1.2.3, got "tool/v1.2". Use the tag tool/v1.2.0.',
    ],
    ["tool/other/v1.2.3", "expected tool/vX.Y.Z"],
  ])("refuses %s with the prefix tool/", (tag, message) => {
    expect(() => readGitTag(tag, { preRelease: false, tagPrefix: "tool/" })).toThrow(message);
  });

  it.each([
    ["tool/v1.2.3", "tool/"],
    ["tool@1.2.3", "tool@"],
    ["cmd/my-tool/v1.2.3", "cmd/my-tool/"],
    ["my-tool-v1.2.3", "my-tool-"],
  ])("takes %s for no tag of the whole repository, and names the setting", (tag, prefix) => {
    expect(() => readGitTag(tag, { preRelease: false })).toThrow(
      `${rule} "${tag}". Set release.tagPrefix to "${prefix}" where that is one of several components.`,
    );
  });
});
