import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Repository } from "../../src/registry/reference.js";
import { imageIdsOf } from "../../src/release/image-ids.js";
import { planTarget } from "../../src/release/plan.js";
import { readTag, readTags } from "../../src/release/published.js";
import { makeClient, noWait, seed } from "../support/client.js";
import { type ListPage, listPages } from "../support/list-pages.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { makeTagRequest } from "../support/tag-request.js";
import { makeImage } from "../support/test-image.js";
import { messageThrownBy } from "../support/thrown.js";

const imageOf = (version: string) =>
  makeImage({ content: version, annotations: { "org.opencontainers.image.version": version } });
const [older, newer] = [imageOf("1.0.0"), imageOf("2.0.0")];

let at: ProxiedRegistry;
let repository: Repository;

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());
beforeEach(() => {
  at.proxy.clear();
  repository = at.repository();
});

const reading = (changes = {}) => ({
  client: makeClient(changes),
  repository,
  firstPublish: false,
});

/** 2.0.0 is the latest of two versions. */
async function publishBoth(): Promise<void> {
  await seed(at.direct(repository), older, "1.0.0");
  await seed(at.direct(repository), newer, "2.0.0", "latest");
}

const serve = (...pages: readonly ListPage[]) => at.proxy.setFault(listPages("/tags/list", ...pages));

describe("an incomplete list of tags", () => {
  const unlisted =
    "the registry does not list the tag latest, which is there, so which versions are published is unknown. Run this again; if it stays, whoever runs the registry has to repair it. Gave up after 5 attempts.";

  const cases: Record<string, readonly ListPage[]> = {
    "is answered 404": [404],
    "is null": [{ tags: null }],
    "is empty": [{ tags: [] }],
    "ends early": [{ tags: ["1.0.0"] }],
    "has a second page that is answered 404": [{ tags: ["1.0.0", "latest"] }, 404],
    "has a second page that is null": [{ tags: ["1.0.0", "latest"] }, { tags: null }],
    "has a second page that is empty": [{ tags: ["1.0.0", "latest"] }, { tags: [] }],
  };

  it.each(Object.entries(cases))("does not let latest move back where it %s", async (_, pages) => {
    await publishBoth();
    serve(...pages);
    const tags = makeTagRequest("refs/tags/v1.0.1");
    const image = imageIdsOf(imageOf("1.0.1").identities);
    const planned = planTarget({ ...reading(), targets: [], tags, image }, { repository, latest: "highest" });
    const latest = await planned.then(
      ({ tags }) => tags.find(({ tag }) => tag === "latest")?.why,
      (error: unknown) => String(error),
    );
    expect(latest).toMatch(/is unknown|^it holds 2\.0\.0, which is higher$/);
  });

  it.each([{ tags: null }, { tags: ["1.0.0"] }, 404 as const])(
    "is refused beside latest: %j",
    async (page) => {
      await publishBoth();
      serve(page);
      expect(await messageThrownBy(() => readTags(reading()))).toBe(
        `${repository.registry}/${repository.path}: ${unlisted}`,
      );
    },
  );

  it("is waited for", async () => {
    await publishBoth();
    serve({ tags: ["1.0.0"] });
    const sleep = async () => at.proxy.setFault(() => undefined);
    expect((await readTags(reading({ sleep }))).toSorted()).toEqual(["1.0.0", "2.0.0", "latest"]);
  });

  it("is none where nothing is tagged latest", async () => {
    expect(await readTags(reading())).toEqual([]);
    await seed(at.direct(repository), older, "1.0.0");
    expect(await readTags(reading())).toEqual(["1.0.0"]);
  });

  it.each([403, 500])("is not taken for one where latest is answered %i", async (status) => {
    at.proxy.setFault(({ path }) => (path.endsWith("/latest") ? { kind: "answer", status } : undefined));
    expect(await messageThrownBy(() => readTags(reading()))).toContain(`answered ${status}`);
    if (status === 403) expect(await readTags({ ...reading(), firstPublish: true })).toEqual([]);
  });
});

describe("what a tag holds", () => {
  const { digest } = newer.index.descriptor;

  it("is an image with the version that its annotations name", async () => {
    await publishBoth();
    const ids = imageIdsOf(newer.identities);
    expect(await readTag(reading(), "latest")).toEqual({ digest, ids, version: "2.0.0" });
    const [platform] = newer.variants;
    if (platform === undefined) throw new Error("The image has no platforms.");
    await makeClient().putManifest(at.direct(repository), "single", platform);
    expect(await readTag(reading(), "single")).not.toHaveProperty("version");
  });

  it("is no absence where the tag is there and its manifest is answered 404", async () => {
    await publishBoth();
    at.proxy.setFault(({ method, path }) =>
      method === "GET" && path.endsWith(digest) ? { kind: "answer", status: 404 } : undefined,
    );
    expect(await readTag(reading(), "2.0.0")).toEqual({ digest, unreadable: "its manifest is missing" });
  });

  it("is absent where the registry says so", async () => {
    expect(await readTag(reading({ sleep: noWait }), "2.0.0")).toBeUndefined();
  });
});
