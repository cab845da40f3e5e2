import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GraphReader, type Inventory, parseReferences } from "../../src/cleanup/graph-reader.js";
import { TagReader } from "../../src/cleanup/tag-reader.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { StoredManifest } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import { attach, makeIndex, referrersTagOf, storedManifest } from "../support/artifact.js";
import { makeClient, seed } from "../support/client.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry, writesIn } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const { digest } = image.index.descriptor;
const platforms = image.variants.map(({ descriptor }) => descriptor.digest).toSorted();
const absent = `sha256:${"0".repeat(64)}`;

let at: ProxiedRegistry;

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("GraphReader at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  /** What the inventory leads to, as what each manifest lists and is attached to. */
  async function reading(
    repository: Repository,
    inventory: Omit<Inventory, "tags"> = {},
    referrersOf?: (digest: string) => Promise<readonly string[]>,
  ) {
    const reader = new GraphReader(client, repository, referrersOf);
    const graph = await reader.read({ tags: await new TagReader(client, repository).read(), ...inventory });
    return {
      tags: Object.fromEntries(graph.tags),
      manifests: Object.fromEntries(
        [...graph.manifests].map(([key, { digest: _, ...node }]) => [
          key,
          { ...node, children: node.children.toSorted() },
        ]),
      ),
    };
  }

  const leaves = Object.fromEntries(platforms.map((platform) => [platform, { children: [] }]));

  it("follows tags to what they list, and only reads", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "1.2.3", "latest");
    expect(await reading(repository)).toEqual({
      tags: { "1.2.3": digest, latest: digest },
      manifests: { [digest]: { children: platforms }, ...leaves },
    });
    expect(writesIn(at.proxy.requests.map(({ method, path }) => `${method} ${path}`))).toEqual([]);
  });

  it("follows nested indexes", async () => {
    const repository = at.repository();
    const outer = makeIndex(image.index);
    await seed(at.direct(repository), image);
    await client.putManifest(at.direct(repository), "latest", outer);
    expect((await reading(repository)).manifests).toEqual({
      [outer.descriptor.digest]: { children: [digest], indexes: [digest] },
      [digest]: { children: platforms },
      ...leaves,
    });
  });

  it("reads what the referrers tag holds", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    const { referrer, index } = await attach(at.direct(repository), image.index, "signature", {
      referrersTag: true,
    });
    expect(await reading(repository)).toEqual({
      tags: { latest: digest, [referrersTagOf(image.index)]: index?.descriptor.digest },
      manifests: {
        [digest]: { children: platforms },
        ...leaves,
        [`${index?.descriptor.digest}`]: { children: [referrer.descriptor.digest] },
        [referrer.descriptor.digest]: { children: [], subject: digest },
      },
    });
  });

  it("asks for the referrers of all it finds", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    const [platform] = platforms;
    const subject = image.variants.find(({ descriptor }) => descriptor.digest === platform);
    if (subject === undefined) throw new Error("The image has no platforms.");
    const { referrer } = await attach(at.direct(repository), subject, "sbom", { referrersTag: false });
    const { manifests } = await reading(repository, {}, async (of) =>
      of === platform ? [referrer.descriptor.digest] : [],
    );
    expect(manifests[referrer.descriptor.digest]).toEqual({ children: [], subject: platform });
  });

  it("takes named manifests that are absent for absent", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    expect((await reading(repository, { named: [digest, absent] })).manifests).toEqual({
      [digest]: { children: platforms },
      ...leaves,
    });
  });

  it("takes parts that are absent for absent", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    await client.deleteManifest(at.direct(repository), `${platforms[0]}`);
    expect(Object.keys((await reading(repository)).manifests).toSorted()).toEqual(
      [digest, `${platforms[1]}`].toSorted(),
    );
  });

  it("adds when something was changed", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    const { manifests } = await reading(repository, { listed: new Map([[digest, 5]]) });
    expect(manifests[digest]).toEqual({ children: platforms, changed: 5 });
  });

  it("finds nothing in a repository that is absent", async () => {
    expect(await reading(at.repository())).toEqual({ tags: {}, manifests: {} });
  });

  it("reads a manifest once, and tags each time", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    const [tags, reader] = [new TagReader(client, repository), new GraphReader(client, repository)];
    await reader.read({ tags: await tags.read() });
    at.proxy.clear();
    await reader.read({ tags: await tags.read() });
    expect(at.proxy.requests.map(({ method, path }) => `${method} ${path.split("/").at(-1)}`)).toEqual([
      "GET list?n=1000",
      "GET list?n=1000&last=latest",
      "HEAD latest",
    ]);
  });

  it("reads what a tagged manifest is attached to, and what that lists", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    const { referrer } = await attach(at.direct(repository), image.index, "sbom", { referrersTag: false });
    await client.putManifest(at.direct(repository), "sbom", referrer);
    expect((await reading(repository)).manifests).toEqual({
      [referrer.descriptor.digest]: { children: [], subject: digest },
      [digest]: { children: platforms },
      ...leaves,
    });
  });

  it("refuses to read on where an index that a tag leads to is not given", async () => {
    const repository = at.repository();
    const outer = makeIndex(image.index);
    await seed(at.direct(repository), image);
    await client.putManifest(at.direct(repository), "latest", outer);
    await client.deleteManifest(at.direct(repository), digest);
    expect(await messageThrownBy(() => reading(repository))).toBe(
      `${repository.registry}/${repository.path}@${digest}: ${outer.descriptor.digest} lists it and a request for it is answered 404, so what it refers to is unknown. Run this again; if it stays, remove that index, or publish it again.`,
    );
  });

  it("takes an index that only a named one lists for absent", async () => {
    const repository = at.repository();
    const outer = makeIndex(image.index);
    await seed(at.direct(repository), image);
    const { digest: named } = outer.descriptor;
    await client.putManifest(at.direct(repository), named, outer);
    await client.deleteManifest(at.direct(repository), digest);
    expect(Object.keys((await reading(repository, { named: [named] })).manifests)).toEqual([named]);
  });

  it("refuses to read on where a referrer is listed and not given", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    expect(await messageThrownBy(() => reading(repository, {}, async () => [absent]))).toContain(
      `@${absent}: the registry lists it and a request for it is answered 404`,
    );
  });

  it("refuses to read on where the registry lists what it does not give", async () => {
    const repository = at.repository();
    expect(await messageThrownBy(() => reading(repository, { listed: new Map([[absent, 0]]) }))).toBe(
      `${repository.registry}/${repository.path}@${absent}: the registry lists it and a request for it is answered 404, so what it refers to is unknown. Run this again; if it stays, remove that manifest by hand.`,
    );
  });

  it.each([
    ["a tag", /manifests\/latest/, 403],
    ["the tags", /tags\/list/, 500],
    ["a tagged manifest", new RegExp(`GET .*${digest}`), 401],
    ["a part", new RegExp(`GET .*${platforms[0]}`), 429],
  ])("takes no answer about %s for its absence", async (_, pattern, status) => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    at.proxy.setFault(({ method, path }) =>
      pattern.test(`${method} ${path}`) ? { kind: "answer", status } : undefined,
    );
    expect(await messageThrownBy(() => reading(repository))).toContain(`answered ${status}`);
  });
});

describe("parseReferences", () => {
  const one = `sha256:${"1".repeat(64)}`;
  const two = `sha256:${"2".repeat(64)}`;
  const artifact = "application/vnd.oci.artifact.manifest.v1+json";
  const of = (listed: string, mediaType: string = mediaTypes.manifest) => ({ mediaType, digest: listed });
  const schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

  it.each<[string, StoredManifest, object]>([
    [
      "an index",
      storedManifest({ manifests: [of(one), of(two), of(one)] }, mediaTypes.index),
      { children: [one, two] },
    ],
    [
      "a manifest list",
      storedManifest({ manifests: [of(one, mediaTypes.dockerManifest)] }, mediaTypes.dockerIndex),
      { children: [one] },
    ],
    [
      "an index of indexes",
      storedManifest(
        { manifests: [of(one, mediaTypes.index), of(two, mediaTypes.dockerIndex)] },
        mediaTypes.index,
      ),
      { children: [one, two], indexes: [one, two] },
    ],
    [
      "an index that does not say what it lists",
      storedManifest({ manifests: [{ digest: one }, of(two)] }, mediaTypes.index),
      { children: [one, two], indexes: [one] },
    ],
    [
      "BuildKit's index of a build cache, which lists layers",
      storedManifest(
        { manifests: [of(one, "application/vnd.oci.image.layer.v1.tar+gzip")] },
        mediaTypes.index,
      ),
      { children: [one] },
    ],
    [
      "an index with a subject",
      storedManifest({ manifests: [of(one)], subject: { digest: two } }, mediaTypes.index),
      { children: [one], subject: two },
    ],
    ["an empty index", storedManifest({ manifests: null }, mediaTypes.index), { children: [] }],
    [
      "a manifest, whose layers are no manifests",
      storedManifest({ layers: [{ digest: one }] }, mediaTypes.manifest),
      { children: [] },
    ],
    [
      "an attached manifest",
      storedManifest({ subject: { digest: one } }, mediaTypes.manifest),
      { children: [], subject: one },
    ],
    ["an artifact", storedManifest({ subject: { digest: one } }, artifact), { children: [], subject: one }],
    ["a manifest of schema 1", storedManifest({ fsLayers: [] }, schema1), { children: [] }],
  ])("reads %s", (_, stored, expected) => {
    expect(parseReferences(stored, "app")).toEqual({ digest: stored.descriptor.digest, ...expected });
  });

  const unknown = "so what it refers to is unknown. Nothing is removed from a repository that holds it.";

  it.each<[string, StoredManifest, string]>([
    [
      "a media type of the future",
      storedManifest({ manifests: [] }, "application/vnd.oci.image.index.v2+json"),
      `app: is of the media type "application/vnd.oci.image.index.v2+json", ${unknown}`,
    ],
    ["no media type", storedManifest({ manifests: [] }, ""), `app: is of the media type "", ${unknown}`],
    [
      "no JSON",
      { ...storedManifest({}, mediaTypes.index), bytes: Buffer.from("<html>") },
      `app: is not the JSON of a manifest with SHA-256 digests, ${unknown}`,
    ],
    [
      "two lists of manifests, of which programs differ in the one that counts",
      { ...storedManifest({}, mediaTypes.index), bytes: Buffer.from('{"manifests":[],"manifests":[]}') },
      `app: has "manifests" beside the name of a field, ${unknown}`,
    ],
    [
      "lists in lists",
      { ...storedManifest({}, mediaTypes.index), bytes: Buffer.from(`{"a":${"[".repeat(200)}`) },
      `app: is more than JSON nested at most 100 deep, ${unknown}`,
    ],
    [
      "a list in another spelling",
      storedManifest({ manifests: [], Manifests: [] }, mediaTypes.index),
      `app: has "Manifests" beside the name of a field, ${unknown}`,
    ],
    [
      "a reference that is no digest",
      storedManifest({ manifests: [{ digest: "latest" }] }, mediaTypes.index),
      `app: is not the JSON of a manifest with SHA-256 digests, ${unknown}`,
    ],
  ])("refuses %s", async (_, stored, message) => {
    expect(await messageThrownBy(() => parseReferences(stored, "app"))).toBe(message);
  });
});
