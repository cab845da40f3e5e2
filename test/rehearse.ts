/**
 * A whole release, twice, on this machine alone: `npm start`, or `npm start -- dist` with binaries of your own.
 * Two registries in this process receive it; the second call has to write nothing. Without binaries it builds the
 * Go fixture, and where it cannot, programs of a few bytes take its place.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseSettings } from "../src/config.js";
import { parseDockerfile } from "../src/dockerfile/dockerfile.js";
import { messageOf } from "../src/errors.js";
import { Phases } from "../src/phases.js";
import { showUploads } from "../src/progress.js";
import { assembleRelease } from "../src/release/assemble.js";
import { rehearse } from "../src/release/rehearsal.js";
import type { ReleaseRequest } from "../src/release/release.js";
import { stageRelease } from "../src/release/stage.js";
import { readRef } from "../src/tags/ref.js";
import { requestTags } from "../src/tags/request.js";
import { makeClient } from "./support/client.js";
import { buildGoDist } from "./support/go-dist.js";
import { startMemoryRegistry } from "./support/memory-registry.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";
import { tinyProgram } from "./support/tiny-program.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ref: { type: "string", default: "refs/tags/v1.2.3" } },
});
const now = () => performance.now();
const dockerfile = await readFile(new URL("../Dockerfile.release", import.meta.url), "utf8");
const registries = [await startMemoryRegistry(), await startMemoryRegistry()];

try {
  const binaries = positionals[0] ?? (await buildGoDist().catch(writePrograms));
  const { markdown } = await rehearse(async () => {
    for (const { writes } of registries) writes.length = 0;
    return requestFor(binaries);
  });
  const written = registries.flatMap(({ writes }) => writes);
  console.log(`${markdown}\n\nRequests of the second release that write: ${written.length}`);
  if (written.length > 0) throw new Error(`The second release wrote: ${written.join(", ")}`);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
} finally {
  for (const { stop } of registries) await stop();
}

async function requestFor(binaries: string): Promise<ReleaseRequest> {
  const client = makeClient({ onProgress: showUploads(process.stderr, now) });
  const phases = new Phases(now);
  const trigger = readRef(values.ref, { mainBranch: "main", preRelease: true });
  const { release: settings } = parseSettings(undefined);
  const staged = await phases.during("checks", () =>
    stageRelease({
      settings,
      trigger,
      binaries,
      dockerfile: parseDockerfile(dockerfile, "Dockerfile.release"),
      workspace: makeTemporaryDirectory().path,
    }),
  );
  return {
    ...(await phases.during("assembly", () => assembleRelease(staged, { client, sourceDateEpoch: 0 }))),
    client,
    phases,
    tags: requestTags({ settings, trigger }),
    targets: registries.map(({ address }) => ({
      repository: { registry: address, path: "acme/hello" },
      latest: "highest",
    })),
    firstPublish: false,
    skipPush: false,
  };
}

/** Real programs of a few bytes, named as a build without GoReleaser names them. */
async function writePrograms(reason: unknown): Promise<string> {
  console.error(
    `Programs of a few bytes take the place of the Go fixture, which was not built: ${messageOf(reason)}`,
  );
  const { path } = makeTemporaryDirectory();
  for (const architecture of ["amd64", "arm64"] as const) {
    const file = join(path, `hello_linux_${architecture}`);
    await writeFile(file, tinyProgram(architecture), { mode: 0o755 });
  }
  return path;
}
