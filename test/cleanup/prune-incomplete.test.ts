import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PruneRequest, prune } from "../../src/cleanup/prune.js";
import { removeTag } from "../../src/cleanup/remove-tag.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { attach, makeIndex, referrersTagOf } from "../support/artifact.js";
import { interposed, makeTarget, newImage, oldImage, pruneRequest } from "../support/cleanup.js";
import { makeClient, seed } from "../support/client.js";
import type { FaultChooser } from "../support/fault.js";
import { type GitHubPackagesServer, publishImage, startGitHubPackages } from "../support/github-packages.js";
import { type ListPage, listPages } from "../support/list-pages.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const [old, fresh] = [oldImage.index.descriptor.digest, newImage.index.descriptor.digest];

const ofList = (...pages: readonly ListPage[]) => listPages("/tags/list", ...pages);

/** What a registry may answer in place of a list of 1.0.0 and latest, by how it is wrong. */
const faults: Record<string, FaultChooser> = {
  "the list is answered 404": ofList(404),
  "the list is null": ofList({ tags: null }),
  "the list is empty": ofList({ tags: [] }),
  "the list ends early": ofList({ tags: ["1.0.0"] }),
  "its second page is answered 404": ofList({ tags: ["latest"] }, 404),
  "its second page is null": ofList({ tags: ["latest"] }, { tags: null }),
  "1.0.0 is listed and answered 404": ofTag("1.0.0"),
  "latest is listed and answered 404": ofTag("latest"),
};

function ofTag(tag: string): FaultChooser {
  return ({ method, path }) =>
    method === "HEAD" && path.endsWith(`/manifests/${tag}`) ? { kind: "answer", status: 404 } : undefined;
}

let at: ProxiedRegistry;
let repository: Repository;
let direct: Repository;

beforeAll(async () => {
  at = await startProxiedRegistry(startCraneRegistry);
});
afterAll(() => at?.stop());
beforeEach(() => {
  at.proxy.clear();
  repository = at.repository();
  direct = at.direct(repository);
});

const deletions = () => at.proxy.requests.filter(({ method }) => method === "DELETE");

describe.each(Object.entries(faults))("where %s", (_, fault) => {
  it("prune removes nothing", async () => {
    await seed(direct, oldImage, "1.0.0");
    await seed(direct, newImage, "latest");
    at.proxy.setFault(fault);
    const pruned = () => prune(makeTarget(repository), { ...pruneRequest, digests: [old, fresh] });
    expect(await messageThrownBy(pruned)).toContain("is unknown");
    expect(deletions()).toEqual([]);
    await verifyImage(client, direct, "1.0.0", { digest: old });
    await verifyImage(client, direct, "latest", { digest: fresh });
  });

  it("prune removes nothing more", async () => {
    await seed(direct, oldImage);
    await seed(direct, newImage, "latest");
    const target = interposed(makeTarget(repository), {
      beforeRead: async (reading) => {
        if (reading === 1) return;
        await seed(direct, oldImage, "1.0.0");
        at.proxy.setFault(fault);
      },
    });
    const { plan, results } = await prune(target, { ...pruneRequest, digests: [old] });
    expect(plan.removable).not.toEqual([]);
    expect(results.map(({ result }) => result)).toEqual(["failed", "kept"]);
    await verifyImage(client, direct, "1.0.0", { digest: old });
  });

  it("a tag is not removed with the manifest that another needs", async () => {
    await seed(direct, oldImage, "0.1.0-test", "1.0.0", "latest");
    at.proxy.setFault((request) =>
      request.method === "DELETE" && !request.path.includes("sha256:")
        ? { kind: "answer", status: 405 }
        : fault(request),
    );
    expect(await messageThrownBy(() => removeTag(makeTarget(repository), "0.1.0-test"))).toContain(
      "is unknown",
    );
    await verifyImage(client, direct, "latest", { digest: old });
  });
});

describe("at GitHub", () => {
  const token = "ghp_secret";
  let github: GitHubPackagesServer;

  beforeEach(async () => {
    github = await startGitHubPackages({ repository: direct, token });
    await publishImage(github, direct, oldImage);
    await seed(direct, oldImage, "1.0.0");
  });
  afterEach(() => github?.stop());

  const pruned = () => {
    const credentials = new Map([
      [repository.registry, { kind: "password" as const, username: "me", password: token }],
    ]);
    const hosted = { service: "github-packages" as const, api: github.api };
    return prune(makeTarget(repository, { credentials }, hosted), pruneRequest);
  };
  const expectWhole = async () => {
    expect(github.requests.map(({ method }) => method)).not.toContain("DELETE");
    await verifyImage(client, direct, "1.0.0", { digest: old });
  };

  it.each(Object.entries(faults))(
    "prune removes nothing of a tag that it missed, where %s",
    async (_, fault) => {
      await publishImage(github, direct, newImage, { tags: ["latest"] });
      at.proxy.setFault(fault);
      // GitHub knows what latest is, so that it is not asked for.
      await pruned().catch(() => {});
      await expectWhole();
    },
  );

  it.each(["the list is answered 404", "the list is null"])(
    "prune removes nothing where it knows no tag and %s",
    async (fault) => {
      at.proxy.setFault(faults[fault] ?? (() => undefined));
      expect(await messageThrownBy(pruned)).toContain("is unknown");
      await expectWhole();
    },
  );
});

describe("prune keeps what is needed by way of", () => {
  const [platform] = newImage.variants.map(({ descriptor }) => descriptor.digest);
  const request: PruneRequest = { ...pruneRequest, digests: [`${platform}`] };

  it("an index between them that is answered 404", async () => {
    await seed(direct, newImage);
    await client.putManifest(direct, "latest", makeIndex(newImage.index));
    at.proxy.setFault(({ path }) => (path.endsWith(fresh) ? { kind: "answer", status: 404 } : undefined));
    expect(await messageThrownBy(() => prune(makeTarget(repository), request))).toContain("is unknown");
    await verifyImage(client, direct, fresh);
  });

  it("an image that something tagged is attached to", async () => {
    await seed(direct, newImage);
    const { referrer } = await attach(direct, newImage.index, "sbom", { referrersTag: false });
    await client.putManifest(direct, "sbom", referrer);
    expect((await prune(makeTarget(repository), request)).plan.removable).toEqual([]);
  });

  it.each<[string, ListPage]>([
    ["answered 404", 404],
    ["null", { manifests: null }],
  ])("what is attached, where the second page of that is %s", async (_, page) => {
    await seed(direct, oldImage, "latest");
    await seed(direct, newImage);
    at.proxy.setFault(listPages("/referrers/", { manifests: [] }, page));
    expect(await messageThrownBy(() => prune(makeTarget(repository), request))).toContain("is unknown");
    expect(deletions()).toEqual([]);
  });

  it.each([
    ["an image", (subject: string) => client.putManifest(direct, subject, newImage.index)],
    [
      "an index of platforms under the digest of something else",
      async () => {
        await seed(direct, oldImage);
        await client.putManifest(direct, referrersTagOf(oldImage.index), newImage.index);
      },
    ],
  ])("a tag that somebody named by a digest, of %s", async (_, tag) => {
    await seed(direct, newImage);
    await tag(referrersTagOf(newImage.index));
    const outcome = await prune(makeTarget(repository), { ...request, digests: [fresh, old] });
    expect(outcome.plan.removable).toEqual([]);
    await verifyImage(client, direct, fresh);
  });
});
