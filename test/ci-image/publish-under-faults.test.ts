import { afterAll, beforeAll, expect, it } from "vitest";
import { publishCiImage, type RepositoryOutcome } from "../../src/ci-image/publish.js";
import type { PublishableImage } from "../../src/image/source.js";
import { pushImage } from "../../src/registry/publish.js";
import type { Repository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { buildImage, describeImage } from "../support/ci-image.js";
import { makeClient, seed } from "../support/client.js";
import { type Fault, type FaultTarget, type ProxiedRequest, seededFaults } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";

const runs = 60;
const atOnce = 8;
const probability = 0.05;

const image = describeImage();
const built = buildImage(image, { shared: ["base", "packages"] });
const { digest } = built.index.descriptor;
const older = buildImage(describeImage("FROM golang:older"), { shared: ["base"], platforms: ["linux/amd64"] });
const foreign = makeImage({ platforms: ["linux/amd64"] });
const tags = [image.tag, ...image.aliases];

let at: ProxiedRegistry;
const direct = makeClient();

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());

/** What two repositories hold before a run: by tag, for the first and the second. */
const beginnings: readonly Record<string, PublishableImage>[][] = [
  [{}, {}],
  [{ latest: older }, { latest: older }],
  [{ latest: foreign }, {}],
  [{}, { [image.tag]: built }],
];

interface Run {
  repositories: Repository[];
  before: Record<string, PublishableImage>[];
  outcomes: RepositoryOutcome[];
  retries: number;
}

async function run(number: number): Promise<Run> {
  const repositories = ["first", "second"].map((name) => at.repository(`run-${number}/${name}`));
  const before = beginnings[number % beginnings.length] ?? [];
  for (const [index, repository] of repositories.entries())
    for (const [tag, held] of Object.entries(before[index] ?? {})) await seed(at.direct(repository), held, tag);
  let retries = 0;
  const client = makeClient({ push: repositories, onRetry: () => { retries += 1; } });
  const outcomes = await publishCiImage({ client, repositories, image, build: async () => built, firstPublish: false });
  return { repositories, before, outcomes, retries };
}

it("measure", { timeout: 300_000 }, async () => {
  const choosers = new Map<string, (request: FaultTarget) => Fault | undefined>();
  at.proxy.setFault((request) => {
    const number = /^\/v2\/run-(\d+)\//.exec(request.path)?.[1] ?? "";
    const choose = choosers.get(number) ?? seededFaults(Number(number), probability);
    choosers.set(number, choose);
    return choose(request);
  });
  const started = performance.now();
  let next = 0;
  const results: Run[] = [];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < runs) { const n = next++; results[n] = await run(n); }
  }));
  const took = performance.now() - started;
  const failed = results.filter(({ outcomes }) => outcomes.some(({ ok }) => !ok));
  console.log(took, "requests", at.proxy.requests.length, "faults", at.proxy.requests.filter((r) => r.fault).length, "failed", failed.length, "retries", results.reduce((s, r) => s + r.retries, 0), "errors", at.proxy.requests.filter((r) => r.error).length);
  for (const { outcomes } of failed) for (const o of outcomes) if (!o.ok) console.log(o.error);
});
