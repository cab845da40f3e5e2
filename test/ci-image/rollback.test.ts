import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rollBack } from "../../src/ci-image/rollback.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { buildImage, describeImage } from "../support/ci-image.js";
import { makeClient, seed } from "../support/client.js";
import { joinVariants, makeImage, makeVariant } from "../support/image.js";
import {
  describeRequests,
  type ProxiedRegistry,
  startProxiedRegistry,
  writesIn,
} from "../support/proxied-registry.js";

const client = makeClient();
const [earlier, current] = [describeImage("FROM golang:earlier"), describeImage()];
const [good, bad] = [buildImage(earlier), buildImage(current, { shared: ["newer base"] })];
const [digest, from] = [good.index.descriptor.digest, bad.index.descriptor.digest];

let at: ProxiedRegistry;
const name = ({ registry, path }: Repository) => `${registry}/${path}`;
const requests = () => describeRequests(at.proxy.requests, good);

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

/** A repository whose aliases point at the bad image. */
async function published(...earlierTags: string[]): Promise<Repository> {
  const repository = at.repository();
  await seed(at.direct(repository), good, ...earlierTags);
  await seed(at.direct(repository), bad, current.tag, "latest", "2025.12.13");
  return repository;
}

describe("rollBack", () => {
  it("moves an alias by one PUT, and reads everything else", async () => {
    const repository = await published(earlier.tag);

    expect(await rollBack(client, [repository], earlier.tag, ["latest"])).toEqual([
      {
        repository: name(repository),
        ok: true,
        tag: earlier.tag,
        digest,
        platforms: ["linux/amd64", "linux/arm64"],
        aliases: [{ tag: "latest", from, moved: true }],
      },
    ]);

    expect(writesIn(requests())).toEqual(["PUT latest"]);
    expect(
      at.proxy.requests.filter(({ path }) => path.includes("/blobs/")).map(({ method }) => method),
    ).toEqual([
      ...["GET", "GET", "HEAD", "HEAD", "HEAD"],
      // The image that latest leaves: is it one of Slipway's?
      ...["GET", "GET"],
    ]);
    expect(await at.tagged(repository, "latest")).toBe(digest);
    expect(await at.tagged(repository, "2025.12.13")).toBe(from);
    expect(await at.tagged(repository, current.tag)).toBe(from);
  });

  it("moves the alias of a version as well, if asked", async () => {
    const repository = await published(earlier.tag);
    await rollBack(client, [repository], earlier.tag, ["latest", "2025.12.13"]);
    expect(writesIn(requests())).toEqual(["PUT latest", "PUT 2025.12.13"]);
    expect(await at.tagged(repository, "2025.12.13")).toBe(digest);
  });

  it("writes nothing where the alias is there already", async () => {
    const repository = await published(earlier.tag);
    await rollBack(client, [repository], earlier.tag, ["latest"]);
    at.proxy.clear();
    expect(await rollBack(client, [repository], earlier.tag, ["latest"])).toMatchObject([
      { ok: true, aliases: [{ tag: "latest", from: digest, moved: false }] },
    ]);
    expect(writesIn(requests())).toEqual([]);
  });

  it("takes a digest for a tag", async () => {
    const repository = await published(earlier.tag);
    await rollBack(client, [repository], digest, ["latest"]);
    expect(await at.tagged(repository, "latest")).toBe(digest);
  });

  it("goes back to an image of another builder, with its attestations", async () => {
    const repository = await published();
    const debian = joinVariants([
      makeVariant({ platform: "linux/amd64", layers: ["debian"] }),
      makeVariant({ platform: "unknown/unknown", layers: ["provenance"] }),
      makeVariant({ platform: "unknown/unknown", layers: ["sbom"] }),
    ]);
    await seed(at.direct(repository), debian, "latest-kept-0123456789ab");
    expect(await rollBack(client, [repository], "latest-kept-0123456789ab", ["latest"])).toMatchObject([
      { ok: true },
    ]);
    expect(await at.tagged(repository, "latest")).toBe(debian.index.descriptor.digest);
  });

  it("keeps an image of somebody else that the alias leaves", async () => {
    const repository = await published(earlier.tag);
    const foreign = makeImage();
    await seed(at.direct(repository), foreign, "latest");
    const kept = `latest-kept-${foreign.index.descriptor.digest.slice(7, 19)}`;
    expect(await rollBack(client, [repository], earlier.tag, ["latest"])).toMatchObject([
      { aliases: [{ kept }] },
    ]);
    expect(await at.tagged(repository, kept)).toBe(foreign.index.descriptor.digest);
  });

  it.each<[string, PublishableImage["variants"][number]["descriptor"] | undefined, string]>([
    ["a layer", good.variants[0]?.manifest.layers[0], "layer <digest> is missing"],
    ["a configuration", good.variants[0]?.manifest.config, "configuration <digest> is missing"],
    ["a platform", good.variants[0]?.descriptor, "manifest <digest> is missing"],
  ])("refuses an image without %s", async (_, missing, message) => {
    const repository = await published(earlier.tag);
    const part = `${missing?.digest}`;
    at.proxy.setFault(({ path }) => (path.endsWith(part) ? { kind: "answer", status: 404 } : undefined));
    expect(await rollBack(client, [repository], earlier.tag, ["latest"])).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: expect.stringContaining(
          `${name(repository)}:${earlier.tag} is not whole: ${message.replace("<digest>", part)}. Delete the image there`,
        ),
      },
    ]);
    expect(await at.tagged(repository, "latest")).toBe(from);
  });

  it.each([
    ["a tag that never moves", earlier.tag, [current.tag], "--aliases: expected tags that move"],
    ["an alias that is no tag", earlier.tag, ["a/b"], "--aliases: expected tags that move"],
    ["a tag that is none", "a/../b", ["latest"], "--tag: expected a tag"],
    ["no tag", "", ["latest"], "--tag: expected a tag"],
  ])("refuses %s before any request", async (_, tag, aliases, message) => {
    const repository = at.repository();
    await expect(rollBack(client, [repository], tag, aliases)).rejects.toThrow(message);
    expect(at.proxy.requests).toEqual([]);
  });

  it("refuses an alias that names another version of mise", async () => {
    const repository = await published(earlier.tag);
    expect(await rollBack(client, [repository], earlier.tag, ["2025.12.14"])).toEqual([
      {
        repository: name(repository),
        ok: false,
        error: '--aliases: expected the version of mise in that image, 2025.12.13, got "2025.12.14".',
      },
    ]);
    expect(writesIn(requests())).toEqual([]);
  });

  it("names an unknown tag, and serves the other repositories", async () => {
    const [lacking, having] = [await published(), await published(earlier.tag)];
    expect(await rollBack(client, [lacking, having], earlier.tag, ["latest"])).toMatchObject([
      {
        repository: name(lacking),
        ok: false,
        error: `${name(lacking)}:${earlier.tag}: does not exist (404). List the repository's tags for what does.`,
      },
      { repository: name(having), ok: true },
    ]);
    expect(await at.tagged(lacking, "latest")).toBe(from);
    expect(await at.tagged(having, "latest")).toBe(digest);
  });
});
