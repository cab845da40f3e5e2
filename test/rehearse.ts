/**
 * A whole release, twice, on this machine alone: `npm start`, or `npm start -- dist` with binaries of your own.
 * Two registries in this process receive it; the second call has to write nothing.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseSettings } from "../src/config.js";
import { messageOf } from "../src/errors.js";
import { parseDockerfile } from "../src/image/dockerfile.js";
import { readRef } from "../src/release/ref.js";
import { type ReleaseRequest, release } from "../src/release/release.js";
import { makeClient } from "./support/client.js";
import { startMemoryRegistry } from "./support/memory-registry.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";
import { tinyProgram } from "./support/tiny-program.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ref: { type: "string", default: "refs/tags/v1.2.3" } },
});
const dockerfile = await readFile(new URL("../Dockerfile.release", import.meta.url), "utf8");
const registries = [await startMemoryRegistry(), await startMemoryRegistry()];

try {
  const binaries = positionals[0] ?? (await writePrograms());
  for (const call of ["First call", "Second call"]) {
    for (const { writes } of registries) writes.length = 0;
    const started = performance.now();
    const { markdown } = await release(requestFor(binaries));
    const seconds = ((performance.now() - started) / 1000).toFixed(2);
    const written = registries.reduce((sum, { writes }) => sum + writes.length, 0);
    console.log(`${call}: ${seconds} s, ${written} requests that write\n\n${markdown}\n`);
    if (call === "Second call" && written > 0) throw new Error("The second call wrote something.");
  }
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
} finally {
  for (const { stop } of registries) await stop();
}

function requestFor(binaries: string): ReleaseRequest {
  return {
    client: makeClient(),
    input: {
      settings: parseSettings(undefined).release,
      trigger: readRef(values.ref, { mainBranch: "main", preRelease: true }),
      binaries,
      dockerfile: parseDockerfile(dockerfile, "Dockerfile.release"),
      workspace: makeTemporaryDirectory().path,
    },
    targets: registries.map(({ address }) => ({
      repository: { registry: address, path: "acme/hello" },
      latest: "highest",
    })),
    sourceDateEpoch: 0,
    firstPublish: false,
    skipPush: false,
  };
}

/** Real programs of a few bytes, named as a build without GoReleaser names them. */
async function writePrograms(): Promise<string> {
  const { path } = makeTemporaryDirectory();
  for (const architecture of ["amd64", "arm64"] as const) {
    const file = join(path, `hello_linux_${architecture}`);
    await writeFile(file, tinyProgram(architecture), { mode: 0o755 });
  }
  return path;
}
