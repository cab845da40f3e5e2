import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Repository } from "../../src/registry/reference.js";
import { annotationKey } from "../../src/release/description.js";
import { publishRelease, type ReleaseOutcome } from "../../src/release/publish.js";
import { compareVersions, parseVersion, type Version } from "../../src/tags/version.js";
import { makeClient, seed } from "../support/client.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { makePublication } from "../support/publication.js";
import { makeRandom, type Random } from "../support/random.js";
import { startCraneRegistry } from "../support/registry.js";
import { makeReleasedImage, type ReleasedImage } from "../support/released-image.js";

const runs = 200;
const runsAtOnce = 4;
const longestDelay = 12;
const release = { tags: ["{version}", "{major}.{minor}", "{major}"] };

/** Versions that are released at once; the first is there already in every other run. */
const versions = ["1.2.2", "1.2.3", "1.2.4", "1.2.10", "1.3.0", "1.1.9"];
const images = new Map<string, ReleasedImage>();
for (const version of versions)
  images.set(
    version,
    await makeReleasedImage(`program of ${version}`, "oci", { [annotationKey("version")]: version }),
  );
const versionOf = new Map(
  [...images].map(([version, { packed }]) => [packed.index.descriptor.digest, version]),
);

/** Which version each tag holds. */
type Held = ReadonlyMap<string, string>;

interface Run {
  /** What became of each version that was released. */
  outcomes: ReadonlyMap<string, ReleaseOutcome | undefined>;
  held: Held;
  /** Once what failed was run again. */
  heldAfterwards: Held;
}

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry(startCraneRegistry);
});
afterAll(() => at?.stop());

it("releases at once leave no tag that moves at an older version without a word", {
  timeout: 600_000,
}, async () => {
  const started = performance.now();
  const randoms = new Map<string, Random>();
  at.proxy.setFault(({ path }) => {
    const random = randoms.get(/^\/v2\/(run-\d+)\//.exec(path)?.[1] ?? "");
    return random && { kind: "delay", milliseconds: random.below(longestDelay) };
  });
  const results: Run[] = [];
  const numbers = Array.from({ length: runs }, (_, number) => number).values();
  const worker = async () => {
    for (const number of numbers) {
      const random = makeRandom(`run ${number}`);
      randoms.set(`run-${number}`, random);
      results[number] = await releaseAtOnce(at.repository(`run-${number}`), random, number % 2 === 1);
    }
  };
  await Promise.all(Array.from({ length: runsAtOnce }, worker));

  const complaints = results.flatMap((run, number) =>
    complaintsAbout(run).map((complaint) => `run ${number}: ${complaint}`),
  );
  const outcomes = results.flatMap((run) => [...run.outcomes.values()]);
  const failed = outcomes.filter((outcome) => outcome?.ok !== true);
  console.info(
    [
      `${runs} interleavings of 2 or 3 releases: ${outcomes.length} releases, ${failed.length} of them told to`,
      `run again, ${results.filter((run) => leftBehind(run.held).length > 0).length} runs with a tag left at an older version and said,`,
      `${complaints.length} silently or for good, ${((performance.now() - started) / 1000).toFixed(0)} s.`,
    ].join(" "),
  );
  expect(complaints).toEqual([]);
});

async function releaseAtOnce(repository: Repository, random: Random, isLater: boolean): Promise<Run> {
  const [before = "", ...others] = versions;
  const seeded = images.get(before);
  if (isLater && seeded !== undefined)
    await seed(at.direct(repository), seeded.packed, before, "1.2", "1", "latest");
  const count = 2 + random.below(2);
  const picked = [...others].sort(() => random.below(3) - 1).slice(0, count);
  const outcomes = new Map(
    await Promise.all(
      picked.map(async (version) => {
        await sleep(random.below(3 * longestDelay));
        return [version, await publish(repository, version)] as const;
      }),
    ),
  );
  const held = await heldBy(repository);
  // Without rivals, as whoever reads the errors does.
  const direct = at.direct(repository);
  for (const [version, outcome] of outcomes) {
    if (outcome === undefined || outcome.ok) continue;
    await publish(direct, version);
    const named = /meanwhile (\S+) is published, and higher: .* Run the release of that version/.exec(
      outcome.error,
    );
    if (named?.[1] !== undefined) await publish(direct, named[1]);
  }
  return { outcomes, held, heldAfterwards: await heldBy(repository) };
}

async function publish(repository: Repository, version: string): Promise<ReleaseOutcome | undefined> {
  const client = makeClient({ push: [repository] });
  const ref = `refs/tags/v${version}`;
  const image = images.get(version) as ReleasedImage;
  return (await publishRelease([makePublication([repository], image, { client, ref, release })])).flat()[0];
}

async function heldBy(repository: Repository): Promise<Held> {
  const held = (await at.tags(repository)).map(async (tag) => {
    const digest = await at.tagged(repository, tag);
    return [tag, versionOf.get(digest ?? "") ?? `${digest}`] as const;
  });
  return new Map(await Promise.all(held));
}

interface LeftBehind {
  tag: string;
  holds: string | undefined;
  highest: string;
}

/** Tags that hold less than the highest version that they are for. */
function leftBehind(held: Held): LeftBehind[] {
  const published = versions.filter((version) => held.get(version) === version);
  const moving = [...new Set(published.flatMap((version) => floatingOf(version)))];
  return moving.flatMap((tag) => {
    const highest = published.filter((version) => floatingOf(version).includes(tag)).reduce(higher);
    const holds = held.get(tag);
    return holds === highest ? [] : [{ tag, holds, highest }];
  });
}

/** A tag is left behind where the release of the highest version says so, or another one of that tag. */
function complaintsAbout({ outcomes, held, heldAfterwards }: Run): string[] {
  const wrong = versions.filter((version) => (held.get(version) ?? version) !== version);
  const errors = [...outcomes.values()].flatMap((outcome) => (outcome?.ok === false ? [outcome.error] : []));
  const isSaid = ({ tag, highest }: LeftBehind) =>
    outcomes.get(highest)?.ok === false || errors.some((error) => error.includes(`:${tag}: `));
  const described = ({ tag, holds, highest }: LeftBehind) => `${tag} holds ${holds} and not ${highest}`;
  return [
    ...wrong.map((version) => `${version} holds ${held.get(version)}`),
    ...leftBehind(held)
      .filter((left) => !isSaid(left))
      .map((left) => `${described(left)}, which nobody said`),
    ...leftBehind(heldAfterwards).map((left) => `${described(left)} after all were run again`),
  ];
}

function floatingOf(version: string): string[] {
  const [major, minor] = version.split(".");
  return [`${major}.${minor}`, `${major}`, "latest"];
}

function higher(a: string, b: string): string {
  return compareVersions(parsed(a), parsed(b)) < 0 ? b : a;
}

function parsed(text: string): Version {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`${text} is no version.`);
  return version;
}
