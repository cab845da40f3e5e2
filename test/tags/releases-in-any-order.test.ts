import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { decideTags, type LatestPolicy } from "../../src/tags/policy.js";
import { requestTags } from "../../src/tags/request.js";
import { compareVersions, isStable, parseVersion, type Version } from "../../src/tags/version.js";
import { makeTrigger } from "../support/tag-request.js";

/** Numbers that look random and are the same on every machine (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

const templates = [
  "{version}",
  "{tag}",
  "{version}-alpine",
  "{major}.{minor}",
  "{major}",
  "v{major}-alpine",
  "stable",
  "{version}-{arch}",
  "{major}-{arch}",
];
const settings = parseSettings(JSON.stringify({ release: { tags: templates, majorZero: true } })).release;

/** What the tags of a repository point at. */
type Shelf = Map<string, string>;

/** Publishes as a release does; `until` stops it after so many tags, as an interruption does. */
function publish(shelf: Shelf, text: string, policy: LatestPolicy, until = Number.POSITIVE_INFINITY): void {
  const request = requestTags({ settings, trigger: makeTrigger(`refs/tags/v${text}`) });
  const decisions = decideTags(request, policy, [...shelf.keys()]);
  for (const { tag, moves, set } of decisions.slice(0, until)) {
    if (!set || (!moves && shelf.get(tag) === text)) continue;
    expect(moves || !shelf.has(tag), `${tag} never moves`).toBe(true);
    shelf.set(tag, text);
  }
}

const highest = (versions: readonly Version[], of: (version: Version) => boolean) =>
  versions
    .filter((candidate) => isStable(candidate) && of(candidate))
    .toSorted(compareVersions)
    .at(-1)?.text;

/** What every tag has to point at once all of these are published. */
function expected(released: readonly Version[], policy: LatestPolicy): Record<string, string> {
  const tags = new Map<string, string | undefined>();
  for (const { text, numbers } of released) {
    const [major, minor] = numbers;
    for (const tag of [text, `v${text}`, `${text}-alpine`]) tags.set(tag, text);
    const ofMajor = highest(released, (other) => other.numbers[0] === major);
    tags.set(major, ofMajor).set(`v${major}-alpine`, ofMajor);
    const isOfMinor = (other: Version) => other.numbers[0] === major && other.numbers[1] === minor;
    tags.set(`${major}.${minor}`, highest(released, isOfMinor));
  }
  const ofAll = highest(released, () => true);
  tags.set("stable", ofAll).set("latest", policy === "highest" ? ofAll : undefined);
  return Object.fromEntries([...tags].flatMap(([tag, text]) => (text === undefined ? [] : [[tag, text]])));
}

const ofAll = (shelf: Shelf) =>
  Object.fromEntries([...shelf].filter(([tag]) => !/-(?:amd64|arm64)$/.test(tag)));

describe.each(["highest", "main"] as const)("releases in any order, latest follows %s", (policy) => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))("leave the same tags, seed %i", (seed) => {
    const random = seeded(seed);
    const shelf: Shelf = new Map();
    const released = new Map<string, Version>();
    for (let step = 0; step < 30; step += 1) {
      const suffix = ["", "", "", "-rc.1", "-alpha", "-rc.2.1"][random(6)];
      const text = `${random(3)}.${random(12)}.${random(4)}${suffix}`;
      // Many are interrupted, and then run again; others are run again as they are.
      if (random(3) === 0) publish(shelf, text, policy, random(10));
      publish(shelf, text, policy);
      released.set(text, version(text));
      const again = [...released.keys()][random(released.size)];
      if (again !== undefined) publish(shelf, again, policy);
      expect(ofAll(shelf)).toEqual(expected([...released.values()], policy));
    }
    for (const [tag, points] of shelf) {
      const all = /^(.*)-(?:amd64|arm64)$/.exec(tag)?.[1];
      if (all !== undefined) expect(points, tag).toBe(shelf.get(all));
    }
  });
});
