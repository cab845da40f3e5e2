import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildIndex } from "../../src/oci/manifest.js";
import type { PublishableImage } from "../../src/oci/source.js";
import { pushImage } from "../../src/registry/publish.js";
import type { Repository } from "../../src/registry/reference.js";
import { type Expectation, readImage, verifyImage } from "../../src/registry/verify.js";
import { makeClient, seed } from "../support/client.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { joinVariants, makeVariant } from "../support/image.js";
import { type RunningRegistry, startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const platforms = ["linux/amd64", "linux/arm64"];
const replace =
  "Delete the image there and publish it again; where a clean-up runs, let it keep all that a tagged index lists.";
const rebuild = "Publish it for exactly the platforms that are expected, without build attestations.";
const hex = `sha256:${"0".repeat(64)}`;

/** Two platforms whose content no other test has: go-containerregistry's registry keeps blobs for all repositories. */
function imageOf(content: string) {
  const [amd64, arm64] = platforms.map((platform) =>
    makeVariant({
      platform,
      layers: [`${content}: shared`, `${content} ${platform}`],
      labels: { content, platform },
    }),
  );
  if (amd64 === undefined || arm64 === undefined) throw new Error("Two platforms make two variants.");
  const [shared, own] = amd64.manifest.layers.map(({ digest }) => digest);
  return { amd64, arm64, shared: `${shared}`, own: `${own}`, image: joinVariants([amd64, arm64]) };
}

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("at %s", (_name, start) => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await start();
  });
  afterAll(() => registry?.stop());

  const repositoryOf = (path: string): Repository => ({ registry: registry.address, path });

  /** Removes something behind the client's back. */
  async function remove({ path }: Repository, what: string): Promise<void> {
    const { status } = await fetch(`http://${registry.address}/v2/${path}/${what}`, { method: "DELETE" });
    if (status !== 202) throw new Error(`DELETE ${what} was answered ${status}.`);
  }

  async function verifying(
    image: PublishableImage,
    path: string,
    missing: readonly string[],
    expected?: Expectation,
  ): Promise<string> {
    const repository = repositoryOf(path);
    await seed(repository, image, "1");
    for (const what of missing) await remove(repository, what);
    const message = await messageThrownBy(() => verifyImage(client, repository, "1", expected));
    return message.replace(`${registry.address}/${path}`, "<repository>");
  }

  it("reads every part of a whole image", async () => {
    const { image, amd64, arm64 } = imageOf("whole");
    await seed(repositoryOf("whole"), image, "1");
    const { digest } = image.index.descriptor;
    const verified = await verifyImage(client, repositoryOf("whole"), "1", {
      digest,
      platforms: platforms.toReversed(),
    });
    expect(verified).toMatchObject({
      digest,
      stored: { bytes: image.index.bytes },
      variants: [amd64, arm64].map(({ descriptor, manifest }, at) => ({
        platform: platforms[at],
        digest: descriptor.digest,
        labels: { content: "whole", platform: platforms[at] },
        created: "2025-12-13T14:00:00Z",
        config: manifest.config,
        layers: manifest.layers,
      })),
    });
  });

  it("tells a layer that is cut short from a whole one, and sends it again", async () => {
    const proxy = await startFaultProxy(registry.address);
    try {
      const { image, own } = imageOf("cut");
      const repository: Repository = { registry: proxy.address, path: "cut" };
      await seed(repositoryOf("cut"), image, "1");
      proxy.setFault(({ method, path }) =>
        path.endsWith(own) && method !== "PUT"
          ? { kind: "answer", status: 200, headers: { "content-length": "4" }, body: "half" }
          : undefined,
      );
      expect(await messageThrownBy(() => verifyImage(client, repository, "1"))).toContain(
        `layer ${own} has 4 bytes, its manifest says `,
      );
      expect((await pushImage(client, repository, image)).blobs).toMatchObject({ sent: 1 });
      // Some say a length with a GET alone.
      proxy.setFault(({ method, path }) =>
        path.endsWith(own) && method === "HEAD"
          ? { kind: "answer", status: 200, headers: { "content-length": "0" } }
          : undefined,
      );
      await verifyImage(client, repository, "1");
    } finally {
      await proxy.stop();
    }
  });

  it("reads no index of more platforms than there are", async () => {
    const { image, amd64 } = imageOf("many");
    const many = buildIndex(
      Array.from({ length: 129 }, () => amd64.descriptor),
      {},
    );
    await seed(repositoryOf("many"), image);
    await client.putManifest(repositoryOf("many"), "1", many);
    expect(await messageThrownBy(() => verifyImage(client, repositoryOf("many"), "1"))).toContain(
      "lists 129 manifests, at most 128 are read",
    );
  });

  it("reads an image that is no index", async () => {
    const { image, amd64 } = imageOf("single");
    await seed(repositoryOf("single"), image);
    await client.putManifest(repositoryOf("single"), "1", amd64);
    const { digest, variants } = await verifyImage(client, repositoryOf("single"), "1", {
      platforms: ["linux/amd64"],
    });
    expect(digest).toBe(amd64.descriptor.digest);
    expect(variants).toMatchObject([{ platform: "linux/amd64", digest }]);
  });

  it("tells an absent image from one that is not whole", async () => {
    expect(await readImage(client, repositoryOf("absent"), "1")).toBeUndefined();
    expect(await messageThrownBy(() => verifyImage(client, repositoryOf("absent"), "1"))).toBe(
      `${registry.address}/absent:1: does not exist (404). List the repository's tags for what does.`,
    );
  });

  it.each<[string, (parts: ReturnType<typeof imageOf>) => [string, string], Expectation]>([
    [
      "a layer of all platforms",
      ({ shared }) => [`blobs/${shared}`, `layer ${shared} is missing`],
      { platforms },
    ],
    ["a layer of one platform", ({ own }) => [`blobs/${own}`, `layer ${own} is missing`], {}],
    [
      "a configuration",
      ({ amd64: { manifest } }) => [
        `blobs/${manifest.config.digest}`,
        `configuration ${manifest.config.digest} is missing`,
      ],
      {},
    ],
    [
      "a manifest",
      ({ arm64: { descriptor } }) => [
        `manifests/${descriptor.digest}`,
        `manifest ${descriptor.digest} is missing; linux/arm64 is missing`,
      ],
      { platforms },
    ],
  ])("finds %s missing", async (what, part, expected) => {
    const parts = imageOf(what);
    const [missing, said] = part(parts);
    const path = what.replaceAll(" ", "-");
    expect(await verifying(parts.image, path, [missing], expected)).toBe(
      `<repository>:1 is not whole: ${said}. ${replace}`,
    );
  });

  it("names all problems in one error", async () => {
    const { image, amd64, arm64, own, shared } = imageOf("all");
    const { config } = arm64.manifest;
    const missing = [own, shared, config.digest].map((digest) => `blobs/${digest}`);
    const expected = { digest: hex, platforms: ["linux/amd64", "linux/arm64", "linux/arm/v7"] };
    expect(await verifying(image, "all", missing, expected)).toBe(
      `<repository>:1 is not whole: configuration ${config.digest} is missing; ${amd64.manifest.layers.map(({ digest }) => `layer ${digest} is missing`).join("; ")}; expected the digest ${hex}, found ${image.index.descriptor.digest}; linux/arm64 is missing; linux/arm/v7 is missing. ${replace}`,
    );
    expect(await messageThrownBy(() => readImage(client, repositoryOf("all"), "1"))).toBe(
      `${registry.address}/all@${image.index.descriptor.digest} is not whole: configuration ${config.digest} is missing. ${replace}`,
    );
  });

  describe("with what an index lists", () => {
    const layers = ["listed"];
    const amd64 = makeVariant({ platform: "linux/amd64", layers });
    const second = makeVariant({ platform: "linux/amd64", layers, created: "2025-12-14T14:00:00Z" });
    const attestations = [{}, { configuration: "{}" }].map((configuration, at) =>
      makeVariant({ platform: "unknown/unknown", layers: [`in-toto ${at}`], ...configuration }),
    );
    const unpaired = makeVariant({ platform: "linux/amd64", layers, diffIds: [] });
    const mislabelled = makeVariant({ platform: "linux/amd64", layers, listedAs: "linux/arm64" });

    it.each<[string, ReturnType<typeof makeVariant>[], Expectation, string, string?]>([
      ["too few platforms", [amd64], { platforms }, "linux/arm64 is missing"],
      [
        "too many",
        [amd64],
        { platforms: ["linux/arm64"] },
        "linux/arm64 is missing; linux/amd64 was not asked for",
      ],
      [
        "a platform twice",
        [amd64, second],
        { platforms: ["linux/amd64"] },
        "linux/amd64 is listed more than once",
      ],
      [
        "a platform twice, where none was asked for",
        [amd64, second],
        {},
        "linux/amd64 is listed more than once",
      ],
      [
        "attestations",
        [amd64, ...attestations],
        { platforms: ["linux/amd64"] },
        "unknown/unknown, a build attestation, was not asked for",
      ],
      [
        "a platform as another",
        [mislabelled],
        {},
        `manifest ${mislabelled.descriptor.digest} is for linux/amd64, the index says linux/arm64`,
        replace,
      ],
      [
        "a platform without diff ids, which nobody can unpack",
        [unpaired],
        {},
        `manifest ${unpaired.descriptor.digest} has 1 layers, its configuration diff IDs for 0`,
        replace,
      ],
      ["nothing", [], {}, "it lists nothing", replace],
    ])("refuses %s", async (what, variants, expected, said, fix = rebuild) => {
      const path = `lists/${what.replaceAll(/\W+/g, "-")}`;
      expect(await verifying(joinVariants(variants), path, [], expected)).toBe(
        `<repository>:1 is not whole: ${said}. ${fix}`,
      );
    });

    it("refuses another size of a manifest than it has", async () => {
      const listed = { ...amd64, descriptor: { ...amd64.descriptor, size: 1 } };
      const image = { ...joinVariants([listed]), variants: [amd64] };
      expect(await verifying(image, "lists/size", [])).toBe(
        `<repository>:1 is not whole: manifest ${amd64.descriptor.digest} has ${amd64.bytes.length} bytes, the index says 1. ${replace}`,
      );
    });

    it("takes the attestations of other builders where no platforms were asked for", async () => {
      const repository = repositoryOf("lists/attestations");
      await seed(repository, joinVariants([amd64, ...attestations]), "1");
      const { variants } = await verifyImage(client, repository, "1");
      expect(variants.map(({ platform }) => platform)).toEqual([
        "linux/amd64",
        "unknown/unknown",
        "unknown/unknown",
      ]);
    });
  });

  describe("through a proxy", () => {
    let proxy: FaultProxy;
    beforeAll(async () => {
      proxy = await startFaultProxy(registry.address);
    });
    afterAll(() => proxy?.stop());

    it.each([
      [403, (path: string) => path.includes("/blobs/"), "answered 403"],
      [
        500,
        (path: string) => path.includes(`/manifests/${imageOf("refused").arm64.descriptor.digest}`),
        "answered 500",
      ],
    ])("takes a %i for no missing part", async (status, isMeant, said) => {
      await seed(repositoryOf("refused"), imageOf("refused").image, "1");
      proxy.setFault(({ path }) => (isMeant(path) ? { kind: "answer", status } : undefined));
      const verify = () => verifyImage(client, { registry: proxy.address, path: "refused" }, "1");
      const message = await messageThrownBy(verify);
      expect(message).toContain(said);
      expect(message).not.toContain("missing");
    });

    it.each([403, 405])("asks with GET where HEAD of a manifest is answered %i", async (status) => {
      const { image } = imageOf("headless");
      await seed(repositoryOf("headless"), image, "1");
      proxy.setFault(({ method, path }) =>
        method === "HEAD" && path.includes("/manifests/") ? { kind: "answer", status } : undefined,
      );
      const repository = { registry: proxy.address, path: "headless" };
      expect((await client.headManifest(repository, "1"))?.digest).toBe(image.index.descriptor.digest);
      expect(await client.headManifest(repository, "2")).toBeUndefined();
    });
  });
});
