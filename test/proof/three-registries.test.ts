import { afterAll, beforeAll, expect, it } from "vitest";
import { formatRepository } from "../../src/registry/reference.js";
import { verifyImage } from "../../src/registry/verify.js";
import { publishRelease } from "../../src/release/publish.js";
import { makeClient } from "../support/client.js";
import type { ProxiedRequest } from "../support/fault-proxy.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { makePublication } from "../support/publication.js";
import { startCraneRegistry } from "../support/registry.js";
import { makeReleasedImage } from "../support/released-image.js";

/** What answers slowly still answers: every request by this. */
const delay = { kind: "delay", milliseconds: 40 } as const;
const image = await makeReleasedImage("program");
const { digest } = image.packed.index.descriptor;

let sound: ProxiedRegistry;
let slow: ProxiedRegistry;
let down: ProxiedRegistry;
const registries = () => [sound, slow, down];

beforeAll(async () => {
  [sound, slow, down] = await Promise.all([
    startProxiedRegistry(),
    startProxiedRegistry(startCraneRegistry),
    startProxiedRegistry(startCraneRegistry),
  ]);
});
afterAll(() => Promise.all(registries().map((at) => at?.stop())));

/** How a registry is down, each with what is said of it. */
const outages = [
  ["resets every connection", { kind: "reset" }, "the connection was reset"],
  ["answers 503", { kind: "answer", status: 503 }, "the registry answered 503"],
  ["breaks off every write", undefined, "the connection was reset"],
] as const;

it.each(outages)(
  "of three registries one is slow and one %s: two are published, the third is named",
  async (name, fault, said) => {
    const started = performance.now();
    for (const { proxy } of registries()) proxy.clear();
    const repositories = [sound.repository(), slow.repository(), down.repository()] as const;
    const release = async () =>
      publishRelease([makePublication(repositories, image, { client: makeClient({ push: repositories }) })]);
    const isWrite = ({ method }: Pick<ProxiedRequest, "method">) => method !== "GET" && method !== "HEAD";
    const statusOf = () =>
      repositories.map((repository, at) => tagsAt(registries()[at] as ProxiedRegistry, repository));
    slow.proxy.setFault(() => delay);
    down.proxy.setFault((request) =>
      fault !== undefined ? fault : isWrite(request) ? { kind: "reset" } : undefined,
    );

    const outcomes = (await release()).flat();
    const whole = { "1.2.3": digest, latest: digest };
    expect(await Promise.all(statusOf())).toEqual([whole, whole, {}]);
    expect(outcomes).toMatchObject([
      { ok: true, repository: formatRepository(repositories[0]), how: "pushed", digest },
      { ok: true, repository: formatRepository(repositories[1]), how: "pushed", digest },
      { ok: false, repository: formatRepository(repositories[2]) },
    ]);
    const [, , failure] = outcomes;
    expect(failure).toHaveProperty(
      "error",
      expect.stringContaining(`${formatRepository(repositories[2])}: `),
    );
    expect(failure).toHaveProperty("error", expect.stringContaining(said));
    expect(failure).toHaveProperty("error", expect.stringMatching(/Gave up after [35] attempts\.$/));
    const attempts = down.proxy.requests.length;

    for (const { proxy } of registries()) proxy.clear();
    expect((await release()).flat()).toMatchObject([
      { ok: true, how: "existed" },
      { ok: true, how: "existed" },
      { ok: true, how: "copied", digest },
    ]);
    expect(await Promise.all(statusOf())).toEqual([whole, whole, whole]);
    for (const { proxy } of [sound, slow]) expect(proxy.requests.filter(isWrite)).toEqual([]);
    console.info(
      [
        `three registries, one slow, one that ${name}: 2 published and tagged, 1 named after ${attempts} requests`,
        `and completed by a copy afterwards, ${((performance.now() - started) / 1000).toFixed(1)} s.`,
      ].join(" "),
    );
  },
);

/** What each tag holds, which is whole. */
async function tagsAt(
  at: ProxiedRegistry,
  repository: ReturnType<ProxiedRegistry["repository"]>,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const tag of await at.tags(repository)) {
    found[tag] = `${await at.tagged(repository, tag)}`;
    await verifyImage(makeClient(), at.direct(repository), tag);
  }
  return found;
}
