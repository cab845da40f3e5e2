import { describe, expect, it } from "vitest";
import type { PublishedRelease, ReleaseOutcome, TagOutcome } from "../../src/release/publish.js";
import { readRef } from "../../src/release/ref.js";
import { reportPlan, reportRelease } from "../../src/release/report.js";
import { ReportFormat, render } from "../../src/report.js";

const digest = `sha256:${"0a".repeat(32)}`;
const image = { "linux/amd64": "sha256:a" };
const trigger = (ref: string) => readRef(ref, { mainBranch: "main", preRelease: false });
const why = "v1.2.3 publishes its version";
const create: TagOutcome = { tag: "1.2.3", action: "create", why };
const there: TagOutcome = { tag: "1.2.3", action: "leave", current: digest, why };
const notMeant: TagOutcome = { tag: "latest", action: "leave", why: "latest follows the main branch" };

const published = (registry: string, changes: Partial<PublishedRelease> = {}): PublishedRelease => ({
  repository: `${registry}/acme/app`,
  ok: true,
  how: "pushed",
  digest,
  platforms: ["linux/amd64"],
  tags: [create, notMeant],
  ...changes,
});
const own = (name: string, registry: string, tags: string) => [
  `DIGEST${name}=${digest}`,
  `IMAGE${name}=${registry}/acme/app@${digest}`,
  `TAGS${name}=${tags}`,
  `PLATFORMS${name}=linux/amd64`,
];

describe("the variables of a release", () => {
  it.each<[string, string, ReleaseOutcome[], string[]]>([
    [
      "that was pushed",
      "refs/tags/v1.2.3",
      [published("ghcr.io")],
      [
        "VERSION=1.2.3",
        "CHANGED=true",
        ...own("", "ghcr.io", "1.2.3"),
        ...own("_GHCR_IO", "ghcr.io", "1.2.3"),
      ],
    ],
    [
      "that was there",
      "refs/tags/v1.2.3",
      [published("ghcr.io", { how: "existed", tags: [there, notMeant] })],
      [
        "VERSION=1.2.3",
        "CHANGED=false",
        ...own("", "ghcr.io", "1.2.3"),
        ...own("_GHCR_IO", "ghcr.io", "1.2.3"),
      ],
    ],
    [
      "that was there under another tag, in one of two registries",
      "refs/tags/v1.2.3",
      [
        published("a.io", { how: "existed", tags: [there, { ...notMeant, action: "move" }] }),
        published("b.io", { how: "existed", tags: [there] }),
      ],
      [
        "VERSION=1.2.3",
        "CHANGED=true",
        `DIGEST=${digest}`,
        "PLATFORMS=linux/amd64",
        ...own("_A_IO", "a.io", "1.2.3,latest"),
        ...own("_B_IO", "b.io", "1.2.3"),
      ],
    ],
    [
      "of a branch",
      "refs/heads/feature",
      [{ repository: "ghcr.io/acme/app", ok: true, how: "not published", tags: [] }],
      ["CHANGED=false"],
    ],
  ])("%s", (_, ref, outcomes, lines) => {
    const report = reportRelease(trigger(ref), image, outcomes);
    expect(render(report, ReportFormat.Dotenv).trimEnd().split("\n")).toEqual(lines);
  });

  it("are under GitLab's limits for ten repositories: 50 variables, 5 KiB", () => {
    const outcomes = Array.from({ length: 10 }, (_, at) => published(`registry-${at}.example.com`));
    const text = render(reportRelease(trigger("refs/tags/v1.2.3"), image, outcomes), ReportFormat.Dotenv);
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(50);
    expect(text.length).toBeLessThan(5120);
  });
});

describe("the variables of a plan", () => {
  it.each<[string, string, TagOutcome[], string[]]>([
    [
      "to publish",
      "refs/tags/v1.2.3",
      [create, notMeant],
      ["VERSION=1.2.3", "PUBLISH=true", "TAGS=1.2.3", "TAGS_GHCR_IO=1.2.3"],
    ],
    ["that changes nothing", "refs/tags/v1.2.3", [there, notMeant], ["VERSION=1.2.3", "PUBLISH=false"]],
    ["for a branch", "refs/heads/feature", [], ["PUBLISH=false"]],
  ])("%s", (_, ref, tags, lines) => {
    const repositories = [
      { repository: "ghcr.io/acme/app", ok: true as const, latest: "main" as const, tags },
    ];
    const report = reportPlan({ trigger: trigger(ref), repositories });
    expect(render(report, ReportFormat.Dotenv).trimEnd().split("\n")).toEqual(lines);
  });
});
