import { describe, expect, it } from "vitest";
import { compareVersions, isStable, parseVersion, type Version, versionIn } from "../../src/tags/version.js";

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

describe("parseVersion", () => {
  it.each<[string, Omit<Version, "text">]>([
    ["1.2.3", { numbers: ["1", "2", "3"], preRelease: [], build: [] }],
    ["10.20.300", { numbers: ["10", "20", "300"], preRelease: [], build: [] }],
    ["0.0.1-test", { numbers: ["0", "0", "1"], preRelease: ["test"], build: [] }],
    ["1.0.0-rc.1", { numbers: ["1", "0", "0"], preRelease: ["rc", "1"], build: [] }],
    ["1.0.0-0a.x-y", { numbers: ["1", "0", "0"], preRelease: ["0a", "x-y"], build: [] }],
    ["1.2.3+build.05", { numbers: ["1", "2", "3"], preRelease: [], build: ["build", "05"] }],
    ["1.2.3-rc.1+5", { numbers: ["1", "2", "3"], preRelease: ["rc", "1"], build: ["5"] }],
    ["9007199254740991.0.0", { numbers: ["9007199254740991", "0", "0"], preRelease: [], build: [] }],
    // A time in milliseconds is more than a number of JavaScript holds exactly.
    ["1.2.3-20260110123456789", { numbers: ["1", "2", "3"], preRelease: ["20260110123456789"], build: [] }],
  ])("reads %s", (text, parts) => {
    expect(parseVersion(text)).toEqual({ text, ...parts });
  });

  it.each([
    "v1.2.3",
    "=1.2.3",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "01.2.3",
    "1.02.3",
    "1.2.03",
    "1.2",
    "1.2.3.4",
    "1.2.x",
    "1.2.-3",
    "1.2.3-",
    "1.2.3-rc..1",
    "1.2.3-01",
    "1.2.3-rc.01",
    "1.2.3-rc_1",
    "1.2.3+",
    "1.2.3+a+b",
    "١.٢.٣",
    "latest",
    "",
    // 2^53, from which on numbers are not exact.
    "9007199254740992.0.0",
    "99999999999999999999.0.1",
  ])("refuses %j", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

describe("versionIn", () => {
  it.each([
    ["v1.2.3", "1.2.3"],
    ["1.2.3", "1.2.3"],
    ["vv1.2.3", undefined],
    ["V1.2.3", undefined],
    ["v", undefined],
  ])("%s: %s", (name, text) => {
    expect(versionIn(name)?.text).toBe(text);
  });
});

describe("isStable", () => {
  it.each([
    ["1.2.3", true],
    ["1.2.3-rc.1", false],
    ["1.2.3-0", false],
    ["1.2.3+5", true],
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
    "1.0.0+1",
    "1.0.0+2",
    "1.0.1-rc.1",
    "1.0.1",
    "1.9.0",
    "1.10.0",
    "2.0.0",
    "9007199254740990.0.0",
    "9007199254740991.0.0",
  ];

  it.each(ascending.map((text, at) => [text, at] as const))("%s among all others", (text, at) => {
    const signs = ascending.map((other) => Math.sign(compareVersions(version(text), version(other))));
    expect(signs).toEqual(ascending.map((_, other) => Math.sign(at - other)));
  });
});
