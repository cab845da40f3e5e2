import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { removeTag, removeTags } from "../../src/cleanup/remove-tag.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeIndex } from "../support/artifact.js";
import { makeTarget } from "../support/cleanup.js";
import { makeClient, seed } from "../support/client.js";
import {
  type GitHubPackagesOptions,
  type GitHubPackagesServer,
  publishImage,
  startGitHubPackages,
} from "../support/github-packages.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const test = "0.0.1-test";
const image = makeImage();
const other = makeImage({ created: "2025-11-13T14:00:00Z" });
const { digest } = image.index.descriptor;

let at: ProxiedRegistry;

const sent = (method: string) => at.proxy.requests.filter((request) => request.method === method).length;
const named = (message: string, { registry, path }: Repository) =>
  message.replaceAll(`${registry}/${path}`, "<repository>");

/** As distribution 2.8, which answers with either. */
const refuseTagDeletion = (status = 405) =>
  at.proxy.setFault(({ method, path }) =>
    method === "DELETE" && !path.includes("sha256:") ? { kind: "answer", status } : undefined,
  );

const platformTag = `${test}-amd64`;
const variants = [`v${test}`, test, platformTag];
const all = { name: test, pick: () => [...variants, `${test}-gone`] };

/** A pre-release with two tags of all platforms and one of a single platform, beside a stable version. */
async function variantsOf(): Promise<Repository> {
  const repository = at.repository();
  const [variant] = image.variants;
  if (variant === undefined) throw new Error("the image has no platform");
  await seed(at.direct(repository), other, "1.2.3");
  await seed(at.direct(repository), image, `v${test}`, test);
  await client.putManifest(at.direct(repository), platformTag, variant);
  return repository;
}

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("removeTag at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it("removes a tag and nothing else", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    await seed(at.direct(repository), other, "1.2.3", "latest");
    expect(await removeTag(makeTarget(repository), test)).toEqual({
      repository: `${repository.registry}/${repository.path}`,
      ok: true,
      tag: test,
      digest,
      result: "deleted",
    });
    expect(await at.tags(repository)).toEqual(["1.2.3", "latest"]);
  });

  it("takes an absent tag for removed, and sends no deletion", async () => {
    const repository = at.repository();
    expect(await removeTag(makeTarget(repository), test)).toEqual({
      repository: `${repository.registry}/${repository.path}`,
      ok: true,
      tag: test,
      result: "absent",
    });
    expect(sent("DELETE")).toBe(0);
  });

  it("goes on where one repository cannot be read", async () => {
    const [broken, whole] = [at.repository(), at.repository()];
    await seed(at.direct(whole), image, test);
    at.proxy.setFault(({ path }) =>
      path.includes(broken.path) ? { kind: "answer", status: 403 } : undefined,
    );
    const removals = await removeTags(
      [broken, whole].map((repository) => makeTarget(repository)),
      { name: test, pick: () => [test] },
    );
    expect(removals).toMatchObject([
      { repository: `${broken.registry}/${broken.path}`, ok: false, error: expect.stringContaining("403") },
      { ok: true, digest, result: "deleted" },
    ]);
  });

  it("removes all tags of a pre-release, each with a result", async () => {
    const repository = await variantsOf();
    const removals = await removeTags([makeTarget(repository)], all);
    expect(removals.map((removal) => removal.ok && [removal.tag, removal.result])).toEqual(
      variants.map((tag) => [tag, "deleted"]),
    );
    expect(await at.tags(repository)).toEqual(["1.2.3"]);
  });

  it("removes none of them with a tag that stays", async () => {
    const repository = await variantsOf();
    await seed(at.direct(repository), image, "pr-17");
    refuseTagDeletion();
    const removals = await removeTags([makeTarget(repository)], all);
    expect(removals.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(await at.tags(repository)).toEqual([...variants, "1.2.3", "pr-17"].toSorted());
  });

  it("lets the tags of the repository decide, and removes what they leave out", async () => {
    const repository = await variantsOf();
    await seed(at.direct(repository), makeImage({ created: "2025-10-13T14:00:00Z" }), "0.0.2-test");
    const lists: (readonly string[])[] = [];
    const pick = (listed: readonly string[]) => {
      lists.push(listed.toSorted());
      return ["0.0.2-test"];
    };
    await removeTags([makeTarget(repository)], { name: test, pick });
    expect(lists).toEqual([[...variants, "0.0.2-test", "1.2.3"].toSorted()]);
    expect(await at.tags(repository)).toEqual([...variants, "1.2.3"].toSorted());
  });

  it("leaves the manifest to the tags that share it, or all as it is", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test, "1.2.3");
    const outcome = await removeTag(makeTarget(repository), test).catch(() => "refused");
    expect(await at.tags(repository)).toEqual(outcome === "refused" ? ["0.0.1-test", "1.2.3"] : ["1.2.3"]);
    expect(await at.tagged(repository, "1.2.3")).toBe(digest);
  });

  it.each<[string, (repository: Repository) => Promise<unknown>, string]>([
    ["another tag", (repository) => seed(repository, image, "1.2.3"), "1.2.3"],
    ["two tags", (repository) => seed(repository, image, "1.2.3", "latest"), "1.2.3, latest"],
    [
      "an index",
      (repository) => client.putManifest(repository, "all", makeIndex(image.index, other.index)),
      "all",
    ],
  ])("does not remove a manifest needed by %s", async (_, need, names) => {
    const repository = at.repository();
    await seed(at.direct(repository), other);
    await seed(at.direct(repository), image, test);
    await need(at.direct(repository));
    refuseTagDeletion();
    const message = await messageThrownBy(() => removeTag(makeTarget(repository), test));
    expect(named(message, repository)).toBe(
      `<repository>:${test}: expected a tag whose manifest nothing else needs, got "${digest}, needed by ${names}". This registry deletes whole manifests only: move the tag to an image of its own first, or leave it.`,
    );
    expect(await at.tagged(repository, test)).toBe(digest);
  });

  it("says that the registry deletes nothing", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    at.proxy.setFault(({ method }) => (method === "DELETE" ? { kind: "answer", status: 405 } : undefined));
    const message = await messageThrownBy(() => removeTag(makeTarget(repository), test));
    expect(named(message, repository)).toBe(
      `<repository>: DELETE manifests/${digest}: the registry answered 405. It does not allow deletion: enable it there (in distribution REGISTRY_STORAGE_DELETE_ENABLED=true).`,
    );
  });

  it("does not believe a 404 while the tag is there", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    at.proxy.setFault(({ method }) => (method === "DELETE" ? { kind: "answer", status: 404 } : undefined));
    const message = await messageThrownBy(() => removeTag(makeTarget(repository), test));
    expect(named(message, repository)).toBe(
      `<repository>:${test}: the deletion was answered with 404, but it is still there. Check that the credentials may delete, not only read.`,
    );
  });

  it("waits for a registry that deletes after its answer", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    at.proxy.setFault(({ method }) => (method === "DELETE" ? { kind: "answer", status: 202 } : undefined));
    const sleep = async () => {
      // One of the two deletes no tags, the other no tag with its manifest.
      await client.deleteTag(at.direct(repository), test);
      await client.deleteManifest(at.direct(repository), digest);
    };
    const removal = await removeTag(makeTarget(repository, { sleep }), test);
    expect(removal.result).toBe("deleted");
  });

  it.each([200, 202])("does not believe a %i while the tag is there", async (status) => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    at.proxy.setFault(({ method }) => (method === "DELETE" ? { kind: "answer", status } : undefined));
    const message = await messageThrownBy(() => removeTag(makeTarget(repository), test));
    expect(named(message, repository)).toBe(
      `<repository>:${test}: the deletion was answered as done, but it is still there. Run this again; if it stays, whoever runs the registry has to remove it. Gave up after 5 attempts.`,
    );
  });

  it.each([401, 403, 500])("takes a %i for no absence", async (status) => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    at.proxy.setFault(({ method }) => (method === "DELETE" ? undefined : { kind: "answer", status }));
    expect(await messageThrownBy(() => removeTag(makeTarget(repository), test))).toContain(
      `answered ${status}`,
    );
    expect(sent("DELETE")).toBe(0);
  });
});

describe("a registry that deletes manifests only", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it.each([400, 405])("removes the manifest where the registry answers %i for a tag", async (status) => {
    const repository = at.repository();
    await seed(at.direct(repository), image, test);
    await seed(at.direct(repository), other, "latest");
    refuseTagDeletion(status);
    expect(await removeTag(makeTarget(repository), test)).toMatchObject({ digest, result: "deleted" });
    expect(await client.headManifest(at.direct(repository), digest)).toBeUndefined();
    expect(await at.tagged(repository, "latest")).toBe(other.index.descriptor.digest);
  });

  it("takes tags for removed that go with the manifest that they share", async () => {
    const repository = await variantsOf();
    refuseTagDeletion();
    const removals = await removeTags([makeTarget(repository)], all);
    expect(removals.map((removal) => removal.ok && [removal.tag, removal.result])).toEqual(
      variants.map((tag) => [tag, "deleted"]),
    );
    expect(await at.tags(repository)).toEqual(["1.2.3"]);
    expect(await at.tagged(repository, "1.2.3")).toBe(other.index.descriptor.digest);
  });
});

describe("removeTag at GitHub", () => {
  const token = "ghp_secret";
  let github: GitHubPackagesServer;
  let repository: Repository;

  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());

  async function removing(
    prepare: () => Promise<unknown>,
    options: Partial<GitHubPackagesOptions> = {},
    along: readonly string[] = [],
  ): Promise<object | string> {
    repository = at.direct(at.repository());
    github = await startGitHubPackages({ repository, token, ...options });
    try {
      await prepare();
      const target = makeTarget(
        repository,
        {
          credentials: new Map([
            [repository.registry, { kind: "password", username: "me", password: token }],
          ]),
        },
        { service: "github-packages", api: github.api },
      );
      return await removeTag(target, test, along).catch((error: Error) => named(error.message, repository));
    } finally {
      await github.stop();
    }
  }
  const published = (...tags: string[]) => publishImage(github, repository, image, { tags });
  const deletions = () => github.requests.filter(({ method }) => method === "DELETE").length;

  it("deletes the version that only this tag has; its parts are left to a clean-up", async () => {
    const outcome = await removing(async () => {
      await publishImage(github, repository, other, { tags: ["latest"] });
      await published(test);
    });
    expect(outcome).toMatchObject({ digest, result: "deleted" });
    expect(github.digests()).not.toContain(digest);
    expect(await at.tags(repository)).toEqual(["latest"]);
  });

  it("deletes the version whose other tags go along", async () => {
    const prepare = async () => {
      await publishImage(github, repository, other, { tags: ["latest"] });
      await published(test, `v${test}`);
    };
    expect(await removing(prepare, {}, [`v${test}`])).toMatchObject({ digest, result: "deleted" });
    expect(await at.tags(repository)).toEqual(["latest"]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["tags share", () => published(test, "1.2.3", "latest"), "1.2.3, latest"],
    [
      "a tag shares that only the registry knows of",
      async () => {
        await published(test);
        await seed(repository, image, "1.2.3");
      },
      "1.2.3",
    ],
    [
      "an index lists",
      async () => {
        await publishImage(github, repository, other, { tags: ["latest"] });
        await published(test);
        const outer = makeIndex(image.index, other.index);
        await client.putManifest(repository, "all", outer);
        github.publish({ digest: outer.descriptor.digest, tags: ["all"] });
      },
      "all",
    ],
  ])("refuses a version that %s, and names them", async (_, prepare, names) => {
    expect(await removing(prepare)).toBe(
      `<repository>:${test}: expected a tag whose manifest nothing else needs, got "${digest}, needed by ${names}". GitHub deletes whole versions only: move the tag to an image of its own first, or leave it.`,
    );
    expect(deletions()).toBe(0);
    expect(await at.tagged(repository, test)).toBe(digest);
  });

  it("gives GitHub's reason for keeping the last tagged version", async () => {
    expect(await removing(() => published(test))).toBe(
      `<repository>:${test}: was not removed: GitHub says: You cannot delete the last tagged version of a package. You must delete the package instead.`,
    );
  });

  it("refuses where GitHub lists no version for the tag", async () => {
    expect(await removing(() => seed(repository, image, test))).toBe(
      `<repository>:${test}: was not removed: GitHub lists no version for it.`,
    );
  });

  it("says that the token may not delete", async () => {
    const outcome = await removing(() => published(test), { readOnly: true });
    expect(outcome).toContain("answered 404, but the version is there. Check that the credentials given for");
    expect(await at.tagged(repository, test)).toBe(digest);
  });
});
