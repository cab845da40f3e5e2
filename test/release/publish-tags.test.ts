import { Response } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ConflictError } from "../../src/errors.js";
import type { Repository } from "../../src/registry/reference.js";
import { imageIdsOf } from "../../src/release/image-ids.js";
import { publishRelease, type ReleaseOutcome } from "../../src/release/publish.js";
import type { LatestPolicy } from "../../src/tags/policy.js";
import { directFetch, makeClient, seed } from "../support/client.js";
import { makeImage } from "../support/image.js";
import {
  describeRequests,
  type ProxiedRegistry,
  startProxiedRegistry,
  writesIn,
} from "../support/proxied-registry.js";
import { makePublication } from "../support/publication.js";
import { makeReleasedImage, type ReleasedImage } from "../support/released-image.js";
import { makeTagRequest, type TagRequestOptions } from "../support/tag-request.js";
import { makeImage as makeTestImage } from "../support/test-image.js";
import { errorThrownBy } from "../support/thrown.js";

const [image, other] = [await makeReleasedImage("program"), await makeReleasedImage("another program")];
const foreign = makeImage({ created: "2024-12-13T14:00:00Z" });
const revision = "0123456789abcdef0123456789abcdef01234567";

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

interface Options extends TagRequestOptions {
  latest?: LatestPolicy;
}

const patience = { attempts: 1, baseDelay: 0, maxDelay: 0 };

/** Publishes an image for a ref, by the settings under `release`. */
async function publish(
  repository: Repository,
  { ids, packed }: ReleasedImage,
  ref: string,
  { latest = "highest", ...options }: Options = {},
): Promise<ReleaseOutcome | undefined> {
  const publication = {
    client: makeClient({ pushRetry: patience, readRetry: patience }),
    targets: [{ repository, latest }],
    tags: makeTagRequest(ref, options),
    origin: "slipway" as const,
    remarks: [],
    image: ids,
    now: () => 0,
    pack: async () => packed,
    firstPublish: false,
  };
  return (await publishRelease([publication]))[0]?.[0];
}

/** All tags with the digests that they point at. */
async function shelf(repository: Repository): Promise<Record<string, string | undefined>> {
  const tags = await at.tags(repository);
  return Object.fromEntries(
    await Promise.all(tags.map(async (tag) => [tag, await at.tagged(repository, tag)])),
  );
}

const digestOf = ({ packed }: ReleasedImage) => packed.index.descriptor.digest;
const platformsOf = ({ packed }: ReleasedImage) => packed.variants.map(({ descriptor }) => descriptor.digest);
const writes = () => writesIn(describeRequests(at.proxy.requests, image.packed));

it("releases out of order leave each tag at the highest version that it is for", async () => {
  const repository = at.repository();
  const release = {
    tags: ["v{version}", "v{version}-alpine", "{major}.{minor}", "{major}", "stable-alpine"],
  };
  const images = new Map<string, ReleasedImage>();
  for (const version of ["1.1.8", "1.2.0", "1.1.9", "2.0.0-rc.1", "0.9.0"]) {
    const released = await makeReleasedImage(`program of ${version}`);
    images.set(version, released);
    expect(await publish(repository, released, `refs/tags/v${version}`, { release })).toMatchObject({
      ok: true,
    });
  }
  const digestAt = (version: string) => digestOf(images.get(version) ?? image);
  expect(await shelf(repository)).toEqual({
    ...Object.fromEntries(
      [...images.keys()].flatMap((version) => [
        [`v${version}`, digestAt(version)],
        [`v${version}-alpine`, digestAt(version)],
      ]),
    ),
    "0.9": digestAt("0.9.0"),
    "1.1": digestAt("1.1.9"),
    "1.2": digestAt("1.2.0"),
    "1": digestAt("1.2.0"),
    "stable-alpine": digestAt("1.2.0"),
    latest: digestAt("1.2.0"),
  });
});

it("move a tag on to a version that was published between the look and the request", async () => {
  const repository = at.repository();
  const release = { tags: ["{version}", "{major}.{minor}"] };
  let rival: ReleaseOutcome | undefined;
  const client = makeClient({
    fetch: async (url, init) => {
      const isMove = init?.method === "PUT" && url.endsWith("/manifests/1.2");
      if (isMove && rival === undefined)
        rival = await publish(repository, other, "refs/tags/v1.2.4", { release });
      return directFetch(url, init);
    },
  });
  const publication = makePublication([repository], image, { client, release });
  const outcomes = (await publishRelease([publication])).flat();
  expect(rival).toMatchObject({ ok: true });
  // What it could not set is said, and what it had set hides nothing.
  expect(outcomes).toMatchObject([
    { ok: false, error: expect.stringMatching(/:latest: holds .* Another publisher is at work/) },
  ]);
  expect(await shelf(repository)).toMatchObject({ "1.2": digestOf(other), latest: digestOf(other) });
});

it("stay at the highest version that was seen, where a later list is older", async () => {
  const repository = at.repository();
  const highest = await makeReleasedImage("highest");
  let isTagged = false;
  let lists = 0;
  const client = makeClient({
    fetch: async (url, init) => {
      const answer = await directFetch(url, init);
      if (init?.method === "PUT" && url.endsWith("/manifests/latest") && !isTagged) {
        isTagged = true;
        await seed(at.direct(repository), other.packed, "1.5.0");
        await seed(at.direct(repository), highest.packed, "2.0.0");
      }
      if (!isTagged || !url.includes("/tags/list")) return answer;
      lists += 1;
      const listed = (await answer.json()) as { tags: string[] };
      const tags = lists === 1 ? listed.tags : listed.tags.filter((tag) => tag !== "2.0.0");
      return new Response(JSON.stringify({ ...listed, tags }), {
        headers: { "content-type": "application/json" },
      });
    },
  });
  const publication = makePublication([repository], image, { client, ref: "refs/tags/v1.0.0" });
  expect((await publishRelease([publication])).flat()).toMatchObject([{ ok: true }]);
  expect(lists).toBeGreaterThan(1);
  expect(await shelf(repository)).toMatchObject({ latest: digestOf(highest) });
});

it("are not set where a version is listed and answers 404", async () => {
  const repository = at.repository();
  await publish(repository, other, "refs/tags/v1.2.3");
  at.proxy.clear();
  at.proxy.setFault(({ method, path }) =>
    method !== "PUT" && path.endsWith("/manifests/1.2.3") ? { kind: "answer", status: 404 } : undefined,
  );
  const outcome = await publish(repository, image, "refs/tags/v1.2.3");
  at.proxy.clear();
  expect(outcome).toMatchObject({
    ok: false,
    error: expect.stringMatching(/:1\.2\.3: the registry lists the tag and answers 404 for it/),
  });
  expect(await shelf(repository)).toMatchObject({ "1.2.3": digestOf(other) });
});

describe("tags of single platforms", () => {
  const release = {
    tags: ["{version}", "{version}-{arch}", "{major}.{minor}", "{major}.{minor}-{arch}"],
    archNames: { "linux/arm64": "arm64v8" },
  };
  const [amd64, arm64] = platformsOf(image);
  const all = {
    "1.2.3-amd64": amd64,
    "1.2.3-arm64v8": arm64,
    "1.2.3": digestOf(image),
    "1.2-amd64": amd64,
    "1.2-arm64v8": arm64,
    "1.2": digestOf(image),
    latest: digestOf(image),
  };

  it("point at the manifests of their platforms, and are set before those of all", async () => {
    const repository = at.repository();
    await publish(repository, image, "refs/tags/v1.2.3", { release });
    expect(writes().slice(-Object.keys(all).length)).toEqual(Object.keys(all).map((tag) => `PUT ${tag}`));
    expect(await shelf(repository)).toEqual(all);
    at.proxy.clear();
    expect(await publish(repository, image, "refs/tags/v1.2.3", { release })).toMatchObject({
      how: "existed",
    });
    expect(writes()).toEqual([]);
  });

  it.each(["1.2.3-amd64", "1.2.3", "1.2-arm64v8", "latest"])(
    "are completed after an interruption before %s",
    async (tag) => {
      const repository = at.repository();
      at.proxy.setFault(({ method, path }) =>
        method === "PUT" && path.endsWith(`/manifests/${tag}`) ? { kind: "answer", status: 503 } : undefined,
      );
      expect(await publish(repository, image, "refs/tags/v1.2.3", { release })).toMatchObject({ ok: false });
      expect(await at.tags(repository)).toHaveLength(Object.keys(all).indexOf(tag));
      at.proxy.clear();
      expect(await publish(repository, image, "refs/tags/v1.2.3", { release })).toMatchObject({ ok: true });
      expect(await shelf(repository)).toEqual(all);
    },
  );

  it("are no image that is held: of a single platform as well, the tag of all holds the index", async () => {
    const repository = at.repository();
    const { identities, ...packed } = makeTestImage({ platforms: ["linux/amd64"] });
    const [variant] = packed.variants;
    if (variant === undefined) throw new Error("the image has no platform");
    await seed(at.direct(repository), packed);
    await makeClient().putManifest(at.direct(repository), "1.2.3-amd64", variant);
    const released = { ids: imageIdsOf(identities), packed };
    const options = { release: { ...release, platforms: ["linux/amd64"] } };
    expect(await publish(repository, released, "refs/tags/v1.2.3", options)).toMatchObject({ ok: true });
    expect(await shelf(repository)).toMatchObject({
      "1.2.3-amd64": variant.descriptor.digest,
      "1.2.3": packed.index.descriptor.digest,
      latest: packed.index.descriptor.digest,
    });
  });

  it("are guarded where they name a version", async () => {
    const repository = at.repository();
    const [, variant] = other.packed.variants;
    if (variant === undefined) throw new Error("the image has no second platform");
    await seed(at.direct(repository), other.packed);
    await makeClient().putManifest(at.direct(repository), "1.2.3-arm64v8", variant);
    const error = await errorThrownBy(() => publish(repository, image, "refs/tags/v1.2.3", { release }));
    expect(error).toBeInstanceOf(ConflictError);
    expect(String(error)).toContain(
      `:1.2.3-arm64v8: exists as ${variant.descriptor.digest} and holds the image linux/arm64 ${other.ids["linux/arm64"]}; to be published is linux/arm64 ${image.ids["linux/arm64"]}. Nothing was overwritten`,
    );
    expect(Object.keys(await shelf(repository))).toEqual(["1.2.3-arm64v8"]);
  });
});

describe("tags that name a commit", () => {
  const options = { release: { tags: ["sha-{sha}", "{branch}"] }, revision, latest: "main" } as const;

  it("never move, while those of the branch do", async () => {
    const repository = at.repository();
    await publish(repository, image, "refs/heads/main", options);
    const error = await errorThrownBy(() => publish(repository, other, "refs/heads/main", options));
    expect(error).toBeInstanceOf(ConflictError);
    expect(String(error)).toContain(":sha-0123456: exists as");
    const next = { ...options, revision: revision.replace(/^0/, "f") };
    await publish(repository, other, "refs/heads/main", next);
    expect(await shelf(repository)).toEqual({
      "sha-0123456": digestOf(image),
      "sha-f123456": digestOf(other),
      main: digestOf(other),
      latest: digestOf(other),
    });
  });
});

describe("a run by hand", () => {
  it("sets the name that it was given, moves it again, and asks for no list", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), other.packed, "1.0.0", "latest");
    const options = { as: "pr-17", release: { tags: ["{version}", "{major}", "{version}-{arch}"] } };
    for (const [released, ref] of [
      [other, "refs/heads/feature"],
      [image, "refs/pull/17/merge"],
      [image, "refs/tags/v9.9.9"],
    ] as const)
      expect(await publish(repository, released, ref, options)).toMatchObject({ ok: true });
    expect(await shelf(repository)).toEqual({
      "1.0.0": digestOf(other),
      latest: digestOf(other),
      "pr-17": digestOf(image),
    });
    expect(at.proxy.requests.filter(({ path }) => path.includes("/tags/list"))).toEqual([]);
  });
});

it("a tag that moves keeps what somebody else left under it", async () => {
  const repository = at.repository();
  await seed(at.direct(repository), foreign, "1.2");
  await publish(repository, image, "refs/tags/v1.2.3", {
    release: { tags: ["{version}", "{major}.{minor}"] },
  });
  const kept = `1.2-kept-${foreign.index.descriptor.digest.slice(7, 19)}`;
  expect(await shelf(repository)).toMatchObject({
    "1.2": digestOf(image),
    [kept]: foreign.index.descriptor.digest,
  });
});
