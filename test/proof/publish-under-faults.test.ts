import { afterAll, beforeAll, expect, it } from "vitest";
import { publishCiImage, type RepositoryOutcome } from "../../src/ci-image/publish.js";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { keptName } from "../../src/registry/tag.js";
import { verifyImage } from "../../src/registry/verify.js";
import { buildImage, describeImage } from "../support/ci-image.js";
import { makeClient, seed } from "../support/client.js";
import { type Fault, type FaultChooser, type ProxiedRequest, seededFaults } from "../support/fault-proxy.js";
import { joinVariants, makeVariant } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry } from "../support/registry.js";

const runs = 1000;
const runsAtOnce = 8;
const probability = 0.05;
/** Of so many runs four go to distribution, which takes ten times the processor time of the other registry. */
const distributionEvery = 20;

const image = describeImage();
const tags = [image.tag, ...image.aliases];
const small = { platform: "linux/amd64", layers: ["small"] };
const older = joinVariants([makeVariant({ ...small, labels: describeImage("FROM golang:older").labels })]);
const foreign = joinVariants([makeVariant(small)]);

type Tags = Readonly<Record<string, PublishableImage>>;

/** What the two repositories of a run hold before it; `earlier` is an earlier build of the same image. */
const beginnings: readonly ((earlier: PublishableImage) => readonly [Tags, Tags])[] = [
  () => [{}, {}],
  () => [{ latest: older }, { latest: older }],
  () => [{ latest: foreign }, {}],
  (earlier) => [{}, { [image.tag]: earlier }],
];

interface RunTarget {
  at: ProxiedRegistry;
  repository: Repository;
  before: Tags;
}

interface Run {
  number: number;
  targets: RunTarget[];
  outcomes: RepositoryOutcome[];
  retries: number;
}

let distribution: ProxiedRegistry;
let one: ProxiedRegistry;
let other: ProxiedRegistry;
const registries = () => [distribution, one, other];

beforeAll(async () => {
  [distribution, one, other] = await Promise.all([
    startProxiedRegistry(),
    startProxiedRegistry(startCraneRegistry),
    startProxiedRegistry(startCraneRegistry),
  ]);
});
afterAll(() => Promise.all(registries().map((at) => at?.stop())));

it("publishes under faults: nearly always, never wrongly, and says what failed", {
  timeout: 1_800_000,
}, async () => {
  const fault = faultsByRun();
  for (const { proxy } of registries()) proxy.setFault(fault);
  const started = performance.now();

  const results = await inBatches(publish);

  const requests = registries().flatMap(({ proxy }) => proxy.requests);
  const failed = results.filter(({ outcomes }) => outcomes.some(({ ok }) => !ok));
  const errors = failed.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error])),
  );
  console.info(
    [
      `${runs} runs, each request failing with probability ${probability}:`,
      `${runs - failed.length} succeeded, ${failed.length} failed,`,
      `${requests.length} requests, ${requests.filter((request) => request.fault !== undefined).length} faults,`,
      `${results.reduce((sum, { retries }) => sum + retries, 0)} retries,`,
      `${((performance.now() - started) / 1000).toFixed(0)} s.`,
      ...errors.map((error) => `\n  ${error}`),
    ].join(" "),
  );
  expect(failed.length).toBeLessThanOrEqual(runs * 0.01);
  expect(errors.filter((error) => !isExplained(error, requests))).toEqual([]);
  expect(results.flatMap(({ wrong }) => wrong)).toEqual([]);
});

/** Faults of its own for each run, the same in every execution. */
function faultsByRun(): FaultChooser {
  const choosers = new Map<string, FaultChooser>();
  return (request) => {
    const number = /^\/v2\/run-(\d+)\//.exec(request.path)?.[1] ?? "";
    const choose = choosers.get(number) ?? seededFaults(Number(number), probability);
    choosers.set(number, choose);
    return choose(request);
  };
}

async function inBatches(perform: (number: number) => Promise<Run>) {
  const results: (Run & { wrong: string[] })[] = [];
  const numbers = Array.from({ length: runs }, (_, number) => number).values();
  const worker = async () => {
    for (const number of numbers) {
      const run = await perform(number);
      results.push({ ...run, wrong: await wrongTags(run) });
    }
  };
  await Promise.all(Array.from({ length: runsAtOnce }, worker));
  return results;
}

async function publish(number: number): Promise<Run> {
  // Layers of its own: the registry of go-containerregistry keeps blobs for all repositories together.
  const shared = [`base of run ${number}`];
  const earlier = buildImage(image, { shared, created: "2025-12-12T14:00:00Z" });
  const befores = beginnings[number % beginnings.length]?.(earlier) ?? [];
  const targets = befores.map((before, index) => {
    const at = index === 1 ? other : number % distributionEvery < beginnings.length ? distribution : one;
    return { at, before, repository: at.repository(`run-${number}/${index}`) };
  });
  for (const { at, before, repository } of targets)
    for (const [tag, held] of Object.entries(before)) await seed(at.direct(repository), held, tag);
  let retries = 0;
  const repositories = targets.map(({ repository }) => repository);
  const onRetry = () => {
    retries += 1;
  };
  const outcomes = await publishCiImage({
    client: makeClient({ push: repositories, onRetry }),
    repositories,
    image,
    build: async () => buildImage(image, { shared }),
    now: () => 0,
    firstPublish: false,
  });
  return { number, targets, outcomes, retries };
}

/** What is wrong with the tags that a run left, asked without faults. */
async function wrongTags({ number, targets, outcomes }: Run): Promise<string[]> {
  const wrong: string[] = [];
  for (const [index, { at, repository, before }] of targets.entries()) {
    const found: Record<string, string> = {};
    for (const tag of await at.tags(repository)) found[tag] = `${await at.tagged(repository, tag)}`;
    const complaints = complaintsAbout(found, before, outcomes[index]?.ok === true);
    wrong.push(...complaints.map((complaint) => `run ${number}, ${repository.path}: ${complaint}`));
    // What an alias pointed at before was seeded whole, and nothing deletes.
    if (found[image.tag] === undefined) continue;
    await verifyImage(makeClient(), at.direct(repository), image.tag, { platforms: image.platforms }).catch(
      (error) => wrong.push(`run ${number}: ${error}`),
    );
  }
  return wrong;
}

/** The immutable tag never moves, aliases are at it or where they were, and nothing else appears but what is kept. */
function complaintsAbout(found: Record<string, string>, before: Tags, succeeded: boolean): string[] {
  const from = (tag: string) => before[tag]?.index.descriptor.digest;
  const left = foreign.index.descriptor.digest;
  const allowed: Record<string, (string | undefined)[]> = {
    [image.tag]: [from(image.tag) ?? found[image.tag]],
    [keptName("latest", left)]: [from("latest") === left ? left : undefined],
  };
  for (const alias of image.aliases) allowed[alias] = [found[image.tag], ...(succeeded ? [] : [from(alias)])];
  return [
    ...Object.entries(found)
      .filter(([tag, digest]) => !allowed[tag]?.includes(digest))
      .map(([tag, digest]) => `${tag} is at ${digest}`),
    ...tags.filter((tag) => succeeded && found[tag] === undefined).map((tag) => `${tag} is absent`),
  ];
}

/** Whether an error names a request that failed, as often as it says, in the way that it says. */
function isExplained(error: string, requests: readonly ProxiedRequest[]): boolean {
  const said = /^\S+?\/(run-\d+\/\d): (\w+) (\S+): .* Gave up after (\d+) attempts\.$/.exec(error);
  if (said === null) return false;
  const [, path = "", method, target = "", attempts] = said;
  const met = requests
    .filter((request) => request.method === method && request.path.startsWith(`/v2/${path}/${target}`))
    .flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  return met.length >= Number(attempts) && met.some((fault) => isNamed(fault, error));
}

function isNamed(fault: Fault, error: string): boolean {
  if (fault.kind === "answer") return error.includes(`the registry answered ${fault.status}`);
  return /the connection was (reset|closed)/.test(error);
}
