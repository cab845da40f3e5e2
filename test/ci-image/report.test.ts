import { describe, expect, it } from "vitest";
import { reportMise, reportPublication, reportRollback } from "../../src/ci-image/report.js";
import { type Report, ReportFormat, render } from "../../src/report.js";

const digest = `sha256:${"0a".repeat(32)}`;
const other = `sha256:${"0b".repeat(32)}`;
const tag = "2026.9.15-alpine3.23-1a2b3c4d";

const published = (registry: string, changes: object = {}) => ({
  repository: `${registry}/acme/ci`,
  ok: true as const,
  how: "existed" as const,
  digest,
  platforms: ["linux/amd64", "linux/arm64"],
  tag,
  aliases: [{ tag: "latest", from: digest, moved: false }],
  transfer: { blobs: { present: 4, mounted: 1, sent: 2 }, bytesSent: 100, bytesSkipped: 30 },
  milliseconds: 1_234,
  ...changes,
});
const rolledBack = (moved: boolean) => {
  const {
    how: _,
    transfer: __,
    milliseconds: ___,
    ...outcome
  } = published("ghcr.io", { aliases: [{ tag: "latest", moved }] });
  return outcome;
};
const phases = { planning: 1_000, publishing: 2_500, build: 60_040 };
const agreed = [`TAG=${tag}`, `DIGEST=${digest}`];

describe("the variables of a report", () => {
  it.each<[string, () => Report, string[]]>([
    [
      "mise",
      () =>
        reportMise({ version: "2026.9.15", source: "mise.jdx.dev", notes: ["github: the host is unknown."] }),
      ["MISE_VERSION=2026.9.15", "MISE_SOURCE=mise.jdx.dev"],
    ],
    [
      "an image that existed",
      () => reportPublication([published("ghcr.io")], [], phases),
      [
        "CHANGED=false",
        ...agreed,
        `IMAGE=ghcr.io/acme/ci@${digest}`,
        "PLATFORMS=linux/amd64,linux/arm64",
        `TAG_GHCR_IO=${tag}`,
        `DIGEST_GHCR_IO=${digest}`,
        `IMAGE_GHCR_IO=ghcr.io/acme/ci@${digest}`,
        "PLATFORMS_GHCR_IO=linux/amd64,linux/arm64",
        "BYTES_SENT=100",
        "BYTES_SKIPPED=30",
        "BLOBS_SENT=2",
        "BLOBS_SKIPPED=5",
        "DURATION_MS=63540",
      ],
    ],
    [
      "different builds",
      () =>
        reportPublication(
          [published("a.io"), published("b.io", { digest: other, how: "pushed" })],
          [],
          phases,
        ),
      [
        "CHANGED=true",
        `TAG=${tag}`,
        "PLATFORMS=linux/amd64,linux/arm64",
        `TAG_A_IO=${tag}`,
        `DIGEST_A_IO=${digest}`,
        `IMAGE_A_IO=a.io/acme/ci@${digest}`,
        "PLATFORMS_A_IO=linux/amd64,linux/arm64",
        `TAG_B_IO=${tag}`,
        `DIGEST_B_IO=${other}`,
        `IMAGE_B_IO=b.io/acme/ci@${other}`,
        "PLATFORMS_B_IO=linux/amd64,linux/arm64",
        "BYTES_SENT=200",
        "BYTES_SKIPPED=60",
        "BLOBS_SENT=4",
        "BLOBS_SKIPPED=10",
        "DURATION_MS=63540",
      ],
    ],
    [
      "an image that existed, with an alias that moved",
      () =>
        reportPublication([published("ghcr.io", { aliases: [{ tag: "latest", moved: true }] })], [], phases),
      expect.arrayContaining(["CHANGED=true", ...agreed]),
    ],
    [
      "a rollback",
      () => reportRollback([rolledBack(true)]),
      expect.arrayContaining(["CHANGED=true", ...agreed]),
    ],
    [
      "a rollback that was done before",
      () => reportRollback([rolledBack(false)]),
      expect.arrayContaining(["CHANGED=false", ...agreed]),
    ],
  ])("on %s", (_, report, lines) => {
    expect(render(report(), ReportFormat.Dotenv).trimEnd().split("\n")).toEqual(lines);
  });
});

describe("reportPublication", () => {
  it("says what was sent, how long it took, and where builds differ", () => {
    const outcomes = [published("a.io", { how: "pushed" }), published("b.io", { digest: other })];
    const { markdown, data } = reportPublication(outcomes, [], phases);
    expect(markdown).toBe(
      [
        "| repository | image | took | tag | digest | platforms | aliases |",
        "|---|---|---|---|---|---|---|",
        `| a.io/acme/ci | pushed, 0.0 MB sent, 0.0 MB there | 1.2 s | ${tag} | ${digest} | linux/amd64, linux/arm64 | latest |`,
        `| b.io/acme/ci | existed | 1.2 s | ${tag} | ${other} | linux/amd64, linux/arm64 | latest |`,
        "",
        "The repositories hold different builds of this image under one tag.",
        "",
        "Took 63.5 s: planning 1.0 s, publishing 2.5 s, build 60.0 s.",
      ].join("\n"),
    );
    expect(data).toEqual({ repositories: outcomes, tools: [], milliseconds: 63_540, phases });
  });

  it("shows the tools beside the image, whose change is one as well", () => {
    const of = (how: "existed" | "pushed") => [
      { name: "mise", outcomes: [published("a.io", { how, tag: "mise-2026.9.15-1a2b3c4d" })] },
    ];
    const { markdown, outputs } = reportPublication([published("a.io")], of("pushed"), phases);
    expect(markdown).toContain(
      `| mise | a.io/acme/ci | pushed, 0.0 MB sent, 0.0 MB there | 1.2 s | mise-2026.9.15-1a2b3c4d | ${digest} |`,
    );
    expect(outputs).toMatchObject({ CHANGED: true, TAG: tag, BYTES_SENT: 200 });
    expect(reportPublication([published("a.io")], of("existed"), phases).outputs.CHANGED).toBe(false);
    const failed = {
      ok: false as const,
      repository: "a.io/acme/ci",
      error: "answered 500.",
      milliseconds: 1,
    };
    expect(() =>
      reportPublication([published("a.io")], [{ name: "mise", outcomes: [failed] }], phases),
    ).toThrow("answered 500.");
  });
});
