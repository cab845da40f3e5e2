import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ConflictError, RegistryError } from "../../src/errors.js";
import { buildIndex, mediaTypes } from "../../src/oci/manifest.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { RegistryClient } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import { createTag, keptName, moveAlias, moveTag } from "../../src/registry/tag.js";
import type { VerifiedImage } from "../../src/registry/verify.js";
import { makeClient, seed } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { describeBytes, joinVariants, makeImage, makeVariant } from "../support/image.js";
import { describeRequests, type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { rivalled } from "../support/rival.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const older = makeImage({ created: "2025-11-13T14:00:00Z" });
const rival = makeImage({ created: "2025-12-24T14:00:00Z" });
const [digest, before, theirs] = [image, older, rival].map(({ index }) => index.descriptor.digest);

let at: ProxiedRegistry;
const asked = () => describeRequests(at.proxy.requests, image);

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => at.proxy.clear());

/** How a tag is set, what it holds before, and which error tells that somebody else set it. */
const ways = {
  createTag: {
    held: undefined,
    set: (using: RegistryClient, repository: Repository) => createTag(using, repository, "tag", image.index),
    kind: ConflictError,
    said: `to be published is ${digest}. Another publisher was at work, and a tag that never moves is not set again: let only one publishing job run at a time, then run this again, which compares the two.`,
  },
  moveTag: {
    held: older,
    set: (using: RegistryClient, repository: Repository) =>
      moveTag(using, repository, "tag", image.index, before),
    kind: RegistryError,
    said: `to be set was ${digest}. Another publisher is at work: let only one publishing job run at a time, then run this again.`,
  },
};

describe.each(Object.entries(ways))("%s", (_, { held, set, kind, said }) => {
  let repository: Repository;
  let direct: Repository;

  beforeEach(async () => {
    repository = at.repository();
    direct = at.direct(repository);
    await seed(direct, image);
    await seed(direct, rival);
    if (held !== undefined) await seed(direct, held, "tag");
  });

  const setByRival = () => client.putManifest(direct, "tag", rival.index);
  // What is absent would be overwritten, so that it is asked for twice.
  const sequence = ["HEAD tag", ...(held === undefined ? ["GET tag"] : []), "PUT tag", "HEAD tag"];

  /** Answers the looks at the tag after it was set, as often as there are answers. */
  const lag = (...answers: ("absent" | "before")[]) => {
    let isSet = false;
    at.proxy.setFault(({ method }): Fault | undefined => {
      if (method === "PUT") isSet = true;
      const answer = isSet && method === "HEAD" ? answers.shift() : undefined;
      if (answer === undefined) return undefined;
      if (answer === "absent") return { kind: "answer", status: 404 };
      return { kind: "answer", status: 200, headers: { "docker-content-digest": `${before}` } };
    });
  };

  async function expectRivalry(act: () => Promise<void>): Promise<void> {
    const error = await errorThrownBy(act);
    expect(error).toBeInstanceOf(kind);
    const reference = `${repository.registry}/${repository.path}:tag`;
    expect((error as Error).message).toBe(`${reference}: holds ${theirs}, ${said}`);
    expect(await at.tagged(repository, "tag")).toBe(theirs);
  }

  it("is one PUT, and a look before and after", async () => {
    await set(client, repository);
    expect(asked()).toEqual(sequence);
    expect(await at.tagged(repository, "tag")).toBe(digest);
  });

  it("writes nothing where the tag is hidden from HEAD", async () => {
    await setByRival();
    at.proxy.setFault(({ method }) => (method === "HEAD" ? { kind: "answer", status: 404 } : undefined));
    const error = await errorThrownBy(() => set(client, repository));
    expect(error).toBeInstanceOf(kind);
    expect(asked()).toEqual(["HEAD tag", "GET tag"]);
    at.proxy.clear();
    expect(await at.tagged(repository, "tag")).toBe(theirs);
  });

  it("writes nothing where it is done", async () => {
    await client.putManifest(direct, "tag", image.index);
    await set(client, repository);
    expect(asked()).toEqual(["HEAD tag", "HEAD tag"]);
  });

  it("writes nothing where another publisher was first", async () => {
    await setByRival();
    await expectRivalry(() => set(client, repository));
    expect(asked()).toEqual(["HEAD tag"]);
  });

  it("sets it once where another publisher sets it right after, and names both", async () => {
    await expectRivalry(() => set(rivalled("tag", setByRival), repository));
    expect(asked()).toEqual(sequence);
  });

  it("looks before it repeats a PUT that broke: the registry may have completed it", async () => {
    at.proxy.setFault(({ method }) => (method === "PUT" ? { kind: "lost-answer" } : undefined));
    await set(client, repository);
    expect(asked()).toEqual([...sequence, "HEAD tag"]);
  });

  it("does not repeat a PUT that broke where another publisher came first", async () => {
    at.proxy.setFault(({ method }) => (method === "PUT" ? { kind: "answer", status: 503 } : undefined));
    await expectRivalry(() => set(rivalled("tag", setByRival), repository));
    expect(asked()).toEqual(sequence);
  });

  it("repeats a PUT that came to nothing", async () => {
    let puts = 0;
    at.proxy.setFault(({ method }) =>
      method === "PUT" && ++puts < 3 ? { kind: "answer", status: 503 } : undefined,
    );
    await set(client, repository);
    expect(asked().filter((request) => request === "PUT tag")).toHaveLength(3);
    expect(await at.tagged(repository, "tag")).toBe(digest);
  });

  it("waits where the registry shows what it was set to a moment later", async () => {
    lag("absent", held === undefined ? "absent" : "before");
    await set(client, repository);
    expect(asked()).toEqual([...sequence, "HEAD tag", "HEAD tag"]);
  });

  it("waits for a time, and blames nobody", async () => {
    lag(...Array(5).fill("absent"));
    expect(await messageThrownBy(() => set(client, repository))).toBe(
      `${repository.registry}/${repository.path}:tag: was set to ${digest} and still reads back as absent. Run this again where the registry does not show it in time. Gave up after 5 attempts.`,
    );
    expect(asked().filter((request) => request === "PUT tag")).toHaveLength(1);
  });

  it.each([403, 500])("takes no answer to the look, a %i, for absence", async (status) => {
    at.proxy.setFault(({ method }) => (method === "PUT" ? undefined : { kind: "answer", status }));
    expect(await messageThrownBy(() => set(client, repository))).toContain(`answered ${status}`);
    expect(asked()).not.toContain("PUT tag");
  });
});

it("moves a tag that somebody removed in between", async () => {
  const repository = at.repository();
  await seed(at.direct(repository), image);
  await moveTag(client, repository, "tag", image.index, before);
  expect(await at.tagged(repository, "tag")).toBe(digest);
});

describe("moveAlias", () => {
  const isOurs = ({ variants }: VerifiedImage) => variants.every(({ labels }) => labels.maker === "us");
  const ours = makeImage({ labels: { maker: "us" }, created: "2025-11-13T14:00:00Z" });
  const half = joinVariants([
    makeVariant({ platform: "linux/amd64", layers: ["a"], labels: { maker: "us" } }),
    makeVariant({ platform: "linux/arm64", layers: ["a"] }),
  ]);
  const artifact = makeArtifact();

  it.each<[string, PublishableImage | undefined, boolean]>([
    ["there is none", undefined, false],
    ["it points at an older image of ours", ours, false],
    ["it points at an image of somebody else", older, true],
    ["only one platform is ours", half, true],
    ["what it points at is no image", artifact, true],
  ])("moves an alias where %s", async (_, before, isKept) => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    if (before !== undefined) await seed(at.direct(repository), before, "latest");

    const move = await moveAlias(client, repository, "latest", image.index, isOurs);

    const from = before?.index.descriptor.digest;
    const kept = isKept ? `latest-kept-${from?.slice(7, 19)}` : undefined;
    expect(move).toEqual({ tag: "latest", moved: true, ...(from && { from }), ...(kept && { kept }) });
    expect(await at.tagged(repository, "latest")).toBe(digest);
    if (kept !== undefined) {
      expect(await at.tagged(repository, kept)).toBe(from);
      expect(asked().filter((step) => step.startsWith("PUT"))).toEqual([`PUT ${kept}`, "PUT latest"]);
    }
    expect(await at.tags(repository)).toEqual(kept === undefined ? ["latest"] : ["latest", kept]);
  });

  it("only looks where the alias is right", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, "latest");
    const move = await moveAlias(client, repository, "latest", image.index, isOurs);
    expect(move).toEqual({ tag: "latest", from: digest, moved: false });
    expect(asked()).toEqual(["HEAD latest"]);
  });

  it.each([
    ["what it points at cannot be read", /^GET .*blobs/],
    ["it cannot be kept", /^PUT .*-kept-/],
  ])("does not move an alias where %s", async (_, refused) => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await seed(at.direct(repository), older, "latest");
    at.proxy.setFault(({ method, path }) =>
      refused.test(`${method} ${path}`) ? { kind: "answer", status: 403 } : undefined,
    );
    const move = () => moveAlias(client, repository, "latest", image.index, isOurs);
    expect(await messageThrownBy(move)).toContain("answered 403");
    expect(await at.tagged(repository, "latest")).toBe(older.index.descriptor.digest);
  });

  it.each([
    ["it held something else when that was planned", { current: theirs }],
    ["it did not exist when that was planned", {}],
  ])("does not move an alias where %s", async (_, planned) => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    await seed(at.direct(repository), older, "latest");
    const move = () =>
      moveAlias(client, repository, "latest", image.index, isOurs, planned as { current?: string });
    expect(await messageThrownBy(move)).toContain(
      `holds ${before}, to be set was ${digest}. Another publisher`,
    );
    expect(await at.tags(repository)).toEqual(["latest"]);
    expect(await at.tagged(repository, "latest")).toBe(before);
  });

  it("overwrites nothing that has the second name", async () => {
    const repository = at.repository();
    const kept = keptName("latest", `${before}`);
    await seed(at.direct(repository), image);
    await seed(at.direct(repository), rival, kept);
    await seed(at.direct(repository), older, "latest");
    const move = () => moveAlias(client, repository, "latest", image.index, isOurs);
    expect(await errorThrownBy(move)).toBeInstanceOf(ConflictError);
    expect(await at.tagged(repository, kept)).toBe(theirs);
    expect(await at.tagged(repository, "latest")).toBe(before);
  });
});

it("keeps an image under a name by tag and digest", () => {
  expect(keptName("latest", `sha256:${"0123456789abcdef".repeat(4)}`)).toBe("latest-kept-0123456789ab");
});

/** An index over a manifest whose configuration is the empty one of OCI artifacts. */
function makeArtifact(): PublishableImage {
  const empty = Buffer.from("{}");
  const config = describeBytes(empty, "application/vnd.oci.empty.v1+json");
  const manifest = { schemaVersion: 2 as const, mediaType: mediaTypes.manifest, config, layers: [] };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = describeBytes(bytes, mediaTypes.manifest);
  return {
    index: buildIndex([descriptor], {}),
    variants: [{ descriptor, bytes, manifest }],
    content: {
      name: "artifact",
      read: async () => empty,
      open: async () => Readable.from([empty], { objectMode: false }),
    },
  };
}
