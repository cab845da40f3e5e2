import { describe, expect, it } from "vitest";
import type { Timed } from "../../src/phases.js";
import type { PublishedRelease, ReleaseOutcome, TagOutcome } from "../../src/release/publish.js";
import { reportPlan, reportRelease } from "../../src/release/report.js";
import { ReportFormat, render } from "../../src/report.js";
import { readRef } from "../../src/tags/ref.js";

const digest = `sha256:${"0a".repeat(32)}`;
const origin = "slipway";
const image = { "linux/amd64": "sha256:a" };
const trigger = (ref: string) => readRef(ref, { mainBranch: "main", preRelease: false });
const why = "v1.2.3 publishes its version";
const create: TagOutcome = { tag: "1.2.3", moves: false, action: "create", why };
const there: TagOutcome = { tag: "1.2.3", moves: false, action: "leave", current: digest, why };
const notMeant: TagOutcome = {
  tag: "latest",
  moves: true,
  action: "leave",
  why: "latest follows the main branch",
};

const published = (registry: string, changes: Partial<PublishedRelease> = {}): Timed<PublishedRelease> => ({
  repository: `${registry}/acme/app`,
  ok: true,
  how: "pushed",
  digest,
  platforms: ["linux/amd64"],
  tags: [create, notMeant],
  transfer: { blobs: { present: 1, mounted: 0, sent: 3 }, bytesSent: 100, bytesSkipped: 30 },
  milliseconds: 1_234,
  ...changes,
});
const phases = { checks: 300, assembly: 40, publishing: 1_300 };
const transferred = (times: number) => [
  `BYTES_SENT=${100 * times}`,
  `BYTES_SKIPPED=${30 * times}`,
  `BLOBS_SENT=${3 * times}`,
  `BLOBS_SKIPPED=${times}`,
];
const took = "DURATION_MS=1640";
const own = (name: string, registry: string, tags: string) => [
  `DIGEST${name}=${digest}`,
  `IMAGE${name}=${registry}/acme/app@${digest}`,
  `TAGS${name}=${tags}`,
  `PLATFORMS${name}=linux/amd64`,
];

describe("the variables of a release", () => {
  it.each<[string, string, Timed<ReleaseOutcome>[], string[]]>([
    [
      "that was pushed",
      "refs/tags/v1.2.3",
      [published("ghcr.io")],
      [
        "VERSION=1.2.3",
        "CHANGED=true",
        ...transferred(1),
        ...own("", "ghcr.io", "1.2.3"),
        ...own("_GHCR_IO", "ghcr.io", "1.2.3"),
        took,
      ],
    ],
    [
      "that was there",
      "refs/tags/v1.2.3",
      [published("ghcr.io", { how: "existed", tags: [there, notMeant] })],
      [
        "VERSION=1.2.3",
        "CHANGED=false",
        ...transferred(1),
        ...own("", "ghcr.io", "1.2.3"),
        ...own("_GHCR_IO", "ghcr.io", "1.2.3"),
        took,
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
        ...transferred(2),
        `DIGEST=${digest}`,
        "PLATFORMS=linux/amd64",
        ...own("_A_IO", "a.io", "1.2.3,latest"),
        ...own("_B_IO", "b.io", "1.2.3"),
        took,
      ],
    ],
    [
      "of a branch",
      "refs/heads/feature",
      [{ repository: "ghcr.io/acme/app", ok: true, how: "not published", tags: [], milliseconds: 0 }],
      ["CHANGED=false", ...transferred(0), took],
    ],
  ])("%s", (_, ref, outcomes, lines) => {
    const report = reportRelease([{ trigger: trigger(ref), image, origin, remarks: [], outcomes }], phases);
    expect(render(report, ReportFormat.Dotenv).trimEnd().split("\n")).toEqual(lines);
  });

  it("stand beside a line that says how long its parts took", () => {
    const released = { trigger: trigger("refs/tags/v1.2.3"), image, origin, remarks: [] } as const;
    const { markdown } = reportRelease([{ ...released, outcomes: [published("ghcr.io")] }], phases);
    expect(markdown).toContain("\n| ghcr.io/acme/app | pushed, 0.0 MB sent, 0.0 MB there | 1.2 s | sha256:");
    expect(markdown).toMatch(/\n\nTook 1\.6 s: checks 0\.3 s, assembly 0\.0 s, publishing 1\.3 s\.$/);
  });

  it("stand beside what is to be known of the image", () => {
    const built = {
      trigger: trigger("refs/tags/v1.2.3"),
      image,
      origin,
      remarks: ["One.", "Another."],
    } as const;
    const { markdown, data } = reportRelease([{ ...built, outcomes: [published("ghcr.io")] }], phases);
    expect(markdown).toContain("| linux/amd64 | sha256:a |\n\n- One.\n- Another.\n\nTook ");
    expect(data).toMatchObject({ images: [{ remarks: ["One.", "Another."] }] });
  });

  it("are under GitLab's limits for ten repositories: 50 variables, 5 KiB", () => {
    const outcomes = Array.from({ length: 10 }, (_, at) => published(`registry-${at}.example.com`));
    const text = render(
      reportRelease([{ trigger: trigger("refs/tags/v1.2.3"), image, origin, remarks: [], outcomes }], phases),
      ReportFormat.Dotenv,
    );
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
    const report = reportPlan([{ trigger: trigger(ref), repositories }]);
    expect(render(report, ReportFormat.Dotenv).trimEnd().split("\n")).toEqual(lines);
  });
});
