import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Descriptor } from "../../src/oci/manifest.js";
import { publishedImage, pushImage } from "../../src/registry/publish.js";
import type { Repository } from "../../src/registry/reference.js";
import { readImage, verifyImage } from "../../src/registry/verify.js";
import { directFetch, makeClient, seed } from "../support/client.js";
import { joinVariants, makeImage, makeVariant } from "../support/image.js";
import { describeRequests, type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const { digest } = image.index.descriptor;
const size = (sum: Descriptor[]) =>
  [...new Map(sum.map((b) => [b.digest, b.size])).values()].reduce((a, b) => a + b, 0);
const bytes = size(image.variants.flatMap(({ manifest }) => [manifest.config, ...manifest.layers]));

let at: ProxiedRegistry;
const asked = () => describeRequests(at.proxy.requests, image);

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("pushImage to %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("sends blobs, then the platforms, then the index, and no tag", async () => {
    const repository = at.repository();
    const transfer = await pushImage(client, repository, image);
    expect(transfer).toEqual({
      blobs: { present: 0, mounted: 0, sent: 5 },
      bytesSent: bytes,
      bytesSkipped: 0,
    });
    const steps = asked();
    expect(steps[0]).toBe("HEAD index");
    const each = (method: string) =>
      ["config", "config", "layer", "layer", "layer"].map((what) => `${method} ${what}`);
    expect(steps.slice(1, -3).sort()).toEqual([
      ...each("HEAD"),
      ...Array(5).fill("POST upload"),
      ...each("PUT"),
    ]);
    expect(steps.slice(-3)).toEqual(["PUT platform", "PUT platform", "PUT index"]);
    expect(await at.tags(repository)).toEqual([]);
  });

  it("asks for each part where all are there, and writes nothing", async () => {
    const repository = at.repository();
    await pushImage(client, repository, image);
    at.proxy.clear();
    expect(await pushImage(client, repository, image)).toEqual({
      blobs: { present: 5, mounted: 0, sent: 0 },
      bytesSent: 0,
      bytesSkipped: bytes,
    });
    const blobs = ["config", "config", "layer", "layer", "layer"].map((what) => `HEAD ${what}`);
    expect(asked().toSorted()).toEqual([...blobs, "HEAD index", "HEAD platform", "HEAD platform"].toSorted());
  });
});

describe("at distribution", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  describe("pushImage", () => {
    it("sends only what is missing", async () => {
      const repository = at.repository();
      await seed(
        at.direct(repository),
        joinVariants([makeVariant({ platform: "linux/amd64", layers: ["base"] })]),
      );
      expect(await pushImage(client, repository, image)).toMatchObject({
        blobs: { present: 1, mounted: 0, sent: 4 },
        bytesSent: bytes - 4,
        bytesSkipped: 4,
      });
    });

    it("completes an image whose platform was deleted from under its index", async () => {
      const repository = at.repository();
      await pushImage(client, repository, image);
      const [child] = image.variants;
      await client.deleteManifest(at.direct(repository), `${child?.descriptor.digest}`);
      await pushImage(client, repository, image);
      await verifyImage(client, repository, digest);
    });

    it("completes an image whose layer was deleted from under its manifests", async () => {
      const repository = at.repository();
      await pushImage(client, repository, image);
      const [layer] = image.variants[0]?.manifest.layers ?? [];
      const { registry, path } = at.direct(repository);
      const url = `http://${registry}/v2/${path}/blobs/${layer?.digest}`;
      expect((await directFetch(url, { method: "DELETE" })).status).toBe(202);
      expect(await pushImage(client, repository, image)).toMatchObject({
        blobs: { present: 4, mounted: 0, sent: 1 },
      });
      await verifyImage(client, repository, digest);
    });

    it.each([
      ["a blob", /^PUT .*blobs/, /manifests/],
      ["a platform", /^PUT .*manifests/, new RegExp(`manifests/${digest}`)],
    ])("puts nothing that lists what is missing where %s is refused", async (_, refused, never) => {
      at.proxy.setFault(({ method, path }) =>
        refused.test(`${method} ${path}`) ? { kind: "answer", status: 400 } : undefined,
      );
      expect(await messageThrownBy(() => pushImage(client, at.repository(), image))).toContain(
        "answered 400",
      );
      const put = at.proxy.requests.filter(({ method }) => method === "PUT").map(({ path }) => path);
      expect(put.filter((path) => never.test(path))).toEqual([]);
    });
  });

  describe("publishedImage", () => {
    const published = async (from: Repository, name = digest) => {
      const found = await readImage(client, from, name);
      if (found === undefined) throw new Error("The image is absent.");
      return publishedImage(client, from, found);
    };

    it("is mounted within its registry", async () => {
      const [from, to] = [at.repository(), at.repository()];
      await pushImage(client, from, image);
      const copy = await published(from);
      at.proxy.clear();
      expect((await pushImage(client, to, copy)).blobs).toEqual({ present: 0, mounted: 5, sent: 0 });
      expect(asked().filter((step) => /^PUT (layer|config)$/.test(step))).toEqual([]);
      expect((await verifyImage(client, to, digest)).stored.bytes).toEqual(image.index.bytes);
    });

    it("is sent on to another registry, byte by byte the same", async () => {
      const other = await startCraneRegistry();
      const from = at.repository();
      await pushImage(client, from, image);
      const to = { registry: other.address, path: "acme/copy" };
      expect((await pushImage(client, to, await published(from))).blobs.sent).toBe(5);
      expect((await verifyImage(client, to, digest)).stored.bytes).toEqual(image.index.bytes);
      await other.stop();
    });

    it("names the registry that it is read from where that fails", async () => {
      const other = await startCraneRegistry();
      const [from, to] = [at.repository(), { registry: other.address, path: "acme/copy" }];
      await pushImage(client, from, image);
      const copy = await published(from);
      at.proxy.setFault(({ path }) =>
        path.includes("/blobs/") ? { kind: "interrupted-answer" } : undefined,
      );
      expect(await messageThrownBy(() => pushImage(client, to, copy))).toMatch(
        new RegExp(
          `^${at.proxy.address}/${from.path}: GET blobs/sha256:\\w+: the answer broke off: .*after 3 attempts\\.$`,
        ),
      );
      await other.stop();
    });

    it("may be a single manifest", async () => {
      const [from, to] = [at.repository(), at.repository()];
      await pushImage(client, from, image);
      const [amd64] = image.variants;
      const name = `${amd64?.descriptor.digest}`;
      await pushImage(client, to, await published(from, name));
      expect(await verifyImage(client, to, name)).toMatchObject({
        digest: name,
        variants: [{ platform: "linux/amd64" }],
      });
    });
  });
});
