import { afterAll, beforeAll, expect, it } from "vitest";
import type { PublishableImage } from "../../src/oci/source.js";
import { formatRepository, type Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { callRelease } from "../support/call-release.js";
import { makeClient, seed } from "../support/client.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry } from "../support/registry.js";
import { makeReleasedImage, type ReleasedImage } from "../support/released-image.js";

const suffixes = ["", "-alpine"];
const earlier = await makeReleasedImage("the version before");
const digestOf = ({ index }: PublishableImage) => index.descriptor.digest;

let first: ProxiedRegistry;
let second: ProxiedRegistry;

// Distribution takes ten times the processor time.
beforeAll(async () => {
  [first, second] = await Promise.all([
    startProxiedRegistry(startCraneRegistry),
    startProxiedRegistry(startCraneRegistry),
  ]);
});
afterAll(() => Promise.all([first?.stop(), second?.stop()]));

/** Releases an image of each suffix to both registries. */
async function release(repositories: readonly Repository[], built: readonly ReleasedImage[]): Promise<void> {
  const settings = {
    repositories: repositories.map((repository) => ({
      repository: formatRepository(repository),
      latest: "highest",
    })),
    tags: ["{version}", "{major}.{minor}"],
    images: suffixes.map((suffix, at) => ({ name: `image${at}`, ...(suffix === "" ? {} : { suffix }) })),
  };
  const client = makeClient({ push: repositories });
  await callRelease({ client, settings, ref: "refs/tags/v1.2.3", built });
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

async function tagsOf(at: ProxiedRegistry, repository: Repository): Promise<Record<string, string>> {
  const tags = await at.tags(repository);
  return Object.fromEntries(
    await Promise.all(tags.map(async (tag) => [tag, `${await at.tagged(repository, tag)}`] as const)),
  );
}

/** Throws unless both repositories have all images whole. */
async function verifyAll(
  repositories: readonly [Repository, Repository],
  built: readonly ReleasedImage[],
): Promise<void> {
  const [here, there] = repositories;
  for (const repository of [first.direct(here), second.direct(there)])
    for (const { packed } of built) await verifyImage(makeClient(), repository, digestOf(packed));
}

/** What the first repository holds before each round: the version before. The second one is empty. */
function tagsBefore(): Record<string, string> {
  const names = suffixes.flatMap((suffix) => [`1.2.2${suffix}`, `1.2${suffix}`, `latest${suffix}`]);
  return Object.fromEntries(names.map((name) => [name, digestOf(earlier.packed)]));
}

function tagsAfter(built: readonly ReleasedImage[]): Record<string, string> {
  return Object.fromEntries(
    built.flatMap(({ packed }, at) =>
      ["1.2.3", "1.2", "latest"].map((tag) => [`${tag}${suffixes[at]}`, digestOf(packed)]),
    ),
  );
}

it("a release of several images that is killed at any request is whole after the next, and tags nothing that is not", {
  timeout: 600_000,
}, async () => {
  const started = performance.now();
  const seen = { requests: 0, withSome: 0 };
  for (let isCut = true; isCut; ) {
    seen.requests += 1;
    const cut = `cut after ${seen.requests} requests`;
    // Of its own: the registry of go-containerregistry keeps blobs for all repositories together.
    const built = await Promise.all(suffixes.map((suffix) => makeReleasedImage(`${cut}${suffix}`)));
    const repositories = [first.repository(), second.repository()] as const;
    const tagsNow = async () => [await tagsOf(first, repositories[0]), await tagsOf(second, repositories[1])];
    const [before, after] = [tagsBefore(), tagsAfter(built)];
    await seed(first.direct(repositories[0]), earlier.packed, ...Object.keys(before));

    cutAfter(seen.requests);
    isCut = await release(repositories, built).then(
      () => false,
      () => true,
    );
    const between = await tagsNow();
    for (const { proxy } of [first, second]) proxy.clear();

    const moved = between.map((tags) =>
      Object.entries(tags).filter(([tag, digest]) => before[tag] !== digest),
    );
    for (const [tag, digest] of moved.flat()) expect(digest, `${cut}: ${tag}`).toBe(after[tag]);
    if (moved.flat().length > 0) {
      if (isCut) seen.withSome += 1;
      // The images of a release appear together: none has a tag before all are there, everywhere.
      await verifyAll(repositories, built);
    }

    await release(repositories, built);
    expect(await tagsNow(), cut).toEqual([{ ...before, ...after }, after]);
    await verifyAll(repositories, built);
  }
  console.info(
    [
      `a release of ${suffixes.length} images to 2 registries, killed at each of its ${seen.requests - 1} requests:`,
      `${seen.withSome} times after the first tag, each time whole after the next release,`,
      `${((performance.now() - started) / 1000).toFixed(0)} s.`,
    ].join(" "),
  );
  // The last round was not cut, or else nothing was.
  expect(seen.requests).toBeGreaterThan(100);
  expect(seen.withSome).toBeGreaterThan(10);
});
