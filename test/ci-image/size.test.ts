import { describe, expect, it } from "vitest";
import type { LayerSize } from "../../src/ci-image/layers.js";
import { type BaselinePull, pullSize, renderSize, reportSize } from "../../src/ci-image/size.js";
import { parseSettings } from "../../src/config.js";

const layer = (group: LayerSize["group"], pulled: number, uncompressed: number): LayerSize => ({
  digest: `sha256:${"0".repeat(64)}`,
  group,
  pulled,
  uncompressed,
});
// A CI image of stand-ins as it was measured.
const measured = {
  layers: [
    layer("base", 16_498_735, 35_993_600),
    layer("base", 68_006_342, 198_133_760),
    layer("packages", 138_224, 261_632),
    layer("mise", 52_459_303, 151_155_200),
    layer("tools", 39_716_223, 119_754_752),
    layer("other", 92, 1_536),
  ],
  config: 4_450,
  tools: [],
  isForeign: false,
  hasOtherGo: false,
};
const debian: BaselinePull = { bytes: 305_264_123 };
const settings = {
  ...parseSettings(undefined).ciImage.size,
  baselineMegabytes: 807,
  minReduction: 0.3,
  goalReduction: 0.7,
};
const ofBytes = (uncompressed: number) => ({
  layers: [layer("base", 1, uncompressed)],
  config: 1,
  tools: [],
  isForeign: false,
  hasOtherGo: false,
});
// The same with its tools beside it.
const slim = {
  layers: measured.layers.filter(({ group }) => group !== "mise" && group !== "tools"),
  config: 2_000,
  isForeign: false,
  hasOtherGo: false,
  tools: [
    { name: "mise", pulled: 52_459_303, uncompressed: 151_155_200 },
    { name: "golangci-lint", pulled: 14_400_000, uncompressed: 39_000_000 },
    { name: "goreleaser", pulled: 25_300_000, uncompressed: 80_500_000 },
    { name: "ginkgo", pulled: 3_000_000, uncompressed: 9_000_000 },
  ],
};

describe("reportSize", () => {
  it("adds up groups and the whole; the configuration is pulled, too", () => {
    const { groups, total } = reportSize(measured, settings, debian);
    expect(groups).toEqual([
      { group: "base", pulled: 84_505_077, uncompressed: 234_127_360 },
      { group: "packages", pulled: 138_224, uncompressed: 261_632 },
      { group: "mise", pulled: 52_459_303, uncompressed: 151_155_200 },
      { group: "tools", pulled: 39_716_223, uncompressed: 119_754_752 },
      { group: "other", pulled: 92, uncompressed: 1_536 },
    ]);
    expect(total).toEqual({ pulled: 176_823_369, uncompressed: 505_300_480 });
  });

  it("leaves out groups without layers", () => {
    expect(reportSize(ofBytes(5), settings, debian).groups.map(({ group }) => group)).toEqual(["base"]);
  });

  it("compares each size with its like", () => {
    const { uncompressed, pulled } = reportSize(measured, settings, debian);
    expect(uncompressed).toEqual({
      bytes: 505_300_480,
      baseline: 807_000_000,
      reduction: 1 - 505_300_480 / 807_000_000,
    });
    expect(pulled).toEqual({
      bytes: 176_823_369,
      baseline: 305_264_123,
      reduction: 1 - 176_823_369 / 305_264_123,
    });
  });

  it("compares the bases, and the whole with the same tools on both sides, wherever they lie", () => {
    const tools = 151_155_200 + 119_754_752;
    const { base, equipped } = reportSize(measured, settings, debian);
    expect(base).toMatchObject({ bytes: 234_127_360, baseline: 807_000_000 });
    expect(equipped).toMatchObject({ bytes: 505_300_480, baseline: 807_000_000 + tools, tools });
    const beside = reportSize(slim, settings, debian).equipped;
    expect(beside.tools).toBe(151_155_200 + 39_000_000 + 80_500_000 + 9_000_000);
    expect(beside.bytes).toBe(234_390_528 + beside.tools);
    expect(beside.baseline).toBe(807_000_000 + beside.tools);
  });

  it("says what each job pulls: the image with the tools that it calls, and run with all of them", () => {
    const image = 84_643_393 + 2_000;
    expect(reportSize(slim, settings, debian).jobs).toEqual([
      { job: "test", tools: [], pulled: image },
      { job: "lint", tools: ["golangci-lint"], pulled: image + 14_400_000 },
      { job: "build", tools: ["goreleaser"], pulled: image + 25_300_000 },
      { job: "ci", tools: ["golangci-lint", "goreleaser"], pulled: image + 39_700_000 },
      {
        job: "run",
        tools: ["mise", "golangci-lint", "goreleaser", "ginkgo"],
        pulled: image + 95_159_303,
      },
    ]);
    expect(reportSize(measured, settings, debian).jobs).toEqual([]);
  });

  it.each([
    ["70 % where its tools are beside it", slim, undefined, 242_100_000],
    ["65 % with another Go", { ...slim, hasOtherGo: true }, undefined, 282_450_000],
    ["30 % where they are inside", measured, undefined, 564_900_000],
    ["what the settings say", slim, 0.5, 403_500_000],
  ])("holds the image to %s", (_, image, minReduction, limit) => {
    const { check } = reportSize(image, { ...settings, minReduction }, debian);
    expect(check?.expected).toContain(`at most ${(limit / 1e6).toFixed(1)} MB`);
    expect(check?.ok).toBe(true);
    const larger = { ...image, layers: [...image.layers, layer("other", 0, limit)] };
    expect(reportSize(larger, { ...settings, minReduction }, debian).check?.ok).toBe(false);
  });

  it("holds an image of a project's own Dockerfile to what its settings say, and to nothing else", () => {
    const foreign = { ...ofBytes(900_000_000), isForeign: true, hasOtherGo: false };
    expect(reportSize(foreign, { ...settings, minReduction: undefined }, debian).check).toBeUndefined();
    expect(reportSize(foreign, { ...settings, minReduction: 0.3 }, debian).check?.ok).toBe(false);
  });

  it("does not compare with what could not be read", () => {
    const unread = { unread: "docker.io/library/golang: answered 429." };
    expect(reportSize(measured, settings, unread).pulled).toEqual(unread);
  });

  it.each([
    ["exactly the threshold", 484_200_000, 0.4, true],
    ["one byte more", 484_200_001, 0.4, false],
    ["no threshold", 807_000_000, 0, true],
    ["larger than the baseline", 807_000_001, 0, false],
    ["all of it", 1, 1, false],
  ])("%s", (_, bytes, minReduction, ok) => {
    expect(reportSize(ofBytes(bytes), { ...settings, minReduction }, debian).check?.ok).toBe(ok);
  });

  it.each([
    [
      { minReduction: 0.3 },
      { expected: "at most 564.9 MB, 30 % less than 807.0 MB", found: "505.3 MB, 37.3 % less", ok: true },
    ],
    [
      { minReduction: 0.374 },
      { expected: "at most 505.2 MB, 37.4 % less than 807.0 MB", found: "505.3 MB, 37.3 % less", ok: false },
    ],
    [
      { baselineMegabytes: 400 },
      { expected: "at most 280.0 MB, 30 % less than 400.0 MB", found: "505.3 MB, 26.3 % more", ok: false },
    ],
  ])("checks %j", (changed, check) => {
    expect(reportSize(measured, { ...settings, ...changed }, debian).check).toMatchObject(check);
  });

  it.each([
    ["reached", 1, 0, []],
    ["in the way: one group", 0.5, 101_800_480, ["base"]],
    ["in the way: the fewest, largest first", 0.7, 263_200_480, ["base", "mise"]],
    ["in the way: all that has a size worth it", 0.99, 497_230_480, ["base", "mise", "tools"]],
  ])("names what is %s", (_, goalReduction, excess, groups) => {
    const image = goalReduction === 1 ? ofBytes(0) : measured;
    const { goal } = reportSize(image, { ...settings, goalReduction }, debian);
    expect(goal.excess).toBe(excess);
    expect(goal.obstacles.map(({ group }) => group)).toEqual(groups);
  });
});

describe("renderSize", () => {
  it("shows groups, comparisons and what is in the way of the goal", () => {
    expect(renderSize(reportSize(measured, settings, debian))).toBe(
      [
        "| layers | pulled | uncompressed |",
        "|---|---|---|",
        "| base | 84.5 MB | 234.1 MB |",
        "| packages | 0.1 MB | 0.3 MB |",
        "| mise | 52.5 MB | 151.2 MB |",
        "| tools | 39.7 MB | 119.8 MB |",
        "| other | 0.0 MB | 0.0 MB |",
        "| total | 176.8 MB | 505.3 MB |",
        "",
        "- Uncompressed: 505.3 MB, 37.3 % less than 807.0 MB.",
        "- Base to base: 234.1 MB, 70.9 % less than 807.0 MB.",
        "- With the same tools on both sides: 234.4 MB + 270.9 MB = 505.3 MB, 53.1 % less than 807.0 MB + 270.9 MB = 1077.9 MB.",
        "- Pulled: 176.8 MB, 42 % less than the 305.3 MB of golang:1.25.5.",
        "- Goal: 70 % less is 242.1 MB, which is missed by 263.2 MB; in its way: base 234.1 MB, mise 151.2 MB.",
      ].join("\n"),
    );
  });

  it("says what was not compared, and why", () => {
    const text = renderSize(reportSize(measured, settings, { unread: "golang: answered 429." }));
    expect(text).toContain("- Pulled: 176.8 MB, not compared with golang:1.25.5: golang: answered 429.");
  });

  it("says when the goal is reached", () => {
    const text = renderSize(reportSize(ofBytes(242_100_000), settings, debian));
    expect(text).toContain("- Goal: 70 % less is 242.1 MB, which is reached.");
  });
});

describe("pullSize", () => {
  it("is the configuration and every layer", () => {
    const blob = (size: number) => ({ mediaType: "x", digest: "y", size });
    expect(pullSize({ config: blob(1), layers: [blob(20), blob(300)] })).toBe(321);
  });
});
