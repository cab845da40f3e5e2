import { describe, expect, it } from "vitest";
import { type CleanupPolicy, planCleanup } from "../../src/cleanup/policy.js";
import { type Drawing, draw, drawnDigest, drawnName, drawnNow, drawnReferrersTag } from "../support/graph.js";

const hour = 3_600_000;
const day = 24 * hour;
const policy: CleanupPolicy = { now: drawnNow, minAge: day, keep: [] };

/** Every manifest by name with its fate: `-` before the reasons of those that go. */
function fates(drawing: Drawing, changes: Partial<CleanupPolicy> = {}): Record<string, string> {
  const { kept, removable } = planCleanup(draw(drawing), { ...policy, ...changes });
  return Object.fromEntries([
    ...kept.map(({ digest, reason }) => [drawnName(digest), drawnName(reason)]),
    ...removable.map(({ digest, reason }) => [drawnName(digest), `- ${drawnName(reason)}`]),
  ]);
}

describe("planCleanup", () => {
  it.each<[string, Drawing, Record<string, string>]>([
    [
      "keeps what is tagged and what it lists",
      { tags: { "1.2.3": "1", latest: "1" }, manifests: { 1: { lists: "ab" }, a: {}, b: {} } },
      { 1: "tagged 1.2.3, latest", a: "listed by 1.2.3", b: "listed by 1.2.3" },
    ],
    [
      "lets go what no tag leads to, with its parts",
      { tags: { latest: "1" }, manifests: { 1: { lists: "a" }, a: {}, 2: { lists: "b" }, b: {}, c: {} } },
      {
        1: "tagged latest",
        a: "listed by latest",
        2: "- nothing tags or lists it",
        b: "- listed by 2, which goes as well",
        c: "- nothing tags or lists it",
      },
    ],
    [
      "keeps a part that a kept and an abandoned index share",
      { tags: { latest: "1" }, manifests: { 2: { lists: "ab" }, a: {}, b: {}, 1: { lists: "a" } } },
      {
        1: "tagged latest",
        a: "listed by latest",
        2: "- nothing tags or lists it",
        b: "- listed by 2, which goes as well",
      },
    ],
    [
      "follows nested indexes",
      {
        tags: { latest: "1" },
        manifests: { a: {}, 2: { lists: "3" }, 3: { lists: "a" }, 1: { lists: "2" } },
      },
      { 1: "tagged latest", 2: "listed by latest", 3: "listed by 2", a: "listed by 3" },
    ],
    [
      "keeps a referrer of a tagged image, and a referrer of that",
      { tags: { latest: "1" }, manifests: { 1: {}, 5: { subject: "1" }, 6: { subject: "5" } } },
      { 1: "tagged latest", 5: "attached to latest", 6: "attached to 5" },
    ],
    [
      "keeps a referrer of a part, and what it lists",
      {
        tags: { latest: "1" },
        manifests: { 1: { lists: "a" }, a: {}, 5: { subject: "a", lists: "b" }, b: {} },
      },
      { 1: "tagged latest", a: "listed by latest", 5: "attached to a", b: "listed by 5" },
    ],
    [
      "keeps what the referrers tag of a tagged image holds",
      {
        tags: { latest: "1", [drawnReferrersTag("1")]: "2", [drawnReferrersTag("1", ".sig")]: "3" },
        manifests: { 1: {}, 2: { lists: "5" }, 5: { subject: "1" }, 3: {} },
      },
      {
        1: "tagged latest",
        2: "attached to latest",
        5: "attached to latest",
        3: "attached to latest",
      },
    ],
    [
      "lets referrers go with their subject, and those whose subject is gone",
      {
        tags: { latest: "1", [drawnReferrersTag("4")]: "2", [drawnReferrersTag("4", ".sig")]: "3" },
        manifests: { 1: {}, 4: {}, 2: { lists: "5" }, 5: { subject: "4" }, 3: {}, 6: { subject: "d" } },
      },
      {
        1: "tagged latest",
        4: "- nothing tags or lists it",
        2: "- attached to 4, which goes as well",
        5: "- listed by 2, which goes as well",
        3: "- attached to 4, which goes as well",
        6: "- attached to d, which does not exist",
      },
    ],
    [
      "keeps what cosign attached to an image of another repository",
      {
        tags: { [drawnReferrersTag("d", ".sig")]: "3", [drawnReferrersTag("4", ".sig")]: "2" },
        manifests: { 3: {}, 4: {}, 2: {} },
      },
      {
        3: `tagged ${drawnReferrersTag("d", ".sig")}`,
        4: "- nothing tags or lists it",
        2: "- attached to 4, which goes as well",
      },
    ],
    [
      "keeps a referrers index that has a tag of its own, and what it is about",
      {
        tags: { signatures: "2", [drawnReferrersTag("4")]: "2" },
        manifests: { 2: { lists: "5" }, 5: { subject: "4" }, 4: {} },
      },
      { 2: `tagged signatures`, 5: "listed by signatures", 4: "signatures is attached to it" },
    ],
    [
      "takes a referrers tag for somebody's own where what it is about does not exist",
      { tags: { [drawnReferrersTag("d")]: "2" }, manifests: { 2: { lists: "5" }, 5: { subject: "d" } } },
      { 2: `tagged ${drawnReferrersTag("d")}`, 5: `listed by ${drawnReferrersTag("d")}` },
    ],
    ...Object.entries<Drawing["manifests"]>({
      "an image": { 2: {} },
      "an index that lists platforms": { 2: { lists: "a" }, a: {} },
      "an index that lists what is attached to something else": { 2: { lists: "5" }, 5: { subject: "d" } },
      "an index of which a part is no referrer": { 2: { lists: "5a" }, 5: { subject: "4" }, a: {} },
      "an index of which a part is absent": { 2: { lists: "5f" }, 5: { subject: "4" } },
    }).map(([what, manifests]): [string, Drawing, Record<string, string>] => {
      const [tag, { 2: { lists = "" } = {} }] = [drawnReferrersTag("4"), manifests];
      const parts = [...lists].filter((part) => part in manifests).map((part) => [part, `listed by ${tag}`]);
      return [
        `takes a tag that is named as a referrers tag and leads to ${what} for somebody's own`,
        { tags: { [tag]: "2" }, manifests: { 4: {}, ...manifests } },
        { 2: `tagged ${tag}`, 4: `${tag} is attached to it`, ...Object.fromEntries(parts) },
      ];
    }),
    [
      "keeps an image that is tagged by its own digest",
      { tags: { [drawnReferrersTag("2")]: "2" }, manifests: { 2: { lists: "a" }, a: {} } },
      { 2: `tagged ${drawnReferrersTag("2")}`, a: `listed by ${drawnReferrersTag("2")}` },
    ],
    [
      "keeps what is attached to an absent part of a tagged image",
      { tags: { latest: "1" }, manifests: { 1: { lists: "f" }, 5: { subject: "f", lists: "a" }, a: {} } },
      { 1: "tagged latest", 5: "attached to f", a: "listed by 5" },
    ],
    [
      "keeps what a tagged artifact is attached to",
      { tags: { sbom: "5" }, manifests: { 5: { subject: "a" }, a: {} } },
      { 5: "tagged sbom", a: "sbom is attached to it" },
    ],
    [
      "keeps what is young, with its parts, whatever their age",
      { tags: {}, manifests: { 2: { lists: "ab", age: 23 }, a: {}, b: {}, c: { age: 24 } } },
      {
        2: "changed less than 24 h ago",
        a: "listed by 2",
        b: "listed by 2",
        c: "- nothing tags or lists it",
      },
    ],
    [
      "keeps what has no age",
      { manifests: { 2: { age: "unknown", lists: "a" }, a: {} } },
      { 2: "its age is unknown", a: "listed by 2" },
    ],
    [
      "takes a tag that looks like a referrers tag for a tag where it is none",
      { tags: { "sha256-abc": "1", [`${drawnReferrersTag("1")}0`]: "2" }, manifests: { 1: {}, 2: {} } },
      { 1: "tagged sha256-abc", 2: `tagged ${drawnReferrersTag("1")}0` },
    ],
    [
      "survives manifests that refer to each other and to what is absent",
      { tags: { latest: "1" }, manifests: { 1: { lists: "f" }, 2: { lists: "3" }, 3: { lists: "2" } } },
      {
        1: "tagged latest",
        2: "- listed by 3, which goes as well",
        3: "- listed by 2, which goes as well",
      },
    ],
    ["has nothing to say about an empty repository", { manifests: {} }, {}],
  ])("%s", (_, drawing, expected) => {
    expect(fates(drawing)).toEqual(expected);
  });

  const abandoned: Drawing = {
    tags: { latest: "1" },
    manifests: { 1: {}, 2: { lists: "ab" }, a: {}, b: {}, 3: { lists: "b" }, 5: { subject: "2" } },
  };

  it("keeps what is on the keep list, with what it needs", () => {
    expect(fates(abandoned, { keep: [drawnDigest("2")] })).toEqual({
      1: "tagged latest",
      2: "on the keep list",
      a: "listed by 2",
      b: "listed by 2",
      5: "attached to 2",
      3: "- nothing tags or lists it",
    });
  });

  it("removes only what is named, with its parts and referrers, and no part that something else lists", () => {
    expect(fates(abandoned, { candidates: [drawnDigest("2"), drawnDigest("1"), drawnDigest("9")] })).toEqual({
      1: "tagged latest",
      3: "not named for removal",
      b: "listed by 3",
      2: "- nothing tags or lists it",
      a: "- listed by 2, which goes as well",
      5: "- attached to 2, which goes as well",
    });
  });

  it("removes nothing where nothing is named", () => {
    const { removable } = planCleanup(draw(abandoned), { ...policy, candidates: [] });
    expect(removable).toEqual([]);
  });

  it.each<[number | "unknown", string]>([
    ["unknown", "- nothing tags or lists it"],
    [48, "- nothing tags or lists it"],
    [1, "changed less than 24 h ago"],
  ])("takes a named manifest with the age %s: %s", (age, expected) => {
    expect(fates({ manifests: { 2: { age } } }, { candidates: [drawnDigest("2")] })).toEqual({ 2: expected });
  });

  it.each([
    [0, "unknown" as const, "- nothing tags or lists it"],
    [0, 0, "- nothing tags or lists it"],
    [7 * day, 48, "changed less than 7 days ago"],
    [1.5 * hour, 1, "changed less than 1.5 h ago"],
  ])("takes a least age of %i ms", (minAge, age, expected) => {
    expect(fates({ manifests: { 2: { age } } }, { minAge })).toEqual({ 2: expected });
  });

  it("names the rule by which each stays", () => {
    const drawing: Drawing = {
      tags: { latest: "1" },
      manifests: { 1: { lists: "a" }, a: {}, 2: {}, 3: { age: 1 }, 4: {}, 5: {} },
    };
    const { kept } = planCleanup(draw(drawing), {
      ...policy,
      keep: [drawnDigest("2")],
      candidates: ["3", "5"].map(drawnDigest),
    });
    expect(Object.fromEntries(kept.map(({ digest, rule }) => [drawnName(digest), rule]))).toEqual({
      1: "tagged",
      a: "needed",
      2: "keep-list",
      3: "young",
      4: "not-named",
    });
  });

  it("names the tags of what stays and of what goes", () => {
    const { kept, removable } = planCleanup(
      draw({
        tags: { a: "1", b: "1", [drawnReferrersTag("3", ".sig")]: "2" },
        manifests: { 1: {}, 2: {}, 3: {} },
      }),
      policy,
    );
    expect([kept, removable]).toMatchObject([
      [{ tags: ["a", "b"] }],
      [{ tags: [drawnReferrersTag("3", ".sig")] }, { tags: [] }],
    ]);
  });
});
