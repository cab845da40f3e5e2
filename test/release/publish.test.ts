import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { ConflictError } from "../../src/errors.js";
import { buildIndex, type Descriptor, digestOf } from "../../src/oci/manifest.js";
import type { Repository } from "../../src/registry/reference.js";
import { formatImageIds } from "../../src/release/image-ids.js";
import { publishRelease, type ReleasePublication } from "../../src/release/publish.js";
import type { LatestPolicy } from "../../src/tags/policy.js";
import { makeClient, seed } from "../support/client.js";
import { makeClock, timedFetch } from "../support/clock.js";
import type { Fault } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { describeRequests, type ProxiedRegistry, writesIn } from "../support/proxied-registry.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeReleasedImage } from "../support/released-image.js";
import { rivalled } from "../support/rival.js";
import { makeTagRequest } from "../support/tag-request.js";
import { errorThrownBy } from "../support/thrown.js";

const image = await makeReleasedImage("program");
const other = await makeReleasedImage("another program");
const foreign = makeImage({ created: "2024-12-13T14:00:00Z" });
const { digest } = image.packed.index.descriptor;
const size = image.packed.variants
  .flatMap(({ manifest }) => [manifest.config, ...manifest.layers])
  .reduce((sum, blob) => sum + blob.size, 0);

let first: ProxiedRegistry;
let second: ProxiedRegistry;

useRegistryPair((...pair) => {
  [first, second] = pair;
});

interface Options extends Partial<ReleasePublication> {
  ref?: string;
  latest?: LatestPolicy;
  released?: typeof image;
}

/** Publishes to these repositories; packing is a mock, to see whether it was called. */
function publishing(repositories: readonly Repository[], options: Options = {}) {
  const { ref = "refs/tags/v1.2.3", latest = "highest", released = image, ...changes } = options;
  const pack = vi.fn(async () => released.packed);
  const publication = {
    client: makeClient(),
    targets: repositories.map((repository) => ({ repository, latest })),
    tags: makeTagRequest(ref),
    origin: "slipway" as const,
    remarks: [],
    image: released.ids,
    now: () => 0,
    pack,
    firstPublish: false,
    ...changes,
  };
  return { pack, outcomes: async () => (await publishRelease([publication]))[0] ?? [] };
}

const name = ({ registry, path }: Repository) => `${registry}/${path}`;
const requests = ({ proxy }: ProxiedRegistry) => describeRequests(proxy.requests, image.packed);
const sent = ({ proxy }: ProxiedRegistry) => proxy.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0);

describe("where no repository has the image", () => {
  it("packs once, pushes everywhere, and sets tags last, the version first", async () => {
    const repositories = [first.repository(), second.repository()];
    const { pack, outcomes } = publishing(repositories);
    expect(await outcomes()).toMatchObject(
      repositories.map((repository) => ({
        repository: name(repository),
        ok: true,
        how: "pushed",
        digest,
        platforms: ["linux/amd64", "linux/arm64"],
        tags: [
          { tag: "1.2.3", action: "create" },
          { tag: "latest", action: "create" },
        ],
        transfer: { blobs: { present: 0, mounted: 0, sent: 4 }, bytesSkipped: 0 },
      })),
    );
    expect(pack).toHaveBeenCalledTimes(1);
    for (const at of [first, second])
      expect(writesIn(requests(at)).slice(-5)).toEqual([
        "PUT platform",
        "PUT platform",
        "PUT index",
        "PUT 1.2.3",
        "PUT latest",
      ]);
  });

  it("sends to one registry once, and mounts in its other repositories", async () => {
    const repositories = [first.repository(), first.repository(), first.repository()];
    expect(await publishing(repositories).outcomes()).toMatchObject([
      { how: "pushed", digest, transfer: { blobs: { mounted: 0, sent: 4 }, bytesSent: size } },
      {
        how: "pushed",
        digest,
        transfer: { blobs: { mounted: 4, sent: 0 }, bytesSent: 0, bytesSkipped: size },
      },
      {
        how: "pushed",
        digest,
        transfer: { blobs: { mounted: 4, sent: 0 }, bytesSent: 0, bytesSkipped: size },
      },
    ]);
  });

  it("sends to a repository of a registry whose other one got nothing", async () => {
    const [refusing, open] = [first.repository(), first.repository()];
    first.proxy.setFault(({ method, path }) =>
      method === "POST" && path.startsWith(`/v2/${refusing.path}/`)
        ? { kind: "answer", status: 400 }
        : undefined,
    );
    expect(await publishing([refusing, open]).outcomes()).toMatchObject([
      { ok: false },
      { ok: true, how: "pushed", digest, transfer: { blobs: { mounted: 0, sent: 4 } } },
    ]);
  });

  it("is done by the second call, which packs and sends nothing", async () => {
    const repositories = [first.repository(), second.repository()];
    await publishing(repositories).outcomes();
    for (const { proxy } of [first, second]) proxy.clear();
    const { pack, outcomes } = publishing(repositories);
    expect(await outcomes()).toMatchObject(
      repositories.map(() => ({
        ok: true,
        how: "existed",
        digest,
        tags: [{ action: "leave" }, {}],
        transfer: { blobs: { present: 4, mounted: 0, sent: 0 }, bytesSent: 0, bytesSkipped: size },
      })),
    );
    expect(pack).not.toHaveBeenCalled();
    for (const at of [first, second]) {
      expect(writesIn(requests(at))).toEqual([]);
      expect(sent(at)).toBe(0);
    }
  });

  it("says how long each repository took, without what it waited for the others", async () => {
    const clock = makeClock();
    const client = makeClient({ fetch: timedFetch(clock, 10) });
    let before = 0;
    const pack = async () => {
      clock.advance(5_000);
      before = first.proxy.requests.length;
      return image.packed;
    };
    const [pushed] = await publishing([first.repository()], { client, now: clock.now, pack }).outcomes();
    const requests = first.proxy.requests.length - before;
    expect(requests).toBeGreaterThan(10);
    expect(pushed).toMatchObject({ ok: true, milliseconds: requests * 10 });
  });

  it("copies from the one that has it, whatever a new compression would give", async () => {
    const [holder, empty] = [first.repository(), second.repository()];
    await publishing([holder]).outcomes();
    const { pack, outcomes } = publishing([empty, holder]);
    expect(await outcomes()).toMatchObject([
      { ok: true, how: "copied", digest },
      { ok: true, how: "existed", digest },
    ]);
    expect(pack).not.toHaveBeenCalled();
    expect(await second.tagged(empty, "1.2.3")).toBe(digest);
  });

  it("serves the others where one registry is down", async () => {
    const up = first.repository();
    const down = second.repository();
    second.proxy.setFault(() => ({ kind: "answer", status: 503 }));
    expect(await publishing([down, up]).outcomes()).toMatchObject([
      { repository: name(down), ok: false, error: expect.stringContaining("answered 503") },
      { repository: name(up), ok: true, how: "pushed" },
    ]);
    expect(await first.tagged(up, "1.2.3")).toBe(digest);
  });
});

describe("the guard", () => {
  it("refuses a version that is another image, names both, and sends nothing anywhere", async () => {
    const [holder, empty] = [first.repository(), second.repository()];
    await publishing([holder]).outcomes();
    for (const { proxy } of [first, second]) proxy.clear();
    const { pack, outcomes } = publishing([empty, holder], { released: other });
    const error = await errorThrownBy(outcomes);
    expect(error).toBeInstanceOf(ConflictError);
    expect(String(error)).toContain(`${name(holder)}:1.2.3: exists as ${digest}`);
    expect(String(error)).toContain(formatImageIds(image.ids));
    expect(String(error)).toContain(formatImageIds(other.ids));
    expect(pack).not.toHaveBeenCalled();
    for (const at of [first, second]) expect(writesIn(requests(at))).toEqual([]);
  });

  it("names every repository whose version is another image", async () => {
    const holders = [first.repository(), first.repository()];
    await publishing(holders).outcomes();
    const error = await errorThrownBy(publishing(holders, { released: other }).outcomes);
    for (const holder of holders)
      expect(String(error)).toContain(`${name(holder)}:1.2.3: exists as ${digest}`);
  });

  it("is asked again after the transfer: a version that somebody else set meanwhile stays", async () => {
    const repository = first.repository();
    const pack = async () => {
      await seed(first.direct(repository), other.packed, "1.2.3");
      return image.packed;
    };
    expect(await publishing([repository], { pack }).outcomes()).toMatchObject([
      { ok: false, error: expect.stringContaining("Nothing was overwritten") },
    ]);
    expect(await first.tagged(repository, "1.2.3")).toBe(other.packed.index.descriptor.digest);
    expect(await first.tags(repository)).toEqual(["1.2.3"]);
  });

  it("sets a version once: where somebody else sets it right after, the error names both", async () => {
    const repository = first.repository();
    const theirs = other.packed.index.descriptor.digest;
    const client = rivalled("1.2.3", () => seed(first.direct(repository), other.packed, "1.2.3"));
    expect(await publishing([repository], { client }).outcomes()).toMatchObject([
      { ok: false, error: expect.stringContaining(`holds ${theirs}, to be published is ${digest}. Another`) },
    ]);
    expect(requests(first).filter((request) => request === "PUT 1.2.3")).toHaveLength(1);
    expect(await first.tags(repository)).toEqual(["1.2.3"]);
    expect(await first.tagged(repository, "1.2.3")).toBe(theirs);
  });

  it("leaves latest where somebody else moves it right after, and says so", async () => {
    const repository = first.repository();
    const theirs = other.packed.index.descriptor.digest;
    const client = rivalled("latest", () => seed(first.direct(repository), other.packed, "1.2.4", "latest"));
    expect(await publishing([repository], { client }).outcomes()).toMatchObject([
      { ok: false, error: expect.stringContaining("Another publisher is at work") },
    ]);
    expect(await first.tagged(repository, "latest")).toBe(theirs);
    expect(await publishing([repository]).outcomes()).toMatchObject([
      { ok: true, tags: [{}, { action: "leave" }] },
    ]);
  });

  it("refuses what a registry stored as another image", async () => {
    const repository = first.repository();
    const pack = async () => other.packed;
    expect(await publishing([repository], { pack }).outcomes()).toMatchObject([
      { ok: false, error: expect.stringContaining("to be published is") },
    ]);
    expect(await first.tags(repository)).toEqual([]);
  });
});

describe("latest", () => {
  const kept = `latest-kept-${foreign.index.descriptor.digest.slice(7, 19)}`;
  it.each<[string, string, LatestPolicy, string[]]>([
    ["follows main on a push", "refs/heads/main", "main", ["latest"]],
    ["does not follow a version where it follows main", "refs/tags/v1.2.3", "main", ["1.2.3"]],
    ["follows a version where it follows the highest", "refs/tags/v1.2.3", "highest", ["1.2.3", "latest"]],
    ["stays away from a pre-release", "refs/tags/v1.2.3-rc.1", "highest", ["1.2.3-rc.1"]],
    ["does not follow main where it follows the highest", "refs/heads/main", "highest", []],
    ["follows no other branch", "refs/heads/feature", "main", []],
  ])("%s", async (_, ref, latest, tags) => {
    const repository = first.repository();
    const [outcome] = await publishing([repository], { ref, latest }).outcomes();
    expect(outcome).toMatchObject({ ok: true, how: tags.length > 0 ? "pushed" : "not published" });
    expect(await first.tags(repository)).toEqual(tags);
    if (tags.length === 0) expect(writesIn(requests(first))).toEqual([]);
  });

  it("stays at a higher version that is published", async () => {
    const repository = first.repository();
    await seed(first.direct(repository), other.packed, "1.10.0", "latest");
    await publishing([repository]).outcomes();
    expect(await first.tagged(repository, "1.2.3")).toBe(digest);
    expect(await first.tagged(repository, "latest")).toBe(other.packed.index.descriptor.digest);
  });

  it.each([
    ["keeps an image of somebody else", foreign, [kept, "latest"]],
    ["keeps nothing that Slipway assembled", other.packed, ["latest"]],
  ])("%s", async (_, before, tags) => {
    const repository = first.repository();
    await seed(first.direct(repository), before, "latest");
    await publishing([repository], { ref: "refs/heads/main", latest: "main" }).outcomes();
    expect(await first.tags(repository)).toEqual(tags.toSorted());
    expect(await first.tagged(repository, "latest")).toBe(digest);
    if (tags.includes(kept))
      expect(await first.tagged(repository, kept)).toBe(foreign.index.descriptor.digest);
  });
});

const [platform] = image.packed.variants;
it.each([
  ["the index", `GET manifests/${digest}`, digest],
  ["a platform", `GET manifests/${platform?.descriptor.digest}`, digest],
  ["a layer", `HEAD blobs/${platform?.manifest.layers[0]?.digest}`, digest],
  ["the version", "HEAD manifests/1.2.3", "1.2.3"],
  ["latest", "HEAD manifests/latest", "latest"],
])("waits for a registry that shows %s a moment after it was put", async (_, look, last) => {
  const repository = first.repository();
  let isPut = false;
  let hidden = 2;
  first.proxy.setFault(({ method, path }): Fault | undefined => {
    const request = `${method} ${path.replace(`/v2/${repository.path}/`, "")}`;
    if (request === `PUT manifests/${last}`) isPut = true;
    return isPut && request === look && hidden-- > 0 ? { kind: "answer", status: 404 } : undefined;
  });
  expect(await publishing([repository]).outcomes()).toMatchObject([{ ok: true, how: "pushed", digest }]);
  expect(hidden).toBeLessThan(0);
  expect(requests(first).filter((request) => /^PUT (1\.2\.3|latest)$/.test(request))).toHaveLength(2);
});

it.each([401, 403])("takes a %i for a new repository only where that is said", async (status) => {
  const repository = first.repository();
  let isNew = true;
  first.proxy.setFault(({ method, path }): Fault | undefined => {
    if (method === "POST") isNew = false;
    const isTag = path.endsWith("/manifests/1.2.3") || path.includes("/tags/list");
    return isNew && isTag ? { kind: "answer", status } : undefined;
  });
  expect(await publishing([repository]).outcomes()).toMatchObject([{ ok: false }]);
  expect(await publishing([repository], { firstPublish: true }).outcomes()).toMatchObject([
    { ok: true, how: "pushed" },
  ]);
});

it("takes a refusal for no new repository once the image is in it: a version that is there stays", async () => {
  const repository = first.repository();
  await seed(first.direct(repository), other.packed, "1.2.3");
  first.proxy.setFault(({ method, path }): Fault | undefined =>
    method !== "PUT" && path.endsWith("/manifests/1.2.3") ? { kind: "answer", status: 403 } : undefined,
  );
  expect(await publishing([repository], { firstPublish: true, latest: "main" }).outcomes()).toMatchObject([
    { ok: false, error: expect.stringContaining("answered 403") },
  ]);
  expect(await first.tagged(repository, "1.2.3")).toBe(other.packed.index.descriptor.digest);
});

it("copies no layer that is not the one of the image's configuration, and no tag leads to it", async () => {
  const [spoilt, empty] = [first.repository(), second.repository()];
  const [amd64, ...others] = image.packed.variants;
  if (amd64 === undefined) throw new Error("The image has a platform.");
  const wrong = gzipSync("no layer at all");
  const layers = amd64.manifest.layers.map((layer, at) =>
    at === 0 ? { ...layer, digest: digestOf(wrong), size: wrong.length } : layer,
  );
  const bytes = Buffer.from(JSON.stringify({ ...amd64.manifest, layers }));
  const variant = {
    bytes,
    manifest: { ...amd64.manifest, layers },
    descriptor: { ...amd64.descriptor, digest: digestOf(bytes), size: bytes.length },
  };
  const index = buildIndex(
    [variant, ...others].map(({ descriptor }) => descriptor),
    {},
  );
  const content = {
    ...image.packed.content,
    open: async (blob: Descriptor) =>
      blob.digest === digestOf(wrong) ? Readable.from([wrong]) : image.packed.content.open(blob),
  };
  await seed(first.direct(spoilt), { index, variants: [variant, ...others], content }, "1.2.3");

  const { pack, outcomes } = publishing([spoilt, empty]);
  const [, copied] = await outcomes();
  expect(copied).toMatchObject({ ok: false });
  expect(copied).toMatchObject({
    error: expect.stringMatching(/: layer sha256:\w+: its archive is .*, where the configuration says/),
  });
  expect(pack).not.toHaveBeenCalled();
  expect(await second.tags(empty)).toEqual([]);
});

it("overtakes a release by none that is not whole", async () => {
  const repository = first.repository();
  const [layer] = other.packed.variants[0]?.manifest.layers ?? [];
  const pack = async () => {
    await seed(first.direct(repository), other.packed, "2.0.0");
    const { path } = first.direct(repository);
    const url = `http://${first.direct(repository).registry}/v2/${path}/blobs/${layer?.digest}`;
    expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
    return image.packed;
  };
  // The list that latest was decided by is older than 2.0.0.
  let lists = 0;
  first.proxy.setFault(({ path }): Fault | undefined => {
    if (!path.includes("/tags/list")) return undefined;
    lists += 1;
    return lists < 3
      ? {
          kind: "answer",
          status: 200,
          body: '{"tags":[]}',
        }
      : undefined;
  });
  const [outcome] = await publishing([repository], { pack }).outcomes();
  expect(outcome).toMatchObject({ ok: true, digest });
  expect(JSON.stringify(outcome)).toContain(
    "2.0.0, which is higher, is not whole: it was left at this release",
  );
  expect(await first.tagged(repository, "latest")).toBe(digest);
});

it("copies from no repository whose image is not whole: the others get what was packed", async () => {
  const [broken, empty] = [second.repository(), first.repository()];
  await publishing([broken]).outcomes();
  const layer = image.packed.variants[0]?.manifest.layers[0]?.digest ?? "";
  second.proxy.setFault(({ path }): Fault | undefined =>
    path.endsWith(layer) ? { kind: "answer", status: 404 } : undefined,
  );
  expect(await publishing([broken, empty]).outcomes()).toMatchObject([
    { ok: false, error: expect.stringContaining(`layer ${layer} is missing`) },
    { ok: true, how: "pushed", digest },
  ]);
  expect(await first.tagged(empty, "1.2.3")).toBe(digest);
});
