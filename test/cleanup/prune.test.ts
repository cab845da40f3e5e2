import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PruneOutcome, type PruneRequest, prune, pruneAll } from "../../src/cleanup/prune.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import { eachOf } from "../../src/registry/parallel.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { attach, makeIndex, referrersTagOf } from "../support/artifact.js";
import {
  interposed,
  makeTarget,
  newImage,
  oldImage,
  oldVariant,
  pruneRequest,
  resultsIn,
  sharedVariant,
  variant,
} from "../support/cleanup.js";
import { makeClient, seed } from "../support/client.js";
import { drawnDigest } from "../support/graph.js";
import { joinVariants } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();

const [old, fresh] = [oldImage.index.descriptor.digest, newImage.index.descriptor.digest];
const oldPart = oldVariant.descriptor.digest;

let at: ProxiedRegistry;

const deletions = () =>
  at.proxy.requests
    .filter(({ method }) => method === "DELETE")
    .map(({ path }) => path.replace(/^.*\/manifests\//, ""));

/** `latest` has moved from the old image to the new one; both share a platform. */
async function movedAlias(): Promise<Repository> {
  const repository = at.repository();
  await seed(at.direct(repository), oldImage, "latest");
  await seed(at.direct(repository), newImage, "latest");
  return repository;
}

const pruneOld = { ...pruneRequest, digests: [old] };
const pruneAt = (repository: Repository, changes: Partial<PruneRequest> = {}) =>
  prune(makeTarget(repository), { ...pruneOld, ...changes });

const fatesIn = ({ plan }: PruneOutcome) => ({
  kept: Object.fromEntries(plan.kept.map(({ digest, reason }) => [digest, reason])),
  removable: Object.fromEntries(plan.removable.map(({ digest, reason }) => [digest, reason])),
});

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("prune at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("plans, and deletes nothing unless that is confirmed", async () => {
    const repository = await movedAlias();
    const outcome = await pruneAt(repository, { confirm: false });
    expect(outcome).toMatchObject({
      repository: `${repository.registry}/${repository.path}`,
      ok: true,
      confirmed: false,
      listsUntagged: false,
      results: [],
    });
    expect(fatesIn(outcome)).toEqual({
      kept: {
        [fresh]: "tagged latest",
        [newImage.variants[0]?.descriptor.digest ?? ""]: "listed by latest",
        [sharedVariant.descriptor.digest]: "listed by latest",
      },
      removable: {
        [old]: "nothing tags or lists it",
        [oldPart]: `listed by ${old}, which goes as well`,
      },
    });
    expect(at.proxy.requests.map(({ method }) => method)).not.toContain("DELETE");
    await verifyImage(client, at.direct(repository), old);
  });

  it("removes an index, then its parts, and nothing that the tagged image needs", async () => {
    const repository = await movedAlias();
    expect(resultsIn(await pruneAt(repository))).toEqual({ [old]: "deleted", [oldPart]: "deleted" });
    expect(deletions()).toEqual([old, oldPart]);
    for (const gone of [old, oldPart])
      expect(await client.headManifest(at.direct(repository), gone)).toBeUndefined();
    await verifyImage(client, at.direct(repository), "latest", {
      digest: fresh,
      platforms: ["linux/amd64", "linux/arm64"],
    });
  });

  it("finds nothing more to do the second time", async () => {
    const repository = await movedAlias();
    await pruneAt(repository);
    at.proxy.clear();
    const { plan, results } = await pruneAt(repository);
    expect([plan.removable, results, deletions()]).toEqual([[], [], []]);
  });

  it("removes nothing that is not named", async () => {
    const repository = await movedAlias();
    expect((await pruneAt(repository, { digests: [] })).plan.removable).toEqual([]);
    expect(deletions()).toEqual([]);
  });

  it.each([
    ["a tagged image", fresh, "tagged latest"],
    ["a part of one", sharedVariant.descriptor.digest, "listed by latest"],
  ])("keeps %s that is named", async (_, named, reason) => {
    const repository = await movedAlias();
    const outcome = await pruneAt(repository, { digests: [named] });
    expect(fatesIn(outcome)).toMatchObject({ kept: { [named]: reason }, removable: {} });
    expect(deletions()).toEqual([]);
  });

  it("keeps what is on the keep list, with its parts, although nothing else leads to it", async () => {
    const repository = await movedAlias();
    const pinned = joinVariants([oldVariant]);
    await seed(at.direct(repository), pinned);
    const outcome = await pruneAt(repository, { keep: [pinned.index.descriptor.digest] });
    expect(fatesIn(outcome).kept).toMatchObject({
      [pinned.index.descriptor.digest]: "on the keep list",
      [oldPart]: `listed by ${pinned.index.descriptor.digest}`,
    });
    expect(deletions()).toEqual([old]);
    await verifyImage(client, at.direct(repository), pinned.index.descriptor.digest);
  });

  it("keeps the part of an index that a tagged index lists", async () => {
    const repository = await movedAlias();
    await client.putManifest(at.direct(repository), "all", makeIndex(oldImage.index, newImage.index));
    expect(fatesIn(await pruneAt(repository))).toMatchObject({
      kept: { [old]: "listed by all", [oldPart]: `listed by ${old}` },
      removable: {},
    });
    expect(deletions()).toEqual([]);
  });

  it("keeps referrers by the referrers tag", async () => {
    const repository = await movedAlias();
    const { referrer, index } = await attach(at.direct(repository), newImage.index, "signature", {
      referrersTag: true,
    });
    const [signature, list] = [referrer.descriptor.digest, `${index?.descriptor.digest}`];
    expect(fatesIn(await pruneAt(repository, { digests: [old, signature, list] })).kept).toMatchObject({
      [signature]: "attached to latest",
      [list]: "attached to latest",
    });
    expect(deletions()).toEqual([old, oldPart]);
  });

  it("removes referrers and their tag with the image", async () => {
    const repository = await movedAlias();
    const { referrer, index } = await attach(at.direct(repository), oldImage.index, "signature", {
      referrersTag: true,
    });
    expect(resultsIn(await pruneAt(repository))).toEqual({
      [old]: "deleted",
      [oldPart]: "deleted",
      [`${index?.descriptor.digest}`]: "deleted",
      [referrer.descriptor.digest]: "deleted",
    });
    expect(await at.tags(repository)).toEqual(["latest"]);
    expect(deletions().filter((deleted) => deleted === referrersTagOf(oldImage.index))).toHaveLength(1);
  });

  const signatureOf = (content: string) => joinVariants([variant("linux/amd64", content)]);

  it("removes what cosign attached with the image, and leaves what it attached to others", async () => {
    const repository = await movedAlias();
    const direct = at.direct(repository);
    const [gone, kept] = [oldImage.index, newImage.index].map((subject) => `${referrersTagOf(subject)}.sig`);
    const elsewhere = `sha256-${"0".repeat(64)}.sig`;
    for (const tag of [gone, kept, elsewhere]) await seed(direct, signatureOf(`${tag}`), `${tag}`);
    await pruneAt(repository);
    expect(await at.tags(repository)).toEqual(["latest", kept, elsewhere].toSorted());
  });

  describe("with a referrers API", () => {
    /** Answers as a registry does that knows of these referrers. */
    const serveReferrers = (referrers: Record<string, string>) =>
      at.proxy.setFault(({ path }) => {
        const subject = /\/referrers\/(.+)$/.exec(path)?.[1];
        if (subject === undefined) return undefined;
        const digests = Object.keys(referrers).filter((referrer) => referrers[referrer] === subject);
        const manifests = digests.map((digest) => ({ mediaType: mediaTypes.manifest, digest, size: 2 }));
        const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
        return { kind: "answer", status: 200, headers: { "content-type": mediaTypes.index }, body };
      });

    it("keeps the referrer of a tagged image, and removes that of an old one", async () => {
      const repository = await movedAlias();
      const direct = at.direct(repository);
      const { referrer: kept } = await attach(direct, newImage.index, "of the new", { referrersTag: false });
      const { referrer: gone } = await attach(direct, oldImage.index, "of the old", { referrersTag: false });
      const [keptDigest, goneDigest] = [kept.descriptor.digest, gone.descriptor.digest];
      serveReferrers({ [keptDigest]: fresh, [goneDigest]: old });
      const outcome = await pruneAt(repository, { digests: [old, keptDigest] });
      expect(fatesIn(outcome).kept).toMatchObject({ [keptDigest]: "attached to latest" });
      const [first, ...others] = deletions();
      expect(first).toBe(old);
      // Neither leads to the other: whichever is read first goes first.
      expect(others.toSorted()).toEqual([oldPart, goneDigest].toSorted());
    });

    it("removes nothing where that fails", async () => {
      const repository = await movedAlias();
      at.proxy.setFault(({ path }) =>
        path.includes("/referrers/") ? { kind: "answer", status: 502 } : undefined,
      );
      expect(await messageThrownBy(() => pruneAt(repository))).toContain("answered 502");
      expect(deletions()).toEqual([]);
    });
  });

  it.each<[string, RegExp, number]>([
    ["a tag", /manifests\/latest$/, 500],
    ["the list of tags", /tags\/list/, 403],
    ["a tagged manifest", new RegExp(`^GET .*${fresh}`), 429],
    ["a part that might refer to more", new RegExp(`^GET .*${sharedVariant.descriptor.digest}`), 403],
    ["the named manifest", new RegExp(`^GET .*${old}`), 401],
  ])("removes nothing where %s cannot be read", async (_, pattern, status) => {
    const repository = await movedAlias();
    at.proxy.setFault(({ method, path }) =>
      pattern.test(`${method} ${path}`) ? { kind: "answer", status } : undefined,
    );
    expect(await messageThrownBy(() => pruneAt(repository))).toContain(`answered ${status}`);
    expect(deletions()).toEqual([]);
  });

  it("keeps what was tagged in the meantime", async () => {
    const repository = await movedAlias();
    const target = interposed(makeTarget(repository), {
      beforeRead: (reading) => reading === 2 && seed(at.direct(repository), oldImage, "1.2.3"),
    });
    const outcome = await prune(target, pruneOld);
    expect(resultsIn(outcome)).toEqual({
      [old]: "kept: tagged 1.2.3",
      [oldPart]: `kept: ${old} is still there`,
    });
    expect(deletions()).toEqual([]);
    await verifyImage(client, at.direct(repository), "1.2.3", { digest: old });
  });

  it("keeps the part that a new image was found to use, once the old index is gone", async () => {
    const repository = await movedAlias();
    const reuse = joinVariants([oldVariant]);
    const target = interposed(makeTarget(repository), {
      beforeRead: (reading) => reading === 3 && seed(at.direct(repository), reuse, "1.2.3"),
    });
    const outcome = await prune(target, pruneOld);
    expect(resultsIn(outcome)).toEqual({ [old]: "deleted", [oldPart]: "kept: listed by 1.2.3" });
    await verifyImage(client, at.direct(repository), "1.2.3");
  });

  it("takes what is gone already for done", async () => {
    const repository = await movedAlias();
    const target = interposed(makeTarget(repository), {
      beforeRemove: (digest) => client.deleteManifest(at.direct(repository), digest),
    });
    const outcome = await prune(target, pruneOld);
    expect(resultsIn(outcome)).toEqual({ [old]: "absent", [oldPart]: "absent" });
  });

  it.each([
    [404, "with 404, but it is still there. Check that the credentials may delete, not only read."],
    [
      202,
      "as done, but it is still there. Run this again; if it stays, whoever runs the registry has to remove it. Gave up after 5 attempts.",
    ],
  ])("leaves the parts of what is said to be gone by %i, and is there", async (status, answered) => {
    const repository = await movedAlias();
    at.proxy.setFault(({ method, path }) =>
      method === "DELETE" && path.endsWith(old) ? { kind: "answer", status } : undefined,
    );
    expect(resultsIn(await pruneAt(repository))).toEqual({
      [old]: `failed: ${repository.registry}/${repository.path}@${old}: the deletion was answered ${answered}`,
      [oldPart]: `kept: ${old} is still there`,
    });
    await verifyImage(client, at.direct(repository), old);
  });

  it("waits for a registry that deletes after its answer", async () => {
    const repository = await movedAlias();
    at.proxy.setFault(({ method, path }) =>
      method === "DELETE" && path.endsWith(old) ? { kind: "answer", status: 202 } : undefined,
    );
    const sleep = () => client.deleteManifest(at.direct(repository), old);
    const outcome = await prune(makeTarget(repository, { sleep }), pruneOld);
    expect(resultsIn(outcome)).toEqual({ [old]: "deleted", [oldPart]: "deleted" });
  });

  it("takes what another clean-up removed since the plan for done", async () => {
    const repository = await movedAlias();
    const target = interposed(makeTarget(repository), {
      beforeRead: (reading) => reading === 2 && client.deleteManifest(at.direct(repository), old),
    });
    expect(resultsIn(await prune(target, { ...pruneOld, digests: [old, oldPart] }))).toEqual({
      [old]: "absent",
      [oldPart]: "deleted",
    });
  });

  it("goes on after a failure, and leaves the parts of what it could not remove", async () => {
    const repository = await movedAlias();
    const other = joinVariants([variant("linux/amd64", "other")]);
    await seed(at.direct(repository), other);
    const otherDigest = other.index.descriptor.digest;
    at.proxy.setFault(({ method, path }) =>
      method === "DELETE" && path.endsWith(old) ? { kind: "answer", status: 500 } : undefined,
    );
    const outcome = await pruneAt(repository, { digests: [old, otherDigest] });
    expect(resultsIn(outcome)).toEqual({
      [old]: `failed: ${repository.registry}/${repository.path}: DELETE manifests/${old}: the registry answered 500. Gave up after 3 attempts.`,
      [oldPart]: `kept: ${old} is still there`,
      [otherDigest]: "deleted",
      [other.variants[0]?.descriptor.digest ?? ""]: "deleted",
    });
    await verifyImage(client, at.direct(repository), old);
  });

  it("removes nothing without another look at the tags", async () => {
    const repository = await movedAlias();
    const target = interposed(makeTarget(repository), {
      beforeRead: (reading) => {
        if (reading > 1) at.proxy.setFault(() => ({ kind: "answer", status: 503 }));
      },
    });
    const outcome = await prune(target, pruneOld);
    expect(resultsIn(outcome)).toEqual({
      [old]: expect.stringMatching(/^failed: .*tags\/list.*answered 503.*Without another look at the tags/),
      [oldPart]: `kept: ${old} is still there`,
    });
    expect(deletions()).toEqual([]);
  });
});

describe("pruneAll", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("goes on where one repository cannot be read", async () => {
    const [broken, whole] = [await movedAlias(), await movedAlias()];
    at.proxy.setFault(({ path }) =>
      path.includes(broken.path) ? { kind: "answer", status: 403 } : undefined,
    );
    const outcomes = await pruneAll(
      [broken, whole].map((repository) => makeTarget(repository)),
      pruneOld,
    );
    expect(outcomes).toMatchObject([
      { repository: `${broken.registry}/${broken.path}`, ok: false, error: expect.stringContaining("403") },
      { ok: true, results: [{ result: "deleted" }, { result: "deleted" }] },
    ]);
  });

  it("removes nothing where no repository has what is to be kept", async () => {
    const repositories = [await movedAlias(), await movedAlias()];
    const targets = repositories.map((repository) => makeTarget(repository));
    const names = repositories.map(({ registry, path }) => `${registry}/${path}`);
    const keep = [fresh, drawnDigest("0")];
    expect(await messageThrownBy(() => pruneAll(targets, { ...pruneOld, keep }))).toBe(
      `--keep: expected a digest that ${names.join(" or ")} has, got "${drawnDigest("0")}". Correct it, or leave it out where that image is gone.`,
    );
    expect(deletions()).toEqual([]);
  });

  it("removes nothing where it is unknown whether a repository has what is to be kept", async () => {
    const [broken, whole] = [at.repository(), await movedAlias()];
    const targets = [broken, whole].map((repository) => makeTarget(repository));
    at.proxy.setFault(({ path }) =>
      path.includes(broken.path) ? { kind: "answer", status: 403 } : undefined,
    );
    const keep = [drawnDigest("0")];
    expect(await messageThrownBy(() => pruneAll(targets, { ...pruneOld, keep }))).toContain(
      `${broken.registry}/${broken.path}: GET manifests/${keep[0]}: the registry answered 403.`,
    );
    expect(deletions()).toEqual([]);
    expect(await pruneAll(targets, { ...pruneOld, keep: [old] })).toMatchObject([
      { ok: false },
      { ok: true },
    ]);
  });

  it("keeps what one of the repositories has", async () => {
    const [other, holder] = [at.repository(), await movedAlias()];
    await seed(at.direct(other), newImage, "latest");
    const targets = [other, holder].map((repository) => makeTarget(repository));
    expect(await pruneAll(targets, { ...pruneOld, keep: [old] })).toMatchObject([
      { ok: true, results: [] },
      { ok: true, results: [] },
    ]);
  });
});

describe("at a registry that cuts its list of tags", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry(startCraneRegistry);
  });
  afterAll(() => at?.stop());

  it("keeps what only a tag beyond the cut points at", async () => {
    const repository = await movedAlias();
    const direct = at.direct(repository);
    const tags = Array.from({ length: 1000 }, (_, number) => `a${number}`);
    await eachOf(tags, (tag) => client.putManifest(direct, tag, newImage.index));
    await client.putManifest(direct, "z", oldImage.index);
    const outcome = await pruneAt(repository);
    expect(fatesIn(outcome)).toMatchObject({ kept: { [old]: "tagged z" }, removable: {} });
    await verifyImage(client, direct, "z", { digest: old });
  });
});

describe("a long clean-up", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry(startCraneRegistry);
  });
  afterAll(() => at?.stop());

  it("looks at the tags again before each fifty deletions", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), newImage, "latest");
    const variants = Array.from({ length: 101 }, (_, number) => variant("linux/amd64", `number ${number}`));
    for (const { descriptor, bytes } of variants)
      await client.putManifest(at.direct(repository), descriptor.digest, { descriptor, bytes });
    const digests = variants.map(({ descriptor }) => descriptor.digest);
    const { results } = await pruneAt(repository, { digests });
    expect(results.map(({ result }) => result)).toEqual(Array(101).fill("deleted"));
    const steps = at.proxy.requests.filter(
      ({ method, path }) => method === "DELETE" || path.endsWith("tags/list?n=1000"),
    );
    const looks = steps.flatMap(({ method }, at) => (method === "DELETE" ? [] : [at]));
    expect(looks).toEqual([0, 1, 52, 103]);
  });
});
