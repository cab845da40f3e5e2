import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TagReader, type Witnesses } from "../../src/cleanup/tag-reader.js";
import type { Repository } from "../../src/registry/reference.js";
import { newImage, oldImage } from "../support/cleanup.js";
import { makeClient, seed } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const [old, fresh] = [oldImage.index.descriptor.digest, newImage.index.descriptor.digest];
const elsewhere = `sha256:${"0".repeat(64)}`;

let at: ProxiedRegistry;

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("TagReader at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  /** 1.0.0 holds the old image, `latest` the new one. */
  async function twoTags(): Promise<Repository> {
    const repository = at.repository();
    await seed(at.direct(repository), oldImage, "1.0.0");
    await seed(at.direct(repository), newImage, "latest");
    return repository;
  }

  /** Answers the list of tags, as often as there are answers, and then as the registry does; nothing follows its last. */
  const answerLists = (...answers: ({ tags: readonly string[] | null } | 404)[]) =>
    at.proxy.setFault(({ path }): Fault | undefined => {
      if (path.includes("&last=")) return { kind: "answer", status: 200, body: '{"tags": []}' };
      const answer = path.includes("/tags/list") ? answers.shift() : undefined;
      if (answer === undefined) return undefined;
      if (answer === 404) return { kind: "answer", status: 404 };
      return { kind: "answer", status: 200, body: JSON.stringify(answer) };
    });

  const refusal = ({ registry, path }: Repository, what: string, fix: string) =>
    `${registry}/${path}: the registry ${what}, so what is tagged is unknown and nothing is removed. Run this again; if it stays, ${fix}.`;
  const repair = "whoever runs the registry has to repair it";
  const tagSomething = "point a tag at an image that is to stay";
  const asked = () =>
    at.proxy.requests.map(
      ({ method, path }) =>
        `${method} ${path
          .split("/")
          .at(-1)
          ?.replace(/last=.*/, "last=")}`,
    );

  it("reads each tag with its digest, by a list and a look at each", async () => {
    const repository = await twoTags();
    expect(await new TagReader(client, repository).read()).toEqual(
      new Map([
        ["1.0.0", old],
        ["latest", fresh],
      ]),
    );
    expect(asked().toSorted()).toEqual([
      "GET list?n=1000",
      "GET list?n=1000&last=",
      "HEAD 1.0.0",
      "HEAD latest",
    ]);
  });

  it("finds nothing in a repository that is absent, whatever may be there", async () => {
    const reader = new TagReader(client, at.repository());
    expect(await reader.read({ tags: ["1.0.0"], digests: [elsewhere] })).toEqual(new Map());
  });

  it("refuses a tag that another source has at another manifest", async () => {
    const repository = await twoTags();
    const reader = new TagReader(client, repository);
    expect(await messageThrownBy(() => reader.read({ known: new Map([["latest", old]]) }))).toBe(
      refusal(
        repository,
        "has the tag latest at another manifest than the API that lists what can be removed",
        "wait until both say the same",
      ),
    );
    expect([...(await reader.read({ known: new Map([["latest", fresh]]) })).keys()].toSorted()).toEqual([
      "1.0.0",
      "latest",
    ]);
  });

  it("takes in what another source knows", async () => {
    const known = new Map([
      ["latest", fresh],
      ["known", elsewhere],
    ]);
    const tags = await new TagReader(client, await twoTags()).read({ known });
    expect(tags).toEqual(new Map([...known, ["1.0.0", old]]));
    expect(asked().toSorted()).toEqual([
      "GET list?n=1000",
      "GET list?n=1000&last=",
      "HEAD 1.0.0",
      "HEAD known",
      "HEAD latest",
    ]);
  });

  it.each<[string, readonly Parameters<typeof answerLists>[number][], Witnesses, string, string]>([
    ["is answered 404 beside latest", [404], {}, "does not list the tag latest, which is there", repair],
    ["is null beside latest", [{ tags: null }], {}, "does not list the tag latest, which is there", repair],
    ["lacks latest", [{ tags: ["1.0.0"] }], {}, "does not list the tag latest, which is there", repair],
    [
      "lacks a tag that another source knows",
      [{ tags: ["latest"] }],
      { known: new Map([["1.0.0", old]]) },
      "does not list the tag 1.0.0, which is there",
      repair,
    ],
    [
      "lacks a tag that somebody names",
      [{ tags: ["latest"] }],
      { tags: ["1.0.0"] },
      "does not list the tag 1.0.0, which is there",
      repair,
    ],
    [
      "has a tag that is answered 404",
      [{ tags: ["1.0.0", "gone", "latest"] }],
      {},
      "lists the tag gone and answers 404 for it",
      "remove that tag, or point it at an image",
    ],
  ])("refuses a list that %s, twice", async (_, [answer = 404], witnesses, what, fix) => {
    const repository = await twoTags();
    answerLists(answer, answer);
    const read = () => new TagReader(client, repository).read(witnesses);
    expect(await messageThrownBy(read)).toBe(refusal(repository, what, fix));
    // What it says once may be of the moment.
    answerLists(answer);
    expect([...(await read()).keys()].toSorted()).toEqual(["1.0.0", "latest"]);
  });

  it.each<[string, 404 | { tags: null | [] }, string]>([
    ["is answered 404", 404, "answers 404 for its tags"],
    ["is null", { tags: null }, "lists no tag"],
    ["is empty", { tags: [] }, "lists no tag"],
  ])("refuses a list that %s where a manifest is there", async (_, answer, said) => {
    const repository = at.repository();
    await seed(at.direct(repository), oldImage);
    answerLists(answer, answer, answer);
    const reader = new TagReader(client, repository);
    expect(await messageThrownBy(() => reader.read({ digests: [elsewhere, old] }))).toBe(
      refusal(repository, `${said}, while ${old} is there`, tagSomething),
    );
    expect(await reader.read({ digests: [elsewhere] })).toEqual(new Map());
  });

  it("refuses a list that lacks a tag which was listed before, unless it is gone", async () => {
    const repository = await twoTags();
    const reader = new TagReader(client, repository);
    await reader.read();
    answerLists({ tags: ["latest"] }, { tags: ["latest"] }, { tags: ["latest"] });
    expect(await messageThrownBy(() => reader.read())).toBe(
      refusal(repository, "does not list the tag 1.0.0, which is there", repair),
    );
    await client.deleteManifest(at.direct(repository), old);
    await client.deleteManifest(at.direct(repository), "1.0.0").catch(() => {});
    expect(await reader.read()).toEqual(new Map([["latest", fresh]]));
  });

  it("does not believe a list that is gone after a look, where a manifest is there", async () => {
    const repository = await twoTags();
    const reader = new TagReader(client, repository);
    await reader.read();
    at.proxy.setFault(({ path }): Fault | undefined =>
      path.includes("/tags/list") || /manifests\/(?!sha256:)/.test(path)
        ? { kind: "answer", status: 404 }
        : undefined,
    );
    expect(await messageThrownBy(() => reader.read({ digests: [old] }))).toBe(
      refusal(repository, `answers 404 for its tags, while ${old} is there`, tagSomething),
    );
  });

  it("reads on where a registry cuts its list at any number", async () => {
    const repository = await twoTags();
    at.proxy.setFault(({ path }): Fault | undefined =>
      path.endsWith("/tags/list?n=1000")
        ? { kind: "answer", status: 200, body: '{"tags": ["1.0.0"]}' }
        : undefined,
    );
    expect([...(await new TagReader(client, repository).read()).keys()].toSorted()).toEqual([
      "1.0.0",
      "latest",
    ]);
  });

  it("believes that the last tag was removed", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), oldImage, "1.0.0");
    const reader = new TagReader(client, repository);
    await reader.read();
    at.proxy.setFault(({ path }): Fault | undefined => {
      if (path.includes("/tags/list")) return { kind: "answer", status: 200, body: '{"tags": null}' };
      return path.endsWith("/1.0.0") ? { kind: "answer", status: 404 } : undefined;
    });
    expect(await reader.read({ digests: [old] })).toEqual(new Map());
  });

  it.each([403, 500])("takes a %i for a tag that is not listed for no absence", async (status) => {
    const repository = at.repository();
    at.proxy.setFault(({ path }) => (path.endsWith("/latest") ? { kind: "answer", status } : undefined));
    expect(await messageThrownBy(() => new TagReader(client, repository).read())).toContain(
      `answered ${status}`,
    );
  });
});
