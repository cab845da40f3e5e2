/**
 * Publishing, side by side with crane: the same image into the same registry, in turn. A repository is new each
 * time for the first publication; the second one finds everything there. Times are medians of one run on one
 * machine: their ratio means something, the seconds do not.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Descriptor } from "../src/oci/manifest.js";
import type { PublishableImage } from "../src/oci/source.js";
import { pushImage } from "../src/registry/publish.js";
import { parseRepository } from "../src/registry/reference.js";
import { moveTag } from "../src/registry/tag.js";
import { markdownTable, megabytes } from "../src/report.js";
import { makeClient } from "../test/support/client.js";
import { startFaultProxy } from "../test/support/fault-proxy.js";
import { makeImage } from "../test/support/image.js";
import { locateProgram } from "../test/support/program.js";
import { crane, startRegistry } from "../test/support/registry.js";

interface Measurement {
  milliseconds: number;
  requests: number;
  bytes: number;
}

type Publish = (repository: string) => Promise<unknown>;

const rounds = 7;
const layers = 6;
const layerBytes = 8_000_000;

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const registry = await startRegistry();
  const proxy = await startFaultProxy(registry.address);
  try {
    const image = makeImage({ shared: Array.from({ length: layers }, () => randomBytes(layerBytes)) });
    await writeLayout(directory, image);
    const program = await locateProgram(crane);
    const contestants: Record<string, Publish> = {
      slipway: (name) => publish(image, `${proxy.address}/${name}`),
      crane: (name) =>
        promisify(execFile)(program, ["push", "--index", directory, `${proxy.address}/${name}:latest`]),
    };
    const results = new Map<string, Measurement[]>();
    for (let round = 0; round < rounds; round += 1)
      for (const [contestant, run] of Object.entries(contestants))
        for (const kind of ["first", "second"]) {
          proxy.clear();
          const started = performance.now();
          await run(`bench/${contestant}-${round}`);
          const milliseconds = performance.now() - started;
          const bytes = proxy.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
          const key = `${contestant}, ${kind}`;
          const measured = { milliseconds, requests: proxy.requests.length, bytes };
          results.set(key, [...(results.get(key) ?? []), measured]);
        }
    console.log(render(results));
  } finally {
    await proxy.stop();
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function publish(image: PublishableImage, name: string): Promise<void> {
  const repository = parseRepository(name);
  const client = makeClient({ push: [repository] });
  await pushImage(client, repository, image);
  await moveTag(client, repository, "latest", image.index);
}

/** An OCI image layout, which is what crane pushes from. */
async function writeLayout(directory: string, { index, variants, content }: PublishableImage): Promise<void> {
  const blobs = join(directory, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const write = ({ digest }: Descriptor, bytes: Buffer) =>
    writeFile(join(blobs, digest.replace("sha256:", "")), bytes);
  await write(index.descriptor, index.bytes);
  for (const { descriptor, bytes, manifest } of variants) {
    await write(descriptor, bytes);
    for (const blob of [manifest.config, ...manifest.layers]) await write(blob, await content.read(blob));
  }
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(join(directory, "index.json"), index.bytes);
}

function render(results: ReadonlyMap<string, readonly Measurement[]>): string {
  const rows = [...results].map(([name, measured]) => {
    const times = measured.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
    const [fastest = 0, slowest = 0] = [times[0], times.at(-1)];
    const { requests = 0, bytes = 0 } = measured[0] ?? {};
    return [
      name,
      `${Math.round(times[Math.floor(times.length / 2)] ?? 0)} ms`,
      `${Math.round(fastest)}–${Math.round(slowest)} ms`,
      String(requests),
      megabytes(bytes),
    ];
  });
  return markdownTable(["publication", "median", "range", "requests", "sent"], rows);
}

await main();
