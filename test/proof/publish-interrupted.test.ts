import { afterAll, beforeAll, expect, it } from "vitest";
import { publishCiImage } from "../../src/ci-image/publish.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { keptName } from "../../src/registry/tag.js";
import { verifyImage } from "../../src/registry/verify.js";
import { buildImage, describeImage } from "../support/ci-image.js";
import { makeClient, seed } from "../support/client.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";

const image = describeImage();
const tags = [image.tag, ...image.aliases];
const foreign = makeImage({ platforms: ["linux/amd64"], created: "2024-12-13T14:00:00Z" });
const kept = keptName("latest", foreign.index.descriptor.digest);

let first: ProxiedRegistry;
let second: ProxiedRegistry;

beforeAll(async () => {
  [first, second] = await Promise.all([
    startProxiedRegistry(startRegistry),
    startProxiedRegistry(startCraneRegistry),
  ]);
});
afterAll(() => Promise.all([first?.stop(), second?.stop()]));

/** Publishes; no two builds give the same image, as with RUN. */
async function publish(repositories: readonly Repository[], build: PublishableImage) {
  const client = makeClient({ push: repositories });
  return publishCiImage({
    client,
    repositories,
    image,
    build: async () => build,
    now: () => 0,
    firstPublish: false,
  });
}

/** Cuts every connection for good once this many requests were made; the last one still reaches its registry. */
function cutAfter(count: number): void {
  let made = 0;
  for (const { proxy } of [first, second])
    proxy.setFault(() => {
      made += 1;
      if (made < count) return undefined;
      return { kind: made === count ? "lost-answer" : "reset" };
    });
}

/** Every tag of a repository with the digest that it points at, each of which is found whole. */
async function wholeTags(at: ProxiedRegistry, repository: Repository): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const tag of await at.tags(repository)) found[tag] = `${await at.tagged(repository, tag)}`;
  for (const digest of new Set(Object.values(found)))
    await verifyImage(makeClient(), at.direct(repository), digest);
  return found;
}

it("converges after an interruption at any request, and never tags what is incomplete", {
  timeout: 900_000,
}, async () => {
  const left = foreign.index.descriptor.digest;
  let requests = 0;
  for (let isCut = true; isCut; ) {
    requests += 1;
    const [build, rebuild] = ["00", "01"].map((second) =>
      buildImage(image, { shared: [`base ${requests}`], created: `2025-12-13T14:00:${second}Z` }),
    ) as [PublishableImage, PublishableImage];
    const repositories = [first.repository(), second.repository()] as const;
    const tagsNow = async () => [
      await wholeTags(first, repositories[0]),
      await wholeTags(second, repositories[1]),
    ];
    await seed(first.direct(repositories[0]), foreign, "latest");

    cutAfter(requests);
    isCut = (await publish(repositories, build)).some(({ ok }) => !ok);
    const between = await tagsNow();
    for (const { proxy } of [first, second]) proxy.clear();
    const outcomes = await publish(repositories, rebuild);
    const after = await tagsNow();

    const cut = `cut after ${requests} requests`;
    for (const digest of between.flatMap((found) => Object.values(found)))
      expect([left, build.index.descriptor.digest], cut).toContain(digest);
    expect(outcomes, cut).toMatchObject([{ ok: true }, { ok: true }]);
    const digest = after[0]?.[image.tag];
    expect(
      [build, rebuild].map(({ index }) => index.descriptor.digest),
      cut,
    ).toContain(digest);
    const everyTag = Object.fromEntries(tags.map((tag) => [tag, digest]));
    expect(after, cut).toEqual([{ ...everyTag, [kept]: left }, everyTag]);
  }
  // The last round was not cut, or else nothing was.
  expect(requests).toBeGreaterThan(60);
});
