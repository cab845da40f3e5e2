import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import {
  compareVersions,
  isStable,
  parseVersion,
  releaseVersion,
  removableVersion,
  type Version,
} from "../../src/tags/version.js";

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

describe("releaseVersion", () => {
  it.each([
    ["v1.2.3", "1.2.3"],
    ["v0.0.0", "0.0.0"],
    ["v10.20.300", "10.20.300"],
    ["v99999999999999999999.0.1", "99999999999999999999.0.1"],
  ])("%s is %s", (tag, text) => {
    expect(releaseVersion(tag, { preRelease: false }).text).toBe(text);
  });

  it.each([
    ["v0.0.1-test", "0.0.1-test"],
    ["v1.0.0-rc.1", "1.0.0-rc.1"],
    ["v1.0.0-0", "1.0.0-0"],
    ["v1.0.0-0a.x-y", "1.0.0-0a.x-y"],
    ["v1.2.3", "1.2.3"],
  ])("%s is %s where pre-releases are asked for", (tag, text) => {
    expect(releaseVersion(tag, { preRelease: true }).text).toBe(text);
  });

  const rule = "expected vX.Y.Z, numbers without leading zeros, as in v1.2.3, got";

  it.each([
    ["1.2.3", `${rule} "1.2.3". Use the tag v1.2.3.`],
    ["V1.2.3", `${rule} "V1.2.3". Use the tag v1.2.3.`],
    ["v1.2", `${rule} "v1.2". Use the tag v1.2.0.`],
    ["1.2", `${rule} "1.2". Use the tag v1.2.0.`],
    ["v1.2.3+build.5", `${rule} "v1.2.3+build.5". Use the tag v1.2.3.`],
    ["v01.2.3", rule],
    ["v1.02.3", rule],
    ["v1.2.03", rule],
    ["v1.2.3.4", rule],
    ["v1.2.x", rule],
    ["v1.2.-3", rule],
    ["v 1.2.3", rule],
    ["v1.2.3\n", rule],
    ["vv1.2.3", rule],
    ["latest", rule],
    ["", rule],
    ["v", rule],
    ["v١.٢.٣", rule],
    ["v1.2.3-rc.1", "Pass --pre-release to publish it under a tag of its own; latest stays where it is."],
  ])("refuses %j", (tag, message) => {
    const parse = () => releaseVersion(tag, { preRelease: false });
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`tag of a release: `);
    expect(parse).toThrow(message);
  });

  it.each([
    "v1.2.3-",
    "v1.2.3-rc..1",
    "v1.2.3-01",
    "v1.2.3-rc.01",
    "v1.2.3-rc_1",
    "v1.2.3-rc+5",
    `v1.2.3-${"a".repeat(123)}`,
  ])("refuses %j where pre-releases are asked for", (tag) => {
    expect(() => releaseVersion(tag, { preRelease: true })).toThrow(
      "expected vX.Y.Z or vX.Y.Z-name, numbers without leading zeros, as in v1.2.3 or v0.0.1-test, got",
    );
  });
});

describe("removableVersion", () => {
  it.each(["v0.0.1-test", "0.0.1-test"])("takes %s for 0.0.1-test", (tag) => {
    expect(removableVersion(tag).text).toBe("0.0.1-test");
  });

  it.each([
    "v1.2.3",
    "1.2.3",
    "2025.12.13",
    "1.2",
    "v1",
    "latest",
    "latest-kept-0123456789ab",
    `sha256-${"a".repeat(64)}`,
    `sha256-${"a".repeat(64)}.sig`,
    `sha256:${"a".repeat(64)}`,
    "../0.0.1-test",
    "vv0.0.1-test",
    "",
  ])("refuses %j", (tag) => {
    expect(() => removableVersion(tag)).toThrow(
      `tag to remove: expected the tag of a pre-release, as in v0.0.1-test, since stable versions and latest are never removed, got "${tag}".`,
    );
  });
});

describe("isStable", () => {
  it.each([
    ["1.2.3", true],
    ["1.2.3-rc.1", false],
    ["1.2.3-0", false],
  ])("%s: %s", (text, stable) => {
    expect(isStable(version(text))).toBe(stable);
  });
});

describe("compareVersions", () => {
  // The example of section 11 of the specification, with what is easily got wrong in between.
  const ascending = [
    "0.0.1",
    "0.1.0",
    "1.0.0-0",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-10a",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-rc.1",
    "1.0.1",
    "1.9.0",
    "1.10.0",
    "2.0.0",
    "9007199254740993.0.0",
    "9007199254740994.0.0",
  ];

  it.each(ascending.map((text, at) => [text, at] as const))("%s among all others", (text, at) => {
    const signs = ascending.map((other) => Math.sign(compareVersions(version(text), version(other))));
    expect(signs).toEqual(ascending.map((_, other) => Math.sign(at - other)));
  });
});
