import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import { eachOf } from "../../src/registry/parallel.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient, seed } from "../support/client.js";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type ListPage, listPages } from "../support/list-pages.js";
import { type RunningRegistry, startCraneRegistry } from "../support/registry.js";
import { errorThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = makeImage();
const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => `t${String(at).padStart(5, "0")}`);

let registry: RunningRegistry;

beforeAll(async () => {
  registry = await startCraneRegistry();
});
afterAll(() => registry?.stop());

describe("a list of tags that is cut without a Link, as go-containerregistry's registry does", () => {
  it.each([999, 1000, 1001, 2000])("is read to its end where there are %i", async (count) => {
    const repository: Repository = { registry: registry.address, path: `acme/tags-${count}` };
    await seed(repository, image);
    await eachOf(numbered(count), (tag) => client.putManifest(repository, tag, image.index));
    expect((await client.listTags(repository))?.toSorted()).toEqual(numbered(count));
  });
});

describe("a list of tags at a registry that", () => {
  interface Query {
    n: number;
    last: string;
  }
  interface Answer {
    tags: string[] | null;
    link?: string;
  }
  const following = (tags: string[], last: string) => tags.filter((tag) => tag > last);

  const kinds: Record<string, (tags: string[], query: Query) => Answer> = {
    "links pages as the specification says": (tags, { n, last }) => {
      const rest = following(tags, last);
      const page = rest.slice(0, n);
      if (page.length === rest.length) return { tags: page };
      return { tags: page, link: `<?n=${n}&last=${page.at(-1)}>; rel="next"` };
    },
    "links pages shorter than asked for": (tags, { n, last }) => {
      const rest = following(tags, last);
      const page = rest.slice(0, Math.min(n, 100));
      if (page.length === rest.length) return { tags: page };
      return { tags: page, link: `<?n=${n}&last=${page.at(-1)}>; rel="next"` };
    },
    "links nothing": (tags, { n, last }) => ({ tags: following(tags, last).slice(0, n) }),
    "links nothing and does not know last": (tags, { n }) => ({ tags: tags.slice(0, n) }),
    "links nothing and gives at most 100": (tags, { n, last }) => ({
      tags: following(tags, last).slice(0, Math.min(n, 100)),
    }),
    "gives all at once": (tags) => ({ tags }),
    "gives all at once, and null after the last": (tags, { last }) => {
      const rest = following(tags, last);
      return { tags: rest.length === 0 ? null : rest };
    },
  };

  let proxy: FaultProxy;

  beforeAll(async () => {
    proxy = await startFaultProxy(registry.address);
  });
  afterAll(() => proxy?.stop());

  const cases = Object.keys(kinds).flatMap((kind) =>
    [0, 1, 100, 999, 1000, 1001, 2000, 2500].map((count) => [kind, count] as const),
  );
  it.each(cases)("%s is read to its end where there are %i", async (kind, count) => {
    proxy.setFault(({ path }) => {
      const { searchParams } = new URL(path, "http://registry");
      const query = { n: Number(searchParams.get("n")), last: searchParams.get("last") ?? "" };
      const { tags, link } = kinds[kind]?.(numbered(count), query) ?? { tags: [] };
      const headers = link === undefined ? {} : { link };
      return { kind: "answer", status: 200, headers, body: JSON.stringify({ tags }) };
    });
    const repository = { registry: proxy.address, path: "acme/app" };
    expect((await client.listTags(repository))?.toSorted()).toEqual(numbered(count));
  });
});

describe("a page of a list that is not there", () => {
  const digest = `sha256:${"1".repeat(64)}`;
  const entry = { mediaType: mediaTypes.manifest, digest, size: 2 };
  const lists = {
    tags: {
      path: "/tags/list" as const,
      body: "tags",
      entries: ["1.0.0"],
      read: () => client.listTags(repository()),
    },
    referrers: {
      path: "/referrers/" as const,
      body: "manifests",
      entries: [entry],
      read: () => client.listReferrers(repository(), digest),
    },
  };
  let proxy: FaultProxy;
  const repository = () => ({ registry: proxy.address, path: "acme/app" });

  beforeAll(async () => {
    proxy = await startFaultProxy(registry.address);
  });
  afterAll(() => proxy?.stop());

  it.each(["tags", "referrers"] as const)("is absence only where the list of %s begins", async (kind) => {
    const { entries, body, read, path } = lists[kind];
    const serve = (...pages: readonly ListPage[]) => proxy.setFault(listPages(path, ...pages));
    const middle = `in the middle of the list, so what else is in it is unknown`;
    serve(404);
    expect(await read()).toBeUndefined();
    serve({ [body]: null });
    expect(await read()).toEqual([]);
    serve({ [body]: entries }, { [body]: [] });
    expect(await read()).toHaveLength(1);
    for (const [page, said] of [
      [404, "answered 404"],
      [{ [body]: null }, "answered null"],
    ] as const) {
      serve({ [body]: entries }, page, { [body]: entries });
      const error = await errorThrownBy(read);
      expect(error).toBeInstanceOf(RegistryError);
      expect(error).toMatchObject({ failure: "invalid" });
      expect(String(error)).toContain(`the registry ${said} ${middle}`);
      expect(String(error)).toContain("Gave up after 5 attempts.");
    }
  });

  it.each([404, { tags: null }])("is asked for again: %j may have been a moment", async (page) => {
    const serve = (second: ListPage) => proxy.setFault(listPages("/tags/list", { tags: ["1.0.0"] }, second));
    serve(page);
    const waiting = makeClient({ sleep: async () => serve({ tags: ["2.0.0"] }) });
    expect(await waiting.listTags(repository())).toEqual(["1.0.0", "2.0.0"]);
  });

  it("is no end of a list that was cut without a Link", async () => {
    proxy.setFault(({ path }): Fault => {
      if (path.includes("last=")) return { kind: "answer", status: 404 };
      return { kind: "answer", status: 200, body: JSON.stringify({ tags: numbered(1000) }) };
    });
    expect(String(await errorThrownBy(lists.tags.read))).toContain("answered 404 in the middle of the list");
  });
});
