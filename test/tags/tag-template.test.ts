import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import {
  type GivenTagTemplate,
  makesTag,
  parseTagTemplate,
  type TagTrigger,
  versionOfTag,
} from "../../src/tags/tag-template.js";

describe("parseTagTemplate", () => {
  it.each<[GivenTagTemplate, TagTrigger, "moves" | "stays"]>([
    ["{version}", "version", "stays"],
    ["v{version}", "version", "stays"],
    ["{tag}", "version", "stays"],
    ["{version}-alpine", "version", "stays"],
    ["{major}.{minor}.{patch}", "version", "stays"],
    ["v{major}.{minor}.{patch}-debug", "version", "stays"],
    ["{major}.{minor}", "version", "moves"],
    ["v{major}", "version", "moves"],
    ["{major}-{sha}", "version", "stays"],
    ["{version}-{date}", "version", "stays"],
    ["stable", "version", "moves"],
    ["latest-alpine", "version", "moves"],
    ["{branch}", "branch", "moves"],
    ["{branch}-{sha}", "branch", "stays"],
    ["sha-{sha}", "branch", "stays"],
    ["{revision}", "branch", "stays"],
    ["nightly-{date}", "branch", "moves"],
    ["{version}-{arch}", "version", "stays"],
    ["latest-{arch}", "version", "moves"],
    ["{branch}-{arch}", "branch", "moves"],
    [{ tag: "edge-{arch}", on: "main" }, "main", "moves"],
    [{ tag: "edge", on: "main" }, "main", "moves"],
    [{ tag: "{branch}", on: "main" }, "main", "moves"],
    [{ tag: "{sha}", on: "version" }, "version", "stays"],
    [{ tag: "{version}", on: "version" }, "version", "stays"],
    [{ tag: "any", on: "branch" }, "branch", "moves"],
  ])("%j is set by %s, and %s", (given, on, fate) => {
    expect(parseTagTemplate(given)).toMatchObject({ on, moves: fate === "moves" });
  });

  const grammar = "expected a template of a tag: at most 128 letters, digits, '_', '.' and '-'";

  it.each<[GivenTagTemplate, string]>([
    ["", grammar],
    ["-{version}", grammar],
    [".x", grammar],
    ["{version}+1", grammar],
    ["a/b", grammar],
    ["{version", grammar],
    ["x".repeat(129), grammar],
    [
      "{Version}",
      'expected only the placeholders {version}, {tag}, {major}, {minor}, {patch}, {branch}, {sha}, {revision}, {date}, {arch}, got "{Version}".',
    ],
    ["{created}", "expected only the placeholders"],
    [
      "v{{ .Version }}",
      'expected placeholders as they are written here, {version}, {tag}, {major}, {minor}, {patch}, {branch}, {sha}, {revision}, {date}, {arch}, got "v{{ .Version }}". Write {version} for {{ .Version }}.',
    ],
    ["{version}-{version}", "expected each placeholder once"],
    ["latest", 'expected a tag other than latest, which has a rule of its own, got "latest".'],
    ["1.2.3", "expected no tag that moves in the form of a version"],
    ["v1.2.3-rc.1", "expected no tag that moves in the form of a version"],
    ["{major}.{minor}.0", "expected no tag that moves in the form of a version"],
    ["{branch}-{version}", "expected placeholders that have a value at once"],
    [{ tag: "{version}", on: "main" }, 'expected "on": "version"'],
    [{ tag: "{major}-{sha}", on: "branch" }, 'expected "on": "version"'],
    [{ tag: "{branch}", on: "version" }, 'expected "on": "branch" or "main"'],
  ])("refuses %j", (given, message) => {
    const parse = () => parseTagTemplate(given, "release.tags[0]");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`release.tags[0]: ${message}`);
  });
});

describe("a template of tags", () => {
  it.each<[string, string, boolean, string | undefined]>([
    // template, tag, whether it makes it, the version that it names
    ["{version}", "1.2.3", true, "1.2.3"],
    ["{version}", "1.2.3-rc.1", true, "1.2.3-rc.1"],
    ["{version}", "1.2.3_build.5", true, "1.2.3+build.5"],
    ["{version}", "1.2.3-rc.1_5", true, "1.2.3-rc.1+5"],
    // Another pipeline may have written the v, or left it out.
    ["{version}", "v1.2.3", false, "1.2.3"],
    ["v{version}", "1.2.3", false, "1.2.3"],
    ["v{version}", "v1.2.3", true, "1.2.3"],
    ["{tag}", "v1.2.3", true, "1.2.3"],
    ["{tag}", "1.2.3", true, "1.2.3"],
    ["{version}", "vv1.2.3", false, undefined],
    ["{version}", "1.2", false, undefined],
    ["{version}", "01.2.3", false, undefined],
    ["{version}", "latest", false, undefined],
    ["{version}-alpine", "1.2.3-alpine", true, "1.2.3"],
    ["{version}-alpine", "1.2.3-rc.1-alpine", true, "1.2.3-rc.1"],
    ["{version}-alpine", "v1.2.3-alpine", false, "1.2.3"],
    ["{version}-alpine", "1.2.3", false, undefined],
    ["{version}-alpine", "1.2.3-alpinex", false, undefined],
    ["rel-{version}", "rel-1.2.3", true, "1.2.3"],
    ["rel-{version}", "1.2.3", false, undefined],
    ["{major}.{minor}.{patch}", "1.2.3", true, "1.2.3"],
    ["{major}.{minor}.{patch}", "1.2.3-rc.1", false, undefined],
    ["{version}-{sha}", "1.2.3-rc.1-0a1b2c3", true, "1.2.3-rc.1"],
    ["{version}.{date}", "1.2.3.20260110", true, "1.2.3"],
    ["{version}-{arch}", "1.2.3-armv7", true, "1.2.3"],
    ["{version}-{arch}", "1.2.3-rc.1-arm64", true, "1.2.3-rc.1"],
    ["{version}-{arch}", "1.2.3-alpine", false, undefined],
    ["{tag}-{arch}-s6", "v1.2.3-arm64-s6", true, "1.2.3"],
    ["{major}.{minor}", "1.2", true, undefined],
    ["{major}.{minor}", "1x2", false, undefined],
    ["{major}.{minor}", "1.2.3", false, undefined],
    ["{major}", "0", true, undefined],
    ["sha-{sha}", "sha-0a1b2c3", true, undefined],
    ["sha-{sha}", "sha-0A1b2c3", false, undefined],
    ["{revision}", "a".repeat(40), true, undefined],
    ["{revision}", "a".repeat(41), false, undefined],
    ["{branch}", "anything.at-all_1", true, undefined],
    ["stable", "stable", true, undefined],
    ["stable", "stables", false, undefined],
  ])("%s and %s: makes it %s, names %s", (template, tag, makes, version) => {
    const parsed = parseTagTemplate(template);
    expect(makesTag(parsed, tag)).toBe(makes);
    expect(versionOfTag(parsed, tag)?.text).toBe(version);
  });

  it.each([`1.2.3-${"-a".repeat(60)}`, `1.2.3-${"0".repeat(120)}`, `1.2.3-${"a_a-".repeat(30)}`])(
    "does not try all ways to read %s",
    (tag) => {
      expect(versionOfTag(parseTagTemplate("{version}-{sha}-alpine"), tag)).toBeUndefined();
    },
  );
});
