import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildAttachment } from "../../src/oci/attachment.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import { keepListed, pushAttachments, readReferrers } from "../../src/registry/referrers.js";
import { attach, makeIndex, referrersTagOf, storedManifest } from "../support/artifact.js";
import { makeClient, seed } from "../support/client.js";
import { makeImage } from "../support/image.js";
import { startMemoryRegistry } from "../support/memory-registry.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const { descriptor } = image.index;
const documentOf = (text: string) => ({
  mediaType: "application/vnd.example.note",
  bytes: Buffer.from(text),
  annotations: { "com.example.note": text },
});
const one = buildAttachment(descriptor, documentOf("one"));
const two = buildAttachment(descriptor, documentOf("two"));
const listed = (...attachments: (typeof one)[]) =>
  attachments
    .map(({ manifest }) => ({
      digest: manifest.descriptor.digest,
      artifactType: "application/vnd.example.note",
    }))
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
const read = async (repository: Parameters<typeof readReferrers>[1]) =>
  (await readReferrers(client, repository, descriptor.digest)).toSorted((a, b) =>
    a.digest < b.digest ? -1 : 1,
  );

let at: ProxiedRegistry;
const writes = () => at.proxy.requests.filter(({ method }) => ["POST", "PUT", "PATCH"].includes(method));

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
  ["one with the referrers API", () => startMemoryRegistry({ referrers: true })],
])("at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("attaches documents one after the other, each listed once with what it is", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await pushAttachments(client, repository, [one]);
    await pushAttachments(client, repository, [one, two]);
    const found = await read(repository);
    expect(found).toMatchObject(listed(one, two));
    expect(found.map(({ annotations }) => annotations?.["com.example.note"]).toSorted()).toEqual([
      "one",
      "two",
    ]);
  });

  it("attaches what is attached to an image that has nothing", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    expect(await read(repository)).toEqual([]);
  });
});

describe("at a registry without the referrers API", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  const tag = referrersTagOf(image.index);

  it("keeps what others have listed, with all its fields", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    const { referrer } = await attach(repository, image.index, "of somebody else", { referrersTag: false });
    const entry = { ...referrer.descriptor, artifactType: "application/vnd.example.signature", data: "e30=" };
    const index = makeIndex({ ...referrer, descriptor: entry });
    await client.putManifest(repository, tag, index);
    await pushAttachments(client, repository, [one]);
    const stored = await client.getManifest(repository, tag);
    const { manifests } = JSON.parse(stored?.bytes.toString() ?? "");
    expect(manifests).toEqual([entry, one.listed]);
  });

  it("lists again what another publisher's list has taken the place of", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await pushAttachments(client, at.direct(repository), [two]);
    at.proxy.clear();
    let taken = 0;
    at.proxy.setFault(({ method, path }) =>
      method === "PUT" && path.endsWith(tag) && taken++ === 0 ? { kind: "answer", status: 201 } : undefined,
    );
    await pushAttachments(client, repository, [one]);
    expect(taken).toBe(2);
    expect(await read(repository)).toMatchObject(listed(one, two));
  });

  it("completes a list that another publisher has written since, and reads one that is whole once", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    const underTags = await pushAttachments(client, repository, [one]);
    expect(underTags).toEqual([one]);
    await client.deleteManifest(repository, (await at.tagged(repository, tag)) ?? "");
    await pushAttachments(client, at.direct(repository), [two]);
    await keepListed(client, repository, underTags);
    expect(await read(repository)).toMatchObject(listed(one, two));
    at.proxy.clear();
    await keepListed(client, repository, underTags);
    expect(at.proxy.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("refuses a tag of that name that holds an image", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    const [platform] = image.variants;
    if (platform !== undefined)
      await client.putManifest(repository, tag, { descriptor: platform.descriptor, bytes: platform.bytes });
    const message = await messageThrownBy(() => pushAttachments(client, repository, [one]));
    expect(message).toContain(
      `${repository.registry}/${repository.path}:${tag}: expected the list of what is attached to ${descriptor.digest}`,
    );
    expect(message).toContain("give that image another tag");
  });

  it("refuses one that holds an image of several platforms, and changes nothing", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await client.putManifest(repository, tag, image.index);
    expect(await messageThrownBy(() => pushAttachments(client, repository, [one]))).toContain(
      "got an image.",
    );
    expect(await at.tagged(repository, tag)).toBe(descriptor.digest);
  });

  it("writes a list of Docker's form as one of OCI", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    const { referrer } = await attach(repository, image.index, "of somebody else", { referrersTag: false });
    const list = {
      schemaVersion: 2,
      mediaType: mediaTypes.dockerIndex,
      manifests: [referrer.descriptor],
    };
    await client.putManifest(repository, tag, storedManifest(list, mediaTypes.dockerIndex));
    await pushAttachments(client, repository, [one]);
    const stored = await client.getManifest(repository, tag);
    expect(stored?.descriptor.mediaType).toBe(mediaTypes.index);
    expect(JSON.parse(stored?.bytes.toString() ?? "")).toMatchObject({ mediaType: mediaTypes.index });
  });

  it("leaves out what is gone where the registry does not take a list of it", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await pushAttachments(client, repository, [two]);
    await client.deleteManifest(repository, two.manifest.descriptor.digest);
    await pushAttachments(client, repository, [one]);
    expect(await read(repository)).toMatchObject(listed(one));
  });

  it("says what a list lacks that never shows what was attached", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    at.proxy.setFault(({ method, path }) =>
      method === "GET" && path.endsWith(tag) ? { kind: "answer", status: 404 } : undefined,
    );
    const message = await messageThrownBy(() => pushAttachments(client, repository, [one]));
    expect(message).toContain(
      `was attached as ${one.manifest.descriptor.digest}, and the registry does not list it`,
    );
    expect(writes().filter(({ path }) => path.endsWith(tag))).toHaveLength(5);
  });
});

describe("at a registry with the referrers API", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry(() => startMemoryRegistry({ referrers: true }));
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("waits until the registry lists what it took, and writes no tag", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    at.proxy.clear();
    let looks = 0;
    at.proxy.setFault(({ path }) => {
      if (!path.includes("/referrers/")) return undefined;
      looks += 1;
      return looks < 3 ? { kind: "answer", status: 200, body: '{"manifests":[]}' } : undefined;
    });
    expect(await pushAttachments(client, repository, [one])).toEqual([]);
    expect(looks).toBe(3);
    expect(writes().filter(({ path }) => path.includes("sha256-"))).toEqual([]);
  });

  it("says what it never lists", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    at.proxy.setFault(({ path }) =>
      path.includes("/referrers/") ? { kind: "answer", status: 200, body: '{"manifests":[]}' } : undefined,
    );
    expect(await messageThrownBy(() => pushAttachments(client, repository, [one]))).toContain(
      "and the registry does not list it",
    );
  });
});
