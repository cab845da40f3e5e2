import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { VerificationError } from "../../src/errors.js";
import type { Repository } from "../../src/registry/reference.js";
import type { Target } from "../../src/release/plan.js";
import { type ReleaseRollback, rollBackRelease } from "../../src/release/rollback.js";
import { reportReleaseRollback } from "../../src/release/rollback-report.js";
import { ReportFormat, render } from "../../src/report.js";
import type { LatestPolicy } from "../../src/tags/policy.js";
import { makeClient, seed } from "../support/client.js";
import { makeImage } from "../support/image.js";
import {
  describeRequests,
  type ProxiedRegistry,
  startProxiedRegistry,
  writesIn,
} from "../support/proxied-registry.js";
import { makeReleasedImage } from "../support/released-image.js";
import { errorThrownBy } from "../support/thrown.js";

const [earlier, current] = [await makeReleasedImage("earlier"), await makeReleasedImage("current")];
const good = earlier.packed.index.descriptor.digest;
const bad = current.packed.index.descriptor.digest;
const platforms = ["linux/amd64", "linux/arm64"];

let at: ProxiedRegistry;
const name = ({ registry, path }: Repository) => `${registry}/${path}`;
const requests = () => describeRequests(at.proxy.requests, earlier.packed);

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

/** A repository with 1.2.3, and 1.2.4 to which all that moves points. */
async function published(...moving: string[]): Promise<Repository> {
  const repository = at.repository();
  await seed(at.direct(repository), earlier.packed, "1.2.3");
  await seed(at.direct(repository), current.packed, "1.2.4", ...moving);
  return repository;
}

const to = (repository: Repository, latest: LatestPolicy = "highest"): Target => ({ repository, latest });

function rollingBack(
  targets: readonly Target[],
  { release = {}, ...changes }: Partial<ReleaseRollback> & { release?: object } = {},
) {
  const settings = { tags: ["{version}", "{major}.{minor}", "{major}"], ...release };
  const rules = parseSettings(JSON.stringify({ release: settings })).release;
  return rollBackRelease({
    client: makeClient(),
    images: [{ targets, rules }],
    tag: "v1.2.3",
    tags: [],
    ...changes,
  });
}

describe("rollBackRelease", () => {
  it("moves all that moves with the version by one PUT each, latest last, and says what comes next", async () => {
    const repository = await published("1.2", "1", "latest");
    const higher =
      "1.2.4 is published, and higher: releasing that again moves it on, or a higher version; releasing 1.2.3 again leaves it here";
    expect(await rollingBack([to(repository)])).toEqual([
      {
        repository: name(repository),
        ok: true,
        tag: "1.2.3",
        digest: good,
        platforms,
        aliases: ["1.2", "1", "latest"].map((tag) => ({ tag, from: bad, moved: true })),
        absent: [],
        next: ["1.2", "1", "latest"].map((tag) => ({ tag, next: higher })),
      },
    ]);
    expect(writesIn(requests())).toEqual(["PUT 1.2", "PUT 1", "PUT latest"]);
    for (const tag of ["1.2.3", "1.2", "1", "latest"]) expect(await at.tagged(repository, tag)).toBe(good);
    expect(await at.tagged(repository, "1.2.4")).toBe(bad);
  });

  it("reads the image back to the last blob before any tag moves", async () => {
    const repository = await published("latest");
    const layer = earlier.packed.variants[1]?.manifest.layers[0]?.digest ?? "";
    at.proxy.setFault(({ path }) => (path.endsWith(layer) ? { kind: "answer", status: 404 } : undefined));
    expect(await rollingBack([to(repository)])).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: expect.stringContaining(`${name(repository)}:1.2.3 is not whole: layer ${layer} is missing`),
      },
    ]);
    expect(writesIn(requests())).toEqual([]);
  });

  it("moves only what is named, and creates nothing", async () => {
    const repository = await published("1.2", "latest");
    expect(await rollingBack([to(repository)], { tags: ["1", "1.2"] })).toMatchObject([
      { aliases: [{ tag: "1.2", moved: true }], absent: ["1"], next: [{ tag: "1.2" }] },
    ]);
    expect(await at.tagged(repository, "latest")).toBe(bad);
    expect(await at.tags(repository)).toEqual(["1.2", "1.2.3", "1.2.4", "latest"]);
  });

  it("takes no listed tag for absent: a 404 that passes is asked again, and one that stays moves nothing", async () => {
    const repository = await published("1.2", "latest");
    const answering404 = (times: number) => {
      let left = times;
      at.proxy.setFault(({ method, path }) =>
        method === "HEAD" && path.endsWith("/manifests/latest") && left-- > 0
          ? { kind: "answer", status: 404 }
          : undefined,
      );
    };
    answering404(Number.POSITIVE_INFINITY);
    expect(await rollingBack([to(repository)])).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: expect.stringContaining(
          `${name(repository)}:latest: the registry lists the tag and answers 404 for it`,
        ),
      },
    ]);
    expect(writesIn(requests())).toEqual([]);
    answering404(1);
    expect(await rollingBack([to(repository)])).toMatchObject([
      { aliases: [{ tag: "1.2" }, { tag: "latest", from: bad, moved: true }], absent: ["1"] },
    ]);
    expect(await at.tagged(repository, "latest")).toBe(good);
  });

  it("writes nothing the second time", async () => {
    const repository = await published("latest");
    await rollingBack([to(repository)]);
    at.proxy.clear();
    expect(await rollingBack([to(repository)])).toMatchObject([
      { aliases: [{ tag: "latest", moved: false }] },
    ]);
    expect(writesIn(requests())).toEqual([]);
  });

  it("takes the tags of single platforms along", async () => {
    const repository = await published("1.2", "latest");
    for (const tag of ["1.2-amd64", "1.2-arm64", "latest-amd64"])
      await makeClient().putManifest(at.direct(repository), tag, current.packed.index);
    const release = { tags: ["{version}", "{major}.{minor}", "{major}.{minor}-{arch}", "latest-{arch}"] };
    expect(await rollingBack([to(repository)], { release })).toMatchObject([{ absent: ["latest-arm64"] }]);
    expect(writesIn(requests())).toEqual([
      "PUT 1.2-amd64",
      "PUT 1.2-arm64",
      "PUT latest-amd64",
      "PUT 1.2",
      "PUT latest",
    ]);
    const [amd64, arm64] = earlier.packed.variants.map(({ descriptor }) => descriptor.digest);
    expect(await at.tagged(repository, "1.2-amd64")).toBe(amd64);
    expect(await at.tagged(repository, "1.2-arm64")).toBe(arm64);
  });

  it("leaves latest alone where it follows nothing, and knows what a push to main does", async () => {
    const [without, main] = [await published("1.2", "latest"), await published("1.2", "latest")];
    expect(await rollingBack([to(without, "none"), to(main, "main")])).toMatchObject([
      { aliases: [{ tag: "1.2" }] },
      {
        aliases: [{ tag: "1.2" }, { tag: "latest" }],
        next: [{ tag: "1.2" }, { tag: "latest", next: "the next push to main moves it on" }],
      },
    ]);
    expect(await at.tagged(without, "latest")).toBe(bad);
  });

  it("keeps what somebody else left under a tag", async () => {
    const repository = await published();
    const foreign = makeImage();
    await seed(at.direct(repository), foreign, "latest");
    const kept = `latest-kept-${foreign.index.descriptor.digest.slice(7, 19)}`;
    expect(await rollingBack([to(repository)])).toMatchObject([{ aliases: [{ kept }] }]);
    expect(await at.tagged(repository, kept)).toBe(foreign.index.descriptor.digest);
  });

  it("serves the other repositories where one lacks the version", async () => {
    const lacking = at.repository();
    await seed(at.direct(lacking), current.packed, "1.2.4", "latest");
    const having = await published("latest");
    const outcomes = await rollingBack([to(lacking), to(having)]);
    expect(outcomes).toMatchObject([
      {
        ok: false,
        error: `${name(lacking)}:1.2.3: does not exist (404). List the repository's tags for what does.`,
      },
      { ok: true },
    ]);
    const error = await errorThrownBy(async () => reportReleaseRollback(outcomes));
    expect(error).toBeInstanceOf(VerificationError);
    expect(String(error)).toContain(`| ${name(having)} | 1.2.3 | ${good} |`);
  });

  it.each([
    ["v1.2.3-rc.1", [], "--tag: expected the tag of a published stable version"],
    ["v1.2.3", ["1.1"], "--tags: expected tags that 1.2.3 sets and that move"],
  ])("refuses %s with %j before any request", async (tag, tags, message) => {
    await expect(rollingBack([to(at.repository())], { tag, tags })).rejects.toThrow(message);
    expect(at.proxy.requests).toEqual([]);
  });
});

it("reportReleaseRollback says where the tags are, and what moves them on", () => {
  const outcome = {
    repository: "ghcr.io/acme/app",
    ok: true as const,
    tag: "1.2.3",
    digest: good,
    platforms,
    aliases: [
      { tag: "1.2", from: good, moved: false },
      { tag: "latest", from: bad, moved: true, kept: "latest-kept-0123456789ab" },
    ],
    absent: ["1"],
    next: [{ tag: "latest", next: "the next push to main moves it on" }],
  };
  const report = reportReleaseRollback([outcome]);
  expect(report.markdown).toBe(
    [
      "| repository | version | digest | platforms | tags | absent |",
      "|---|---|---|---|---|---|",
      `| ghcr.io/acme/app | 1.2.3 | ${good} | linux/amd64, linux/arm64 | 1.2, latest moved (was kept as latest-kept-0123456789ab) | 1 |`,
      "",
      "| repository | tag | what comes next |",
      "|---|---|---|",
      "| ghcr.io/acme/app | latest | the next push to main moves it on |",
    ].join("\n"),
  );
  expect(report.data).toEqual([outcome]);
  expect(render(report, ReportFormat.Dotenv).split("\n")).toEqual([
    "CHANGED=true",
    "TAG=1.2.3",
    `DIGEST=${good}`,
    `IMAGE=ghcr.io/acme/app@${good}`,
    "PLATFORMS=linux/amd64,linux/arm64",
    "TAG_GHCR_IO=1.2.3",
    `DIGEST_GHCR_IO=${good}`,
    `IMAGE_GHCR_IO=ghcr.io/acme/app@${good}`,
    "PLATFORMS_GHCR_IO=linux/amd64,linux/arm64",
    "",
  ]);
});
