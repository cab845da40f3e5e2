import { describe, expect, it } from "vitest";
import { reportSize } from "../../src/ci-image/size.js";
import { reportVerification, type Verification } from "../../src/ci-image/verification.js";
import { parseSettings } from "../../src/config.js";
import { VerificationError } from "../../src/errors.js";

const go = { name: "Go", expected: "1.25.5", found: "1.25.5", ok: true };
const mise = {
  name: "mise",
  expected: "2026.9.15",
  found: 'exit code 1: exec: "mise" | not found',
  ok: false,
};

function verification(platform: string, checks: Verification["checks"], bytes = 400_000_000): Verification {
  const layers = [{ digest: "sha256:0", group: "base" as const, pulled: 100_000_000, uncompressed: bytes }];
  const settings = { ...parseSettings(undefined).ciImage.size, baselineMegabytes: 807, minReduction: 0.3 };
  return {
    platform,
    checks,
    size: reportSize({ layers, config: 0, tools: [], isForeign: false, hasOtherGo: false }, settings, {
      bytes: 300_000_000,
    }),
  };
}

describe("reportVerification", () => {
  it("reports the size where nothing is asked of it", () => {
    const layers = [{ digest: "sha256:0", group: "base" as const, pulled: 1, uncompressed: 900_000_000 }];
    const settings = parseSettings(undefined).ciImage.size;
    const size = reportSize({ layers, config: 0, tools: [], isForeign: true, hasOtherGo: false }, settings, {
      bytes: 1,
    });
    const { markdown } = reportVerification([{ platform: "linux/amd64", checks: [go], size }]);
    expect(markdown).toMatch(/^## CI image on linux\/amd64: all 1 checks hold\n/);
    expect(markdown).toContain("- Uncompressed: 900.0 MB, 11.5 % more than 807.0 MB.");
  });

  it("lists every check of every platform, and its sizes", () => {
    const { markdown, data, outputs } = reportVerification([
      verification("linux/amd64", [go]),
      verification("linux/arm64", [go]),
    ]);
    const [amd64, arm64] = markdown.split("\n\n## ");
    expect(amd64).toBe(
      [
        "## CI image on linux/amd64: all 2 checks hold",
        "",
        "| check | expected | found | holds |",
        "|---|---|---|---|",
        "| Go | 1.25.5 | 1.25.5 | yes |",
        "| uncompressed size | at most 564.9 MB, 30 % less than 807.0 MB | 400.0 MB, 50.4 % less | yes |",
        "",
        "| layers | pulled | uncompressed |",
        "|---|---|---|",
        "| base | 100.0 MB | 400.0 MB |",
        "| total | 100.0 MB | 400.0 MB |",
        "",
        "- Uncompressed: 400.0 MB, 50.4 % less than 807.0 MB.",
        "- Base to base: 400.0 MB, 50.4 % less than 807.0 MB.",
        "- With the same tools on both sides: 400.0 MB, 50.4 % less than 807.0 MB.",
        "- Pulled: 100.0 MB, 66.6 % less than the 300.0 MB of golang:1.25.5.",
        "- Goal: 70 % less is 242.1 MB, which is missed by 157.9 MB; in its way: base 400.0 MB.",
      ].join("\n"),
    );
    expect(arm64).toMatch(/^CI image on linux\/arm64: all 2 checks hold\n/);
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(outputs).toEqual({
      PLATFORMS: ["linux/amd64", "linux/arm64"],
      PULL_BYTES: 100_000_000,
      UNCOMPRESSED_BYTES: 400_000_000,
      PULL_BYTES_LINUX_AMD64: 100_000_000,
      UNCOMPRESSED_BYTES_LINUX_AMD64: 400_000_000,
      PULL_BYTES_LINUX_ARM64: 100_000_000,
      UNCOMPRESSED_BYTES_LINUX_ARM64: 400_000_000,
    });
    expect(data).toMatchObject([{ platform: "linux/amd64", ok: true, checks: [go] }, { ok: true }]);
  });

  it.each<[string, Verification[], RegExp]>([
    [
      "a failed check, first in its table",
      [verification("linux/amd64", [go, mise])],
      /^## CI image on linux\/amd64: 1 of 3 checks fail\n\n.*\n.*\n\| mise \| 2026\.9\.15 \| exit code 1: exec: "mise" \\\| not found \| \*\*no\*\* \|\n\| Go /,
    ],
    [
      "a size that misses the threshold",
      [verification("linux/amd64", [go], 564_900_001)],
      /1 of 2 checks fail\n\n.*\n.*\n\| uncompressed size \| at most 564\.9 MB, 30 % less than 807\.0 MB \| 564\.9 MB, 29\.9 % less \| \*\*no\*\* \|/,
    ],
    [
      "one of several platforms",
      [verification("linux/amd64", [go]), verification("linux/arm64", [mise])],
      /linux\/amd64: all 2 checks hold(.|\n)*linux\/arm64: 1 of 2 checks fail/,
    ],
  ])("throws the report for %s", (_, images, message) => {
    const report = () => reportVerification(images);
    expect(report).toThrow(VerificationError);
    expect(report).toThrow(message);
  });
});
