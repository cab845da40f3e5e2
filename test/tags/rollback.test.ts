import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { InputError } from "../../src/errors.js";
import type { LatestPolicy } from "../../src/tags/policy.js";
import { chooseMoving, nextMove, readEarlierVersion } from "../../src/tags/rollback.js";

const rulesOf = (release: object) => parseSettings(JSON.stringify({ release })).release;
const rich = { tags: ["{version}", "{version}-alpine", "{major}.{minor}", "{major}", "stable", "{branch}"] };

describe("readEarlierVersion", () => {
  it.each<[object, string, string, string[]]>([
    [{}, "1.2.3", "1.2.3", ["latest"]],
    [{}, "v1.2.3", "1.2.3", ["latest"]],
    [rich, "1.2.3", "1.2.3", ["1.2", "1", "stable", "latest"]],
    [rich, "1.2.3-alpine", "1.2.3-alpine", ["1.2", "1", "stable", "latest"]],
    [rich, "v0.4.2", "0.4.2", ["0.4", "stable", "latest"]],
    [{ ...rich, majorZero: true }, "v0.4.2", "0.4.2", ["0.4", "0", "stable", "latest"]],
    [{ tags: ["{tag}"] }, "v1.2.3", "v1.2.3", ["latest"]],
    [{ tags: ["{tag}"] }, "1.2.3", "1.2.3", ["latest"]],
    [{ tags: ["rel-{version}"] }, "v1.2.3", "rel-1.2.3", ["latest"]],
    [{ tagPrefix: "tool/" }, "tool/v1.2.3", "1.2.3", ["latest"]],
    [{ tags: ["{version}-{sha}"] }, "1.2.3-0a1b2c3", "1.2.3-0a1b2c3", ["latest"]],
    [{ tags: ["{version}", "{major}-{date}"] }, "1.2.3", "1.2.3", ["latest"]],
    [{ tags: ["{version}"], buildMetadata: "underscore" }, "1.2.3_5", "1.2.3_5", ["latest"]],
  ])("by %j, %s is %s, with %j", (release, given, tag, moving) => {
    const earlier = readEarlierVersion(given, rulesOf(release));
    expect(earlier.tag).toBe(tag);
    expect(earlier.moving.map((other) => other.tag)).toEqual(moving);
  });

  it.each<[object, string]>([
    [{}, "1.2.3-rc.1"],
    [{}, "latest"],
    [{}, "1.2"],
    [{}, ""],
    [{}, `sha256:${"a".repeat(64)}`],
    [rich, "stable"],
    [{ tags: ["{version}-{sha}"] }, "v1.2.3"],
    [{ tags: ["{branch}"] }, "v1.2.3"],
    [{}, "1.2.3+5"],
  ])("by %j refuses %j", (release, given) => {
    const read = () => readEarlierVersion(given, rulesOf(release));
    expect(read).toThrow(InputError);
    expect(read).toThrow(
      `--tag: expected the tag of a published stable version, as in 1.2.3, got "${given}".`,
    );
  });
});

describe("chooseMoving", () => {
  const earlier = readEarlierVersion("1.2.3", rulesOf(rich));
  const chosen = (...tags: string[]) =>
    chooseMoving([{ earlier }], tags).flatMap(({ moving }) => moving.map(({ tag }) => tag));

  it("takes all where none is named, and keeps the order in which they move", () => {
    expect(chosen()).toEqual(["1.2", "1", "stable", "latest"]);
    expect(chosen("latest", "1.2")).toEqual(["1.2", "latest"]);
  });

  it.each(["1.1", "2", "1.2.3", "1.2.3-alpine", "main", "nightly", ""])("refuses %j", (tag) => {
    expect(() => chosen("latest", tag)).toThrow(
      `--tags: expected tags that 1.2.3 sets and that move, which are 1.2, 1, stable, latest, got "${tag}".`,
    );
  });
});

describe("nextMove", () => {
  const none = "no higher version is published; the next one moves it on";
  const higher = (version: string) =>
    `${version} is published, and higher: releasing that again moves it on, or a higher version; releasing 1.2.3 again leaves it here`;

  it.each<[string, LatestPolicy, string[], string]>([
    ["latest", "main", ["1.2.4"], "the next push to main moves it on"],
    ["latest", "highest", ["1.2.3"], none],
    ["latest", "highest", ["1.2.3", "1.2.4", "1.10.0", "2.0.0-rc.1"], higher("1.10.0")],
    ["1.2", "main", ["1.2.3", "1.2.4", "1.10.0"], higher("1.2.4")],
    ["1.2", "main", ["1.2.3", "1.10.0"], none],
    ["1", "highest", ["1.2.3", "1.10.0", "2.0.0"], higher("1.10.0")],
    ["stable", "highest", ["1.2.3", "2.0.0-alpine"], higher("2.0.0")],
  ])("of %s where latest follows %s and %j are published", (tag, policy, published, next) => {
    const rules = rulesOf(rich);
    const { version, moving } = readEarlierVersion("1.2.3", rules);
    const found = moving.find((other) => other.tag === tag);
    if (found === undefined) throw new Error(`${tag} does not move`);
    expect(nextMove(found, version, policy, rules, published)).toEqual({ tag, next });
  });
});
