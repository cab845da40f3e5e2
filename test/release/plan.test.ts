import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { ConflictError, InputError, VerificationError } from "../../src/errors.js";
import type { PublishableImage } from "../../src/oci/source.js";
import { RegistryClient } from "../../src/registry/client.js";
import { pushImage } from "../../src/registry/publish.js";
import { parseRepository } from "../../src/registry/reference.js";
import { moveTag } from "../../src/registry/tag.js";
import { createFetch } from "../../src/registry/transport.js";
import type { Origin } from "../../src/release/built.js";
import { formatImageIds, type ImageIds, imageIdsOf, isSameImage } from "../../src/release/image-ids.js";
import {
  type PlanRequest,
  planRelease,
  planTags,
  type RepositoryPlan,
  releaseTargets,
  type TagPlan,
} from "../../src/release/plan.js";
import type { PublishedTag } from "../../src/release/published.js";
import { reportPlan } from "../../src/release/report.js";
import type { LatestPolicy, TagDecision } from "../../src/tags/policy.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { type RunningRegistry, startRegistry } from "../support/registry.js";
import { makeTagRequest, makeTrigger } from "../support/tag-request.js";
import { makeImage, type TestImage } from "../support/test-image.js";

const repository = parseRepository("ghcr.io/acme/app");
const idsOf = ({ identities }: TestImage) => imageIdsOf(identities);

describe("image IDs", () => {
  const image = idsOf(makeImage());

  it("name the platforms as they are written", () => {
    const platform = { os: "linux", architecture: "arm64", variant: "v8" };
    const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "arm64", rootfs: {} }));
    expect(imageIdsOf([{ platform, imageId: "sha256:a", config }])).toEqual({ "linux/arm64": "sha256:a" });
  });

  it.each<[string, TestImage, boolean]>([
    ["the same content", makeImage(), true],
    ["another order of platforms", makeImage({ platforms: ["linux/arm64", "linux/amd64"] }), true],
    ["another compression", makeImage({ compression: 1 }), true],
    ["other content", makeImage({ content: "other" }), false],
    ["a platform less", makeImage({ platforms: ["linux/amd64"] }), false],
    ["a platform more", makeImage({ platforms: ["linux/amd64", "linux/arm64", "linux/386"] }), false],
  ])("are compared: %s", (_, other, same) => {
    expect(isSameImage(image, idsOf(other))).toBe(same);
  });

  it("differ in the index digest where only the compression differs", () => {
    expect(makeImage({ compression: 1 }).index.descriptor.digest).not.toBe(
      makeImage().index.descriptor.digest,
    );
  });
});

describe("what a tag that moves holds", () => {
  const ids: ImageIds = { "linux/amd64": "sha256:a" };
  const latest: TagDecision = { tag: "latest", moves: true, set: true, why: "it is the highest" };

  it.each<[string, string | undefined, string | undefined, TagPlan["action"]]>([
    ["the same version", "1.2.3", "1.2.3", "leave"],
    ["another version, whose index says so", "1.2.2", "1.2.3", "move"],
    ["no word of a version, as in Docker's media types", undefined, "1.2.3", "leave"],
    ["a version, where a branch is published", "1.2.3", undefined, "leave"],
  ])("with the same image: %s", (_, held, version, action) => {
    const current = { digest: "sha256:x", ids, ...(held === undefined ? {} : { version: held }) };
    const plans = planTags(repository, [latest], new Map([["latest", current]]), { image: ids, version });
    expect(plans).toMatchObject([{ action, current: "sha256:x" }]);
  });
});

describe("planTags", () => {
  const ids: ImageIds = { "linux/amd64": "sha256:a", "linux/arm64": "sha256:b" };
  const others: ImageIds = { "linux/amd64": "sha256:a", "linux/arm64": "sha256:c" };
  const version: TagDecision = { tag: "1.2.3", moves: false, set: true, why: "v1.2.3 publishes its version" };
  const latest: TagDecision = { tag: "latest", moves: true, set: true, why: "latest follows main" };
  const unreadable = { digest: "sha256:x", unreadable: "its manifest sha256:y is missing" };

  it.each<
    [string, TagDecision, PublishedTag | undefined, ImageIds | undefined, Omit<TagPlan, "tag" | "moves">]
  >([
    ["a new version", version, undefined, ids, { action: "create", why: version.why }],
    [
      "a version that is published",
      version,
      { digest: "sha256:x", ids },
      ids,
      { action: "leave", current: "sha256:x", why: "it holds this image already" },
    ],
    [
      "a published version before anything is assembled",
      version,
      { digest: "sha256:x", ids: others },
      undefined,
      {
        action: "leave",
        current: "sha256:x",
        why: "it exists; publishing compares the image IDs, and overwrites nothing",
      },
    ],
    ["the first latest", latest, undefined, ids, { action: "create", why: latest.why }],
    [
      "another latest",
      latest,
      { digest: "sha256:x", ids: others },
      ids,
      { action: "move", current: "sha256:x", why: latest.why },
    ],
    ["a latest of parts", latest, unreadable, ids, { action: "move", current: "sha256:x", why: latest.why }],
    [
      "the same latest",
      latest,
      { digest: "sha256:x", ids },
      ids,
      { action: "leave", current: "sha256:x", why: "latest follows main, and it holds this image already" },
    ],
    [
      "latest before anything is assembled",
      latest,
      { digest: "sha256:x", ids },
      undefined,
      { action: "move", current: "sha256:x", why: latest.why },
    ],
    [
      "a latest that is not to be set",
      { ...latest, set: false, why: "1.10.0 is published, and higher" },
      { digest: "sha256:x", ids: others },
      ids,
      { action: "leave", why: "1.10.0 is published, and higher" },
    ],
  ])("%s", (_, decision, current, image, expected) => {
    const published = new Map(current === undefined ? [] : [[decision.tag, current]]);
    const built = image === undefined ? {} : { image };
    expect(planTags(repository, [decision], published, built)).toEqual([
      { tag: decision.tag, moves: decision.moves, ...expected },
    ]);
  });

  it.each<[string, PublishedTag, string]>([
    [
      "another image",
      { digest: "sha256:x", ids: others },
      "exists as sha256:x and holds the image linux/amd64 sha256:a, linux/arm64 sha256:c; to be published is linux/amd64 sha256:a, linux/arm64 sha256:b. Nothing was overwritten; pass the same binaries, --revision and --source-date-epoch as then, or publish the change as another version. remove-tag removes a pre-release.",
    ],
    [
      "fewer platforms",
      { digest: "sha256:x", ids: { "linux/amd64": "sha256:a" } },
      "exists as sha256:x and holds the image linux/amd64 sha256:a; to be published is linux/amd64 sha256:a, linux/arm64 sha256:b. Nothing was overwritten; publish it for the platforms that it has, or as another version. remove-tag removes a pre-release.",
    ],
    [
      "no whole image",
      unreadable,
      "exists as sha256:x and holds no whole image (its manifest sha256:y is missing); to be published is linux/amd64 sha256:a, linux/arm64 sha256:b. Nothing was overwritten; pass the same binaries, --revision and --source-date-epoch as then, or publish the change as another version. remove-tag removes a pre-release.",
    ],
  ])("refuses a version that holds %s", (_, current, message) => {
    const plan = () => planTags(repository, [version], new Map([["1.2.3", current]]), { image: ids });
    expect(plan).toThrow(ConflictError);
    expect(plan).toThrow(`ghcr.io/acme/app:1.2.3: ${message}`);
  });
});

it.each<[Origin, string]>([
  [
    "slipway",
    "pass the same binaries, --revision and --source-date-epoch as then, or publish the change as another version",
  ],
  [
    "engine",
    "its inputs changed: the Dockerfile, what it copies, an image that it starts from, a build argument, --revision or --source-date-epoch; go back to those of then, or publish the change as another version",
  ],
  ["archives", "join the archives of the first build, or publish the change as another version"],
])("a version that holds another image than that of %s has its way out", (origin, way) => {
  const current = { digest: "sha256:x", ids: { "linux/amd64": "sha256:a" } };
  const decision = { tag: "1.2.3", moves: false, set: true, why: "" };
  const image = { "linux/amd64": "sha256:b" };
  const plan = () => planTags(repository, [decision], new Map([["1.2.3", current]]), { image, origin });
  expect(plan).toThrow(`Nothing was overwritten; ${way}. remove-tag removes a pre-release.`);
});

describe("planRelease against a registry", () => {
  const image = makeImage();
  let registry: RunningRegistry;
  let proxy: FaultProxy;
  let client: RegistryClient;

  beforeAll(async () => {
    registry = await startRegistry();
    proxy = await startFaultProxy(registry.address);
    const patience = { attempts: 1, baseDelay: 0, maxDelay: 0 };
    client = new RegistryClient({
      fetch: createFetch({ routes: {} }),
      credentials: new Map(),
      plainHttp: [],
      push: [],
      pushRetry: patience,
      readRetry: patience,
    });
  });

  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });

  const at = (path: string) => parseRepository(`${proxy.address}/${path}`);

  async function publish(path: string, published: PublishableImage, ...tags: string[]): Promise<void> {
    await pushImage(client, at(path), published);
    for (const tag of tags) await moveTag(client, at(path), tag, published.index);
  }

  async function plan(path: string, ref: string, latest: LatestPolicy, options: Partial<PlanRequest> = {}) {
    const targets = [{ repository: at(path), latest }];
    const request = { client, targets, tags: makeTagRequest(ref), image: idsOf(image), firstPublish: false };
    const { repositories } = await planRelease({ ...request, ...options });
    return repositories[0];
  }

  const actions = (outcome: RepositoryPlan | undefined) =>
    outcome?.ok ? outcome.tags.map(({ tag, action }) => `${action} ${tag}`) : outcome?.error;

  it.each<[string, LatestPolicy, string[]]>([
    ["refs/heads/main", "main", ["create latest"]],
    ["refs/heads/main", "highest", ["leave latest"]],
    ["refs/tags/v1.2.3", "main", ["create 1.2.3", "leave latest"]],
    ["refs/tags/v1.2.3", "highest", ["create 1.2.3", "create latest"]],
    ["refs/heads/feature", "main", []],
  ])("plans %s into a repository that does not exist, latest follows %s", async (ref, latest, expected) => {
    expect(actions(await plan("plan/new", ref, latest))).toEqual(expected);
  });

  it("changes nothing", async () => {
    await publish("plan/reads", makeImage({ content: "old" }), "1.2.2", "latest");
    proxy.clear();
    expect(actions(await plan("plan/reads", "refs/tags/v1.2.3", "highest"))).toEqual([
      "create 1.2.3",
      "move latest",
    ]);
    expect(new Set(proxy.requests.map(({ method }) => method))).toEqual(new Set(["GET", "HEAD"]));
    expect(proxy.requests.map(({ path }) => path)).not.toContainEqual(
      expect.stringContaining("/blobs/uploads"),
    );
  });

  it("finds a release done, and an interrupted one not", async () => {
    await publish("plan/done", image, "1.2.3");
    expect(actions(await plan("plan/done", "refs/tags/v1.2.3", "highest"))).toEqual([
      "leave 1.2.3",
      "create latest",
    ]);
    await publish("plan/done", image, "latest");
    expect(actions(await plan("plan/done", "refs/tags/v1.2.3", "highest"))).toEqual([
      "leave 1.2.3",
      "leave latest",
    ]);
  });

  it("knows its image again in another compression", async () => {
    await publish("plan/compressed", makeImage({ compression: 1 }), "1.2.3");
    expect(actions(await plan("plan/compressed", "refs/tags/v1.2.3", "main"))).toEqual([
      "leave 1.2.3",
      "leave latest",
    ]);
  });

  it("does not let an older release move latest", async () => {
    await publish("plan/older", makeImage({ content: "newer" }), "1.10.0", "latest");
    expect(actions(await plan("plan/older", "refs/tags/v1.9.1", "highest"))).toEqual([
      "create 1.9.1",
      "leave latest",
    ]);
  });

  it("refuses a version that holds another image, and names both", async () => {
    const other = makeImage({ content: "other" });
    await publish("plan/conflict", other, "1.2.3");
    const outcome = await plan("plan/conflict", "refs/tags/v1.2.3", "main");
    expect(outcome?.ok).toBe(false);
    expect(actions(outcome)).toContain(formatImageIds(idsOf(other)));
    expect(actions(outcome)).toContain(formatImageIds(idsOf(image)));
  });

  it("takes a tag whose parts were deleted for no image, and lets latest move off it", async () => {
    await publish("plan/parts", image, "1.2.3", "latest");
    const [variant] = image.variants;
    await client.deleteManifest(at("plan/parts"), variant?.descriptor.digest ?? "");
    expect(actions(await plan("plan/parts", "refs/tags/v1.2.3", "main"))).toContain("holds no whole image");
    expect(actions(await plan("plan/parts", "refs/heads/main", "main"))).toEqual(["move latest"]);
  });

  it("takes a tag without its configuration for no image, but not one that is not answered for", async () => {
    await publish("plan/blob", image, "1.2.3");
    const answer = (status: number) =>
      proxy.setFault(({ path }) => (path.includes("/blobs/sha256") ? { kind: "answer", status } : undefined));
    answer(404);
    expect(actions(await plan("plan/blob", "refs/tags/v1.2.3", "main"))).toContain("holds no whole image");
    answer(503);
    expect(actions(await plan("plan/blob", "refs/tags/v1.2.3", "main"))).toContain("answered 503");
    proxy.clear();
  });

  it.each<[number, boolean, boolean]>([
    [401, false, false],
    [403, false, false],
    [429, false, false],
    [500, false, false],
    [401, true, true],
    [403, true, true],
    [500, true, false],
  ])("takes a %i for an answer it does not have, first publish %s", async (status, firstPublish, ok) => {
    proxy.setFault(() => ({ kind: "answer", status }));
    const outcome = await plan("plan/unknown", "refs/tags/v1.2.3", "highest", { firstPublish });
    proxy.clear();
    expect(outcome?.ok).toBe(ok);
    expect(actions(outcome)).toEqual(
      ok ? ["create 1.2.3", "create latest"] : expect.stringContaining(`answered ${status}`),
    );
  });

  it("plans the other repositories where one fails", async () => {
    await publish("plan/other", makeImage({ content: "other" }), "1.2.3");
    const targets = ["plan/other", "plan/fresh"].map((path) => ({
      repository: at(path),
      latest: "main" as const,
    }));
    const request = { client, tags: makeTagRequest("refs/tags/v1.2.3"), firstPublish: false };
    const planned = await planRelease({ ...request, targets, image: idsOf(image) });
    expect(planned.repositories.map(({ ok }) => ok)).toEqual([false, true]);

    const report = () => reportPlan([planned]);
    expect(report).toThrow(VerificationError);
    expect(report).toThrow(`${proxy.address}/plan/other:1.2.3: exists as`);
    expect(report).toThrow(`| ${proxy.address}/plan/fresh | 1.2.3 | create |`);
  });
});

describe("reportPlan", () => {
  it("says what, where and why", () => {
    const plan = {
      image: { "linux/amd64": "sha256:a" },
      repositories: [
        {
          repository: "ghcr.io/acme/app",
          ok: true as const,
          latest: "main" as const,
          tags: [
            { tag: "1.2.3", moves: false, action: "create" as const, why: "v1.2.3 publishes its version" },
          ],
        },
      ],
    };
    expect(reportPlan([{ trigger: makeTrigger("refs/tags/v1.2.3"), ...plan }])).toEqual({
      markdown: [
        "Plan for the tag v1.2.3",
        "",
        "| repository | tag | action | holds | why |",
        "|---|---|---|---|---|",
        "| ghcr.io/acme/app | 1.2.3 | create |  | v1.2.3 publishes its version |",
        "",
        "| platform | image ID |",
        "|---|---|",
        "| linux/amd64 | sha256:a |",
      ].join("\n"),
      data: { trigger: makeTrigger("refs/tags/v1.2.3"), images: [plan] },
      outputs: { VERSION: "1.2.3", PUBLISH: true, TAGS: ["1.2.3"], TAGS_GHCR_IO: ["1.2.3"] },
    });
  });

  it.each([
    ["refs/heads/feature", "Plan for a push to feature, which is not the main branch: nothing to publish"],
    ["refs/pull/7/merge", "Plan for pull request 7: nothing to publish"],
  ])("says that %s publishes nothing", (ref, markdown) => {
    const repositories = [
      { repository: "ghcr.io/acme/app", ok: true as const, latest: "main" as const, tags: [] },
    ];
    expect(reportPlan([{ trigger: makeTrigger(ref), repositories }]).markdown).toBe(markdown);
  });
});

describe("releaseTargets", () => {
  it("takes the repositories of the settings", () => {
    const { release } = parseSettings('{"release": {"repositories": [{"repository": "ghcr.io/acme/app"}]}}');
    expect(releaseTargets(release)).toEqual([{ repository, latest: "main" }]);
  });

  it("refuses to go nowhere", () => {
    const targets = () => releaseTargets(parseSettings(undefined).release);
    expect(targets).toThrow(InputError);
    expect(targets).toThrow("slipway.json: release.repositories: expected at least one repository");
  });
});
