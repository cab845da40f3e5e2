import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PruneOutcome, type PruneRequest, prune } from "../../src/cleanup/prune.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { attach, makeIndex, referrersTagOf } from "../support/artifact.js";
import {
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
import { html } from "../support/github-behaviour.js";
import { type GitHubPackagesServer, publishImage, startGitHubPackages } from "../support/github-packages.js";
import { joinVariants } from "../support/image.js";
import { type RunningRegistry, startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const token = "ghp_secret";
const today = "2026-01-10T11:00:00Z";

const [old, fresh] = [oldImage.index.descriptor.digest, newImage.index.descriptor.digest];
const oldPart = oldVariant.descriptor.digest;

let registry: RunningRegistry;
let github: GitHubPackagesServer;
let repository: Repository;
let used = 0;

const target = () =>
  makeTarget(
    repository,
    { credentials: new Map([[registry.address, { kind: "password", username: "me", password: token }]]) },
    { service: "github-packages", api: github.api },
  );

const pruneAll = (changes: Partial<PruneRequest> = {}) => prune(target(), { ...pruneRequest, ...changes });

const deletions = () => github.requests.filter(({ method }) => method === "DELETE").length;

const reasonsIn = ({ plan }: PruneOutcome) =>
  Object.fromEntries([
    ...plan.kept.map(({ digest, reason }) => [digest, reason]),
    ...plan.removable.map(({ digest, reason }) => [digest, `- ${reason}`]),
  ]);

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("a package at GitHub, with its manifests at %s", (_name, start) => {
  beforeAll(async () => {
    registry = await start();
  });
  afterAll(() => registry?.stop());
  beforeEach(async () => {
    repository = { registry: registry.address, path: `acme/app-${used++}` };
    github = await startGitHubPackages({ repository, token });
  });
  afterEach(() => github?.stop());

  /** `latest` has moved from the old image to the new one; both share a platform. */
  async function movedAlias(): Promise<void> {
    await publishImage(github, repository, oldImage);
    await publishImage(github, repository, newImage, { tags: ["1.2.3", "latest"] });
  }

  it("plans for all versions where none is named, and deletes nothing unless that is confirmed", async () => {
    await movedAlias();
    const outcome = await pruneAll({ confirm: false });
    expect(reasonsIn(outcome)).toEqual({
      [fresh]: "tagged 1.2.3, latest",
      [newImage.variants[0]?.descriptor.digest ?? ""]: "listed by 1.2.3",
      [sharedVariant.descriptor.digest]: "listed by 1.2.3",
      [old]: "- nothing tags or lists it",
      [oldPart]: `- listed by ${old}, which goes as well`,
    });
    expect(outcome).toMatchObject({ confirmed: false, listsUntagged: true, results: [] });
    expect(deletions()).toBe(0);
    expect(github.digests()).toHaveLength(5);
  });

  it("removes what no tag leads to; every tag still leads to a whole image", async () => {
    await movedAlias();
    expect(resultsIn(await pruneAll())).toEqual({ [old]: "deleted", [oldPart]: "deleted" });
    expect(github.digests()).toHaveLength(3);
    for (const tag of ["1.2.3", "latest"])
      await verifyImage(client, repository, tag, {
        digest: fresh,
        platforms: ["linux/amd64", "linux/arm64"],
      });
    expect((await pruneAll()).plan.removable).toEqual([]);
  });

  it("keeps an image that is being published: its tag comes last", async () => {
    await movedAlias();
    const next = joinVariants([oldVariant, variant("linux/arm64", "next")]);
    await publishImage(github, repository, next, { updatedAt: today });
    const outcome = await pruneAll();
    expect(reasonsIn(outcome)).toMatchObject({
      [next.index.descriptor.digest]: "changed less than 24 h ago",
      [oldPart]: `listed by ${next.index.descriptor.digest}`,
    });
    expect(resultsIn(outcome)).toEqual({ [old]: "deleted" });
    await verifyImage(client, repository, next.index.descriptor.digest);
  });

  it("keeps what jobs pin by digest", async () => {
    await movedAlias();
    expect((await pruneAll({ keep: [old] })).plan.removable).toEqual([]);
    await verifyImage(client, repository, old);
  });

  it("keeps nested indexes and referrers, and removes those of what goes", async () => {
    await movedAlias();
    const outer = makeIndex(newImage.index);
    await client.putManifest(repository, "nested", outer);
    github.publish({ digest: outer.descriptor.digest, tags: ["nested"] });
    const attached = async (image: typeof oldImage, content: string) => {
      const { referrer, index } = await attach(repository, image.index, content, { referrersTag: true });
      github.publish(
        { digest: referrer.descriptor.digest },
        { digest: `${index?.descriptor.digest}`, tags: [referrersTagOf(image.index)] },
      );
      return [referrer.descriptor.digest, `${index?.descriptor.digest}`] as const;
    };
    const [keptReferrer, keptIndex] = await attached(newImage, "of the new");
    const [referrer, index] = await attached(oldImage, "of the old");
    const outcome = await pruneAll();
    expect(reasonsIn(outcome)).toMatchObject({
      [outer.descriptor.digest]: "tagged nested",
      [keptReferrer]: "attached to 1.2.3",
      [keptIndex]: "attached to 1.2.3",
      [index]: `- attached to ${old}, which goes as well`,
      [referrer]: `- listed by ${index}, which goes as well`,
    });
    expect(resultsIn(outcome)).toEqual({
      [old]: "deleted",
      [oldPart]: "deleted",
      [index]: "deleted",
      [referrer]: "deleted",
    });
  });

  it("believes a tag that only the registry lists", async () => {
    await publishImage(github, repository, newImage, { tags: ["latest"] });
    await publishImage(github, repository, oldImage);
    await seed(repository, oldImage, "missed");
    const outcome = await pruneAll();
    expect(reasonsIn(outcome)).toMatchObject({ [old]: "tagged missed", [oldPart]: "listed by missed" });
    expect(deletions()).toBe(0);
  });

  it("keeps what was tagged since the plan", async () => {
    await movedAlias();
    let listings = 0;
    github.meanwhile(({ path }) => {
      if (path.includes("/versions?") && ++listings === 2) return seed(repository, oldImage, "1.2.2");
      return undefined;
    });
    expect(resultsIn(await pruneAll())).toEqual({
      [old]: "kept: tagged 1.2.2",
      [oldPart]: `kept: ${old} is still there`,
    });
    expect(deletions()).toBe(0);
  });

  it("leaves a version that cannot be deleted, with its parts, and goes on", async () => {
    const other = joinVariants([variant("linux/amd64", "other")]);
    await publishImage(github, repository, oldImage, { popular: true });
    await publishImage(github, repository, other);
    await publishImage(github, repository, newImage, { tags: ["latest"] });
    expect(resultsIn(await pruneAll())).toEqual({
      [old]: expect.stringContaining("refused: GitHub says: Publicly visible package versions"),
      [oldPart]: `kept: ${old} is still there`,
      [other.index.descriptor.digest]: "deleted",
      [other.variants[0]?.descriptor.digest ?? ""]: "deleted",
    });
    await verifyImage(client, repository, old);
  });

  it("goes on after a failure", async () => {
    const other = joinVariants([variant("linux/amd64", "other")]);
    await publishImage(github, repository, other);
    await movedAlias();
    github.interrupt(/^DELETE/, html(403));
    const results = Object.values(resultsIn(await pruneAll()));
    expect(results.map((result) => result.replace(/:.*/, "")).toSorted()).toEqual([
      "deleted",
      "deleted",
      "failed",
      "kept",
    ]);
    await verifyImage(client, repository, "latest");
  });

  it("removes nothing where a version has no manifest that can be read", async () => {
    await movedAlias();
    const ghost = `sha256:${"0".repeat(64)}`;
    github.publish({ digest: ghost });
    expect(await messageThrownBy(() => pruneAll())).toContain(
      `@${ghost}: the registry lists it and a request for it is answered 404`,
    );
    expect(deletions()).toBe(0);
  });

  it("removes only what is named, if anything is", async () => {
    const other = joinVariants([variant("linux/amd64", "other")]);
    await movedAlias();
    await publishImage(github, repository, other);
    expect(resultsIn(await pruneAll({ digests: [old] }))).toEqual({ [old]: "deleted", [oldPart]: "deleted" });
    await verifyImage(client, repository, other.index.descriptor.digest);
  });

  it("takes what another clean-up removed since the plan for done", async () => {
    await movedAlias();
    let listings = 0;
    github.meanwhile(async ({ path }) => {
      if (!path.includes("/versions?") || ++listings !== 2) return;
      github.withdraw(old);
      await client.deleteManifest(repository, old);
    });
    expect(resultsIn(await pruneAll())).toEqual({ [old]: "absent", [oldPart]: "deleted" });
  });

  it("does not delete what GitHub lists no version for", async () => {
    await movedAlias();
    const unlisted = joinVariants([variant("linux/amd64", "unlisted")]);
    await seed(repository, unlisted);
    const [part] = unlisted.variants;
    const { digest } = unlisted.index.descriptor;
    expect(resultsIn(await pruneAll({ digests: [digest], minAge: 0 }))).toEqual({
      [digest]: "refused: GitHub lists no version for it",
      [`${part?.descriptor.digest}`]: `kept: ${digest} is still there`,
    });
  });
});
