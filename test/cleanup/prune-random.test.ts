import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prune } from "../../src/cleanup/prune.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeTarget, pruneRequest } from "../support/cleanup.js";
import { makeClient } from "../support/client.js";
import type { Fault, FaultChooser } from "../support/fault.js";
import { type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { startGitHubPackages } from "../support/github-packages.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { makeRandom, type Random } from "../support/random.js";
import { drawRepository, neededIn, type RandomRepository } from "../support/random-repository.js";

const client = makeClient();
// Of each kind: 510 altogether in `npm run proof`.
const graphs = process.env.MODE === "proof" ? 170 : 24;
const absent: Fault = { kind: "answer", status: 404 };
const empty: Fault = { kind: "answer", status: 200, body: '{"tags": null}' };

interface Kind {
  referrers: boolean;
  github: boolean;
}

const kinds: Record<string, Kind> = {
  "with a referrers API": { referrers: true, github: false },
  "with the referrers tag schema": { referrers: false, github: false },
  "beside GitHub, which misses versions": { referrers: false, github: true },
};

describe.each(Object.entries(kinds))("prune at a registry %s, whatever it answers", (name, kind) => {
  let registry: MemoryRegistry;
  let proxy: FaultProxy;
  const removed: number[] = [];

  beforeAll(async () => {
    registry = await startMemoryRegistry({ tagsPerPage: 2, referrers: kind.referrers });
    proxy = await startFaultProxy(registry.address);
  });
  afterAll(async () => {
    await proxy?.stop();
    await registry?.stop();
  });

  it.each(Array.from({ length: graphs }, (_, seed) => seed))(
    "loses nothing that a tag needs, seed %i",
    async (seed) => {
      const random = makeRandom(`${name} ${seed}`);
      const drawn = drawRepository(random, { referrersTags: !kind.referrers });
      const path = `acme/app-${seed}`;
      const direct = { registry: registry.address, path };
      await fill(direct, drawn);
      const digests = [...drawn.manifests.keys()];
      proxy.setFault(drawFaults(random, drawn));
      const request = { ...pruneRequest, digests: kind.github ? [] : random.some(digests, 0.6) };
      const repository = { registry: proxy.address, path };
      await (kind.github
        ? pruneAtGitHub(random, { repository, direct, drawn })
        : prune(makeTarget(repository), request).catch(() => {}));
      proxy.clear();
      const lost: string[] = [];
      for (const digest of digests) if (!(await client.headManifest(direct, digest))) lost.push(digest);
      removed.push(lost.length);
      const needed = neededIn(drawn);
      expect(lost.filter((digest) => needed.has(digest))).toEqual([]);
      for (const [tag, digest] of drawn.tags)
        if (needed.has(digest)) expect((await client.headManifest(direct, tag))?.digest).toBe(digest);
    },
  );

  it("removes what none needs, now and then", () => {
    expect(removed.filter((count) => count > 0).length).toBeGreaterThan(graphs / 8);
  });
});

async function fill(repository: Repository, { manifests, tags }: RandomRepository): Promise<void> {
  for (const [digest, { stored }] of manifests) await client.putManifest(repository, digest, stored);
  for (const [tag, digest] of tags) {
    const stored = manifests.get(digest)?.stored;
    if (stored !== undefined) await client.putManifest(repository, tag, stored);
  }
}

async function pruneAtGitHub(
  random: Random,
  at: { repository: Repository; direct: Repository; drawn: RandomRepository },
): Promise<void> {
  const token = "ghp_secret";
  const github = await startGitHubPackages({ repository: at.direct, token });
  const listed = random.some([...at.drawn.manifests.keys()], random.pick([0.7, 1]));
  const tagsOf = (digest: string) => [...at.drawn.tags].flatMap(([tag, of]) => (of === digest ? [tag] : []));
  github.publish(...listed.map((digest) => ({ digest, tags: tagsOf(digest) })));
  const credentials = new Map([
    [at.repository.registry, { kind: "password" as const, username: "me", password: token }],
  ]);
  const hosted = { service: "github-packages" as const, api: github.api };
  await prune(makeTarget(at.repository, { credentials }, hosted), pruneRequest).catch(() => {});
  await github.stop();
}

/**
 * Faults of one kind, from some request on: 404 or null in place of a page of the tags; 404 for tags, for the referrers of
 * some manifest, or for manifests that something lists. A digest that is merely named as a subject may be absent, and no
 * two answers lie about one tag: then it is gone for all that anybody can tell.
 */
function drawFaults(random: Random, { manifests, tags }: RandomRepository): FaultChooser {
  const subjects = new Set([...manifests.values()].map(({ subject }) => subject));
  const listed = [...tags.values(), ...[...manifests.values()].flatMap(({ lists }) => lists)];
  const hidden = random.some(
    [...new Set(listed)].filter((digest) => !subjects.has(digest)),
    0.3,
  );
  const hiddenTags = random.some([...tags.keys()], 0.4);
  const unasked = random.some([...manifests.keys()], 0.3);
  const pages = random.some([0, 1, 2], 0.5);
  const start = random.pick([0, 0, random.below(60)]);
  const answer = random.pick([absent, empty]);
  const first = random.pick<FaultChooser>([
    () => undefined,
    ({ path }) => {
      const page = pageOf(path, [...tags.keys()]);
      return page !== undefined && pages.includes(page) ? answer : undefined;
    },
    ({ method, path }) =>
      method === "HEAD" && hiddenTags.some((tag) => path.endsWith(`/manifests/${tag}`)) ? absent : undefined,
    ({ path }) => (unasked.some((digest) => path.endsWith(`/referrers/${digest}`)) ? absent : undefined),
    ({ method, path }) =>
      method === "GET" && hidden.some((digest) => path.endsWith(`/manifests/${digest}`)) ? absent : undefined,
  ]);
  let asked = 0;
  return (request) => (asked++ < start || request.method === "DELETE" ? undefined : first(request));
}

/** Which page of the tags is asked for. */
function pageOf(path: string, tags: readonly string[]): number | undefined {
  if (!path.includes("/tags/list")) return undefined;
  const last = new URL(path, "http://registry").searchParams.get("last");
  return last === null ? 0 : (tags.toSorted().indexOf(last) + 1) / 2;
}
