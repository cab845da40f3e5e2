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
  ...changes,
});
const rolledBack = (moved: boolean) => {
  const { how: _, ...outcome } = published("ghcr.io", { aliases: [{ tag: "latest", moved }] });
  return outcome;
};
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
      () => reportPublication([published("ghcr.io")]),
      [
        "CHANGED=false",
        ...agreed,
        `IMAGE=ghcr.io/acme/ci@${digest}`,
        "PLATFORMS=linux/amd64,linux/arm64",
        `TAG_GHCR_IO=${tag}`,
        `DIGEST_GHCR_IO=${digest}`,
        `IMAGE_GHCR_IO=ghcr.io/acme/ci@${digest}`,
        "PLATFORMS_GHCR_IO=linux/amd64,linux/arm64",
      ],
    ],
    [
      "different builds",
      () => reportPublication([published("a.io"), published("b.io", { digest: other, how: "pushed" })]),
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
      ],
    ],
    [
      "an image that existed, with an alias that moved",
      () => reportPublication([published("ghcr.io", { aliases: [{ tag: "latest", moved: true }] })]),
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
