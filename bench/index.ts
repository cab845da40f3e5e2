/**
 * A whole release, side by side: binaries of two platforms on disk, in the end two tags in a registry. Each program in
 * turn, into a repository that is new each time, and then once more, where all is there. Times are medians of one run
 * on one machine: their ratio means something, the seconds do not. Slipway is measured from the call on, as on an
 * engine that runs, and beside it with the start of Node.js and the compiler; the others with the start of each of
 * their processes; "attested" is with SBOM, provenance and a signature by a key. Requests are counted in a round of their own, so that no program is timed through a proxy.
 */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isIndex, parseIndex, parseManifest } from "../src/oci/manifest.js";
import { parseRepository } from "../src/registry/reference.js";
import { markdownTable } from "../src/report.js";
import { makeClient } from "../test/support/client.js";
import { startFaultProxy } from "../test/support/fault-proxy.js";
import { startRegistry } from "../test/support/registry.js";
import { makeSigningKey } from "../test/support/signing-key.js";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.js";
import { tinyProgram } from "../test/support/tiny-program.js";
import { renderChart } from "./chart.js";
import { type Contestant, findContestants, type Work } from "./contestants.js";
import { benchEngine } from "./engine.js";
import { type CallFigures, columns, rowOf, type Series, summarize } from "./figures.js";
import { runMeasured } from "./process.js";

const rounds = 7;
const megabyte = 1_000_000;
const kinds = ["first", "again"] as const;
const chart = fileURLToPath(new URL("../docs/bench.svg", import.meta.url));

async function main(): Promise<void> {
  const directory = makeTemporaryDirectory();
  const registry = await startRegistry();
  try {
    const size = Number(process.argv[2] ?? 33);
    const work = await prepareWork(directory.path, size);
    const contestants = await findContestants();
    const figures = new Map<string, CallFigures[]>();
    const add = (name: string, figure: CallFigures) =>
      figures.set(name, [...(figures.get(name) ?? []), figure]);
    for (let round = 0; round < rounds; round += 1)
      for (const contestant of contestants)
        for (const kind of kinds) {
          const repository = `${registry.address}/bench/${pathOf(contestant)}-${round}`;
          const whole = await runMeasured(contestant.commands(work, { repository, version: "1.2.3" }));
          add(`${contestant.name}, ${kind}`, contestant.saysFigures ? callIn(whole.output) : whole);
          if (contestant.saysFigures) add(`${contestant.name} with Node, ${kind}`, whole);
        }
    const counted = await countAll(contestants, work, registry.address);
    const summaries = [...figures].map(([name, measured]) => {
      const { requests = 0, stored = 0 } = counted.get(name.replace(" with Node", "")) ?? {};
      return summarize({ name, rounds: measured, requests, stored });
    });
    console.log(markdownTable(columns, summaries.map(rowOf)));
    const shown = kinds.flatMap((kind) => summaries.filter(({ name }) => name.endsWith(kind)));
    await writeFile(chart, renderChart(`Two binaries of ${size} MB to two tags: median and range`, shown));
  } finally {
    await registry.stop();
    await directory.remove();
  }
}

/** Programs of machine code, which is what binaries are: parts of this program's own. */
async function prepareWork(directory: string, size: number): Promise<Work> {
  const architectures = ["amd64", "arm64"] as const;
  const node = await open(process.execPath);
  for (const [at, architecture] of architectures.entries()) {
    const code = Buffer.alloc(size * megabyte);
    await node.read(code, 0, code.length, (at + 1) * 8 * megabyte);
    const folder = join(directory, "dist", `linux_${architecture}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "app"), Buffer.concat([tinyProgram(architecture), code]), { mode: 0o755 });
  }
  await node.close();
  const key = join(directory, "key.pem");
  await writeFile(key, makeSigningKey().pem);
  return { binaries: join(directory, "dist"), architectures, key, scratch: directory };
}

/** Requests through a proxy, and bytes that the registry keeps, in a round that is not timed. */
async function countAll(
  contestants: readonly Contestant[],
  work: Work,
  address: string,
): Promise<ReadonlyMap<string, Pick<Series, "requests" | "stored">>> {
  const proxy = await startFaultProxy(address);
  const counted = new Map<string, Pick<Series, "requests" | "stored">>();
  for (const contestant of contestants)
    for (const kind of kinds) {
      proxy.clear();
      const path = `bench/${pathOf(contestant)}-counted`;
      await runMeasured(
        contestant.commands(work, { repository: `${proxy.address}/${path}`, version: "1.2.3" }),
      );
      const { length: requests } = proxy.requests;
      counted.set(`${contestant.name}, ${kind}`, {
        requests,
        stored: await storedBytes(`${address}/${path}`),
      });
    }
  await proxy.stop();
  return counted;
}

/** Layers and configurations of what the version names. */
async function storedBytes(name: string): Promise<number> {
  const [client, repository] = [makeClient(), parseRepository(name)];
  const read = async (manifest: string): Promise<number> => {
    const found = await client.getManifest(repository, manifest);
    if (found === undefined) throw new Error(`${name} has no ${manifest}.`);
    if (!isIndex(found.descriptor.mediaType)) {
      const { config, layers } = parseManifest(found.bytes, name);
      return [config, ...layers].reduce((sum, { size }) => sum + size, 0);
    }
    const children = parseIndex(found.bytes, name).manifests.map(({ digest }) => read(digest));
    return (await Promise.all(children)).reduce((sum, size) => sum + size, 0);
  };
  return read("1.2.3");
}

function pathOf({ name }: Contestant): string {
  return name.toLowerCase().replaceAll(" ", "-");
}

function callIn(output: string): CallFigures {
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as CallFigures;
}

await (process.argv.includes("--engine") ? benchEngine() : main());
