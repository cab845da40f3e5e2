import { describe, expect, it, type Mock, vi } from "vitest";
import { type CiImagePublication, publishCiImage } from "../../src/ci-image/publish.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { buildImage, describeImage } from "../support/ci-image.js";
import { makeClient, seed } from "../support/client.js";
import { makeClock, timedFetch } from "../support/clock.js";
import type { Fault, FaultTarget } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import {
  describeRequests,
  type ProxiedRegistry,
  startProxiedRegistry,
  writesIn,
} from "../support/proxied-registry.js";
import { startCraneRegistry } from "../support/registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { rivalled } from "../support/rival.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const image = describeImage();
const older = describeImage("FROM golang:older");
const built = buildImage(image);
const { digest } = built.index.descriptor;
const blobs = built.variants.flatMap(({ manifest }) => [manifest.config, ...manifest.layers]);
const size = [...new Map(blobs.map((blob) => [blob.digest, blob.size])).values()].reduce((a, b) => a + b, 0);
const foreign = makeImage({ created: "2024-12-13T14:00:00Z" });
const tags = [image.tag, "2025.12.13", "latest"];

let first: ProxiedRegistry;
let second: ProxiedRegistry;

useRegistryPair((...pair) => {
  [first, second] = pair;
});

/** Publishes to these repositories; the build is a mock, to see whether it was called. */
function publishing(repositories: readonly Repository[], changes: Partial<CiImagePublication> = {}) {
  const build: Mock<() => Promise<PublishableImage>> = vi.fn(async () => built);
  const publication = {
    client: makeClient(),
    repositories,
    image,
    now: () => 0,
    build,
    firstPublish: false,
    ...changes,
  };
  return { build, outcomes: () => publishCiImage(publication) };
}

const name = ({ registry, path }: Repository) => `${registry}/${path}`;
const requests = ({ proxy }: ProxiedRegistry) => describeRequests(proxy.requests, built);
/** Answers with this status where `isMeant` says so. */
const refuse = (at: ProxiedRegistry, status: number, isMeant: (request: FaultTarget) => boolean) =>
  at.proxy.setFault((request): Fault | undefined =>
    isMeant(request) ? { kind: "answer", status } : undefined,
  );

describe("where no repository has the image", () => {
  it("builds once, pushes everywhere, and sets tags last, the immutable one first", async () => {
    const repositories = [first.repository(), second.repository()];
    const { build, outcomes } = publishing(repositories);

    expect(await outcomes()).toEqual(
      repositories.map((repository) => ({
        repository: name(repository),
        ok: true,
        how: "pushed",
        digest,
        platforms: ["linux/amd64", "linux/arm64"],
        tag: image.tag,
        aliases: [
          { tag: "2025.12.13", moved: true },
          { tag: "latest", moved: true },
        ],
        transfer: {
          blobs: { present: 0, mounted: 0, sent: 5 },
          bytesSent: size,
          bytesSkipped: 0,
        },
        milliseconds: 0,
      })),
    );

    expect(build).toHaveBeenCalledTimes(1);
    for (const at of [first, second]) {
      expect(writesIn(requests(at)).slice(-6)).toEqual([
        "PUT platform",
        "PUT platform",
        "PUT index",
        ...tags.map((tag) => `PUT ${tag}`),
      ]);
      for (const repository of repositories.filter(({ registry }) => registry === at.proxy.address))
        for (const tag of tags) expect(await at.tagged(repository, tag)).toBe(digest);
    }
  });

  it("says how long the repository took, without the build", async () => {
    const clock = makeClock();
    const client = makeClient({ fetch: timedFetch(clock, 10) });
    let before = 0;
    const build = async () => {
      clock.advance(5_000);
      // After it, whether the image is there is asked once more.
      before = first.proxy.requests.length + 1;
      return built;
    };
    const [pushed] = await publishing([first.repository()], { client, now: clock.now, build }).outcomes();
    const requests = first.proxy.requests.length - before;
    expect(requests).toBeGreaterThan(10);
    expect(pushed).toMatchObject({ ok: true, milliseconds: requests * 10 });
  });

  it.each<[string, RegExp]>([
    ["a layer", /^PUT .*\/blobs\//],
    ["a platform", new RegExp(`^PUT .*/manifests/${built.variants[1]?.descriptor.digest}`)],
    ["the index", new RegExp(`^PUT .*/manifests/${digest}`)],
    ["reading the index back", new RegExp(`^GET .*/manifests/${digest}`)],
    ["reading a configuration back", /^GET .*\/blobs\//],
  ])("touches no tag where %s fails", async (_, pattern) => {
    const repository = first.repository();
    refuse(first, 400, ({ method, path }) => pattern.test(`${method} ${path}`));
    expect(await publishing([repository]).outcomes()).toMatchObject([
      { ok: false, error: expect.stringMatching(/: (PUT|GET) \S+: the registry answered 400\.$/) },
    ]);
    expect(await first.tags(repository)).toEqual([]);
  });

  it.each<[string, PublishableImage, string]>([
    [
      "lacks a platform",
      buildImage(image, { platforms: ["linux/amd64"] }),
      "is not whole: linux/arm64 is missing.",
    ],
    [
      "lacks the label",
      makeImage(),
      `linux/amd64, linux/arm64 without the identity label ${image.identity}.`,
    ],
  ])("touches no tag where what was built %s", async (_, wrong, message) => {
    const repository = first.repository();
    const { outcomes } = publishing([repository], { build: async () => wrong });
    expect(await outcomes()).toMatchObject([{ ok: false, error: expect.stringContaining(message) }]);
    expect(await first.tags(repository)).toEqual([]);
  });

  it("passes on the error of a build, and sends nothing", async () => {
    const { outcomes } = publishing([first.repository(), second.repository()], {
      build: async () => Promise.reject(new Error("exit code 1")),
    });
    expect(await errorThrownBy(outcomes)).toEqual(new Error("exit code 1"));
    for (const at of [first, second]) expect(requests(at)).toEqual([`HEAD ${image.tag}`]);
  });

  it("leaves the immutable tag alone that somebody else set during the build", async () => {
    const repository = first.repository();
    const rival = buildImage(image, { created: "2025-12-13T14:05:00Z" });
    const { outcomes } = publishing([repository], {
      build: async () => {
        await seed(first.direct(repository), rival, image.tag);
        return built;
      },
    });
    const there = rival.index.descriptor.digest;
    expect(await outcomes()).toMatchObject([{ ok: true, how: "existed", digest: there }]);
    for (const tag of tags) expect(await first.tagged(repository, tag)).toBe(there);
  });

  it("takes the image of somebody else everywhere that is in one repository after the build", async () => {
    const repositories = [first.repository(), second.repository()] as const;
    const rival = buildImage(image, { created: "2025-12-13T14:05:00Z" });
    const { outcomes } = publishing(repositories, {
      build: async () => {
        await seed(first.direct(repositories[0]), rival, image.tag);
        return built;
      },
    });
    const there = rival.index.descriptor.digest;
    expect(await outcomes()).toMatchObject([
      { ok: true, how: "existed", digest: there },
      { ok: true, how: "copied", digest: there },
    ]);
    for (const tag of tags) expect(await second.tagged(repositories[1], tag)).toBe(there);
  });
});

describe("where the image exists", () => {
  it("neither builds nor sends, and makes eleven requests", async () => {
    const repository = first.repository();
    await publishing([repository]).outcomes();
    first.proxy.clear();
    const { build, outcomes } = publishing([repository]);

    expect(await outcomes()).toEqual([
      {
        repository: name(repository),
        ok: true,
        how: "existed",
        digest,
        platforms: image.platforms,
        tag: image.tag,
        aliases: ["2025.12.13", "latest"].map((tag) => ({ tag, from: digest, moved: false })),
        transfer: { blobs: { present: 5, mounted: 0, sent: 0 }, bytesSent: 0, bytesSkipped: size },
        milliseconds: 0,
      },
    ]);

    expect(build).not.toHaveBeenCalled();
    expect(requests(first)).toEqual([
      `HEAD ${image.tag}`,
      "GET index",
      ...["GET platform", "GET platform", "GET config", "GET config"],
      ...["HEAD layer", "HEAD layer", "HEAD layer"],
      ...["HEAD 2025.12.13", "HEAD latest"],
    ]);
  });

  it("completes what an interrupted run left: the aliases", async () => {
    const repository = first.repository();
    await seed(first.direct(repository), built, image.tag);
    const { build, outcomes } = publishing([repository]);
    expect(await outcomes()).toMatchObject([{ how: "existed", aliases: [{ moved: true }, { moved: true }] }]);
    expect(build).not.toHaveBeenCalled();
    expect(writesIn(requests(first))).toEqual(["PUT 2025.12.13", "PUT latest"]);
  });

  it("moves no alias to an image that is not whole", async () => {
    const repository = first.repository();
    await seed(first.direct(repository), built, image.tag);
    const layer = built.variants[0]?.manifest.layers[0]?.digest;
    refuse(first, 404, ({ path }) => path.endsWith(`/blobs/${layer}`));
    expect(await publishing([repository]).outcomes()).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: expect.stringContaining(
          `${name(repository)}@${digest} is not whole: layer ${layer} is missing. Delete the image there`,
        ),
        milliseconds: 0,
      },
    ]);
    expect(writesIn(requests(first))).toEqual([]);
  });

  it.each([
    ["another registry", () => [second.repository(), first.repository()], { sent: 5 }],
    ["another repository", () => [first.repository(), first.repository()], { mounted: 5 }],
  ])("is copied to %s that lacks it, without a build", async (_, choose, blobs) => {
    const [holder, lacking] = choose() as [Repository, Repository];
    await seed(holder, built, image.tag);
    const { build, outcomes } = publishing([lacking, holder]);
    expect(await outcomes()).toMatchObject([
      { ok: true, how: "copied", digest, transfer: { blobs } },
      { ok: true, how: "existed", digest },
    ]);
    expect(build).not.toHaveBeenCalled();
    for (const tag of tags) expect(await first.tagged(lacking, tag)).toBe(digest);
  });
});

describe("where the tag is another image", () => {
  const identity = (other: string) => `carries the identity ${other}, not ${image.identity}`;
  it.each<[string, PublishableImage, string]>([
    [
      "with another identity",
      buildImage(older),
      `linux/amd64 ${identity(older.identity)}; linux/arm64 ${identity(older.identity)}`,
    ],
    [
      "without an identity",
      foreign,
      `linux/amd64 ${identity("of no CI image")}; linux/arm64 ${identity("of no CI image")}`,
    ],
    ["with fewer platforms", buildImage(image, { platforms: ["linux/amd64"] }), "linux/arm64 is missing"],
    [
      "with more platforms",
      buildImage(image, { platforms: [...image.platforms, "linux/arm/v7"] }),
      "linux/arm/v7 was not asked for",
    ],
  ])("%s, nothing is overwritten", async (_, there, differences) => {
    const [conflicting, fine] = [first.repository(), second.repository()];
    await seed(first.direct(conflicting), there, image.tag, "latest");
    const found = there.index.descriptor.digest;

    expect(await publishing([conflicting, fine]).outcomes()).toMatchObject([
      {
        repository: name(conflicting),
        ok: false,
        error: `${name(conflicting)}:${image.tag}: the tag exists as ${found} and is another image: ${differences}. Nothing was overwritten; remove that tag, or change an input so that the image gets a tag of its own.`,
      },
      { repository: name(fine), ok: true, how: "pushed" },
    ]);

    expect(writesIn(requests(first))).toEqual([]);
    for (const tag of [image.tag, "latest"]) expect(await first.tagged(conflicting, tag)).toBe(found);
  });
});

describe("where a repository does not say whether it has the image", () => {
  const manifests = ({ path }: FaultTarget) => path.includes("/manifests/");
  it.each([
    [401, "HEAD", "answered 401. No credentials were given for"],
    // The body of a GET says whether a 403 is a rate limit.
    [403, "GET", "answered 403. No credentials were given for"],
    [429, "HEAD", "answered 429. Gave up after 5 attempts."],
    [500, "HEAD", "answered 500. Gave up after 5 attempts."],
  ])("a %i is reported, and nothing is built or sent", async (status, method, message) => {
    const repository = first.repository();
    refuse(first, status, manifests);
    const { build, outcomes } = publishing([repository]);
    expect(await outcomes()).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: expect.stringContaining(
          `${name(repository)}: ${method} manifests/${image.tag}: the registry ${message}`,
        ),
        milliseconds: 0,
      },
    ]);
    expect(build).not.toHaveBeenCalled();
    expect(writesIn(requests(first))).toEqual([]);
  });

  it("the others are served", async () => {
    const gone = await startProxiedRegistry(startCraneRegistry);
    await gone.stop();
    const [down, up] = [gone.repository(), first.repository()];
    expect(await publishing([down, up]).outcomes()).toMatchObject([
      { repository: name(down), ok: false, error: expect.stringContaining("the connection was refused") },
      { repository: name(up), ok: true, how: "pushed" },
    ]);
  });

  it.each([
    [401, true],
    [403, true],
    [404, true],
    [500, false],
    [429, false],
  ])("with firstPublish a %i before the first push is absence: %s", async (status, isAbsence) => {
    const repository = first.repository();
    let isNew = true;
    refuse(first, status, (request) => {
      if (request.method === "POST") isNew = false;
      return isNew && manifests(request) && request.path.endsWith(image.tag);
    });
    const { build, outcomes } = publishing([repository], { firstPublish: true });
    expect(await outcomes()).toMatchObject([isAbsence ? { ok: true, how: "pushed" } : { ok: false }]);
    expect(build).toHaveBeenCalledTimes(isAbsence ? 1 : 0);
  });
});

describe("an alias", () => {
  it("at an older image of Slipway just moves", async () => {
    const repository = first.repository();
    const before = buildImage(older);
    await seed(first.direct(repository), before, older.tag, "latest");
    const from = before.index.descriptor.digest;
    expect(await publishing([repository]).outcomes()).toMatchObject([
      {
        aliases: [
          { tag: "2025.12.13", moved: true },
          { tag: "latest", from, moved: true },
        ],
      },
    ]);
    expect(await first.tags(repository)).toEqual([image.tag, older.tag, "2025.12.13", "latest"].toSorted());
    expect(await first.tagged(repository, older.tag)).toBe(from);
  });

  it("at an image of somebody else moves once that is kept", async () => {
    const repository = first.repository();
    await seed(first.direct(repository), foreign, "latest");
    const from = foreign.index.descriptor.digest;
    const kept = `latest-kept-${from.slice("sha256:".length).slice(0, 12)}`;
    expect(await publishing([repository]).outcomes()).toMatchObject([
      { aliases: [{ moved: true }, { tag: "latest", from, kept, moved: true }] },
    ]);
    expect(writesIn(requests(first)).slice(-2)).toEqual([`PUT ${kept}`, "PUT latest"]);
    expect(await first.tagged(repository, kept)).toBe(from);
    expect(await first.tagged(repository, "latest")).toBe(digest);
  });

  it("that somebody else moves in between stays: which is newer is for the next run to decide", async () => {
    const repository = first.repository();
    const rival = buildImage(older);
    await seed(first.direct(repository), rival);
    const [outcome] = await publishing([repository], {
      client: rivalled("latest", () => seed(first.direct(repository), rival, "latest")),
    }).outcomes();
    expect(outcome).toMatchObject({
      ok: false,
      error: expect.stringContaining("Another publisher is at work"),
    });
    expect(await first.tagged(repository, "latest")).toBe(rival.index.descriptor.digest);
  });
});

describe("the tag that never moves", () => {
  const rebuild = buildImage(image, { created: "2025-12-13T15:00:00Z" });
  const theirs = rebuild.index.descriptor.digest;

  it("is set once where another publisher sets it right after, and the error names both", async () => {
    const repository = first.repository();
    const client = rivalled(image.tag, () => seed(first.direct(repository), rebuild, image.tag));
    const [outcome] = await publishing([repository], { client }).outcomes();
    expect(outcome).toMatchObject({
      ok: false,
      error: expect.stringContaining(`holds ${theirs}, to be published is ${digest}. Another publisher`),
    });
    expect(writesIn(requests(first)).filter((write) => write.startsWith(`PUT ${image.tag}`))).toHaveLength(1);
    expect(await first.tags(repository)).toEqual([image.tag]);
    expect(await first.tagged(repository, image.tag)).toBe(theirs);
    // It is the same image, built a second time, so that the next run has nothing to decide.
    expect(await publishing([repository]).outcomes()).toMatchObject([
      { ok: true, how: "existed", digest: theirs },
    ]);
  });

  it("is not known where it is there and its manifest is answered 404", async () => {
    const repository = first.repository();
    await seed(first.direct(repository), rebuild, image.tag);
    first.proxy.setFault(({ method, path }) =>
      method === "GET" && path.includes("/manifests/") ? { kind: "answer", status: 404 } : undefined,
    );
    expect(await publishing([repository]).outcomes()).toMatchObject([
      { ok: false, error: expect.stringContaining(`${image.tag}: is there as ${theirs}`) },
    ]);
    expect(await first.tagged(repository, image.tag)).toBe(theirs);
  });
});

it("shows no secret in any message", async () => {
  const { outcomes } = publishing([first.repository()], {
    client: makeClient({
      credentials: new Map([[first.proxy.address, { kind: "password", username: "me", password: "s3cret" }]]),
    }),
  });
  refuse(first, 403, () => true);
  expect(JSON.stringify(await outcomes())).not.toContain("s3cret");
  expect(await messageThrownBy(outcomes)).toContain("nothing was thrown");
});

describe("what is attached to a CI image", () => {
  const documents = {
    name: "acme/ci",
    sbom: [],
    provenance: async () => ({ parameters: {}, materials: [], startedOn: 0 }),
  };

  it("is there before its tags, everywhere the same, and once", async () => {
    const repositories = [first.repository(), second.repository()];
    const outcomes = await publishing(repositories, { documents }).outcomes();
    expect(outcomes).toMatchObject([
      { how: "pushed", attached: [{ kind: "provenance", how: "attached", signed: false }] },
      { how: "pushed", attached: [{ kind: "provenance", how: "attached" }] },
    ]);
    for (const at of [first, second])
      expect(writesIn(requests(at)).slice(-4)).toEqual([
        `PUT ${digest.replace(":", "-")}`,
        ...tags.map((tag) => `PUT ${tag}`),
      ]);
    for (const at of [first, second]) at.proxy.clear();
    expect(await publishing(repositories, { documents }).outcomes()).toMatchObject([
      { how: "existed", attached: [{ how: "existed" }] },
      { how: "existed", attached: [{ how: "existed" }] },
    ]);
    for (const at of [first, second]) expect(writesIn(requests(at))).toEqual([]);
  });

  it("keeps every tag where it is as long as it is not there", async () => {
    const repository = first.repository();
    refuse(first, 403, ({ method, path }) => method === "PUT" && path.includes("/manifests/sha256-"));
    expect(await publishing([repository], { documents }).outcomes()).toMatchObject([{ ok: false }]);
    for (const tag of tags) expect(await first.tagged(repository, tag)).toBeUndefined();
    first.proxy.clear();
    expect(await publishing([repository], { documents }).outcomes()).toMatchObject([{ ok: true }]);
  });
});
