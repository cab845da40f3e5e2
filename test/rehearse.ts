/**
 * A whole release, twice, on this machine alone.
 *
 * `npm start` releases the Go fixture, or programs of a few bytes where that cannot be built. `npm start -- <directory>`
 * releases a project as it lies there, as `release` would: its slipway.json, its Dockerfile, its binaries in dist/ or,
 * where there is none, in the directory itself. Two registries in this process receive it; the second release has to
 * write nothing. Ends with 3 where the Dockerfile takes the engine.
 *
 * --ref            The git ref in full. Default: the tag of dist/metadata.json, else the main branch.
 * --revision       Commit of the source. Default: what git says.
 * --registry       HOST=ADDRESS, where a registry of base images is served without TLS: docker.io=127.0.0.1:5000
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { readCatalog } from "../src/binaries/collect.js";
import { parseSettings, type ReleaseSettings, type Settings } from "../src/config.js";
import { BuilderNeededError, messageOf } from "../src/errors.js";
import { Phases } from "../src/phases.js";
import { showUploads } from "../src/progress.js";
import { originOf } from "../src/registry/origin.js";
import { createFetch } from "../src/registry/transport.js";
import { assembleRelease } from "../src/release/assemble.js";
import { chooseDockerfile, type ReadTexts } from "../src/release/dockerfile-choice.js";
import type { Target } from "../src/release/plan.js";
import { rehearsalTargets, rehearse } from "../src/release/rehearsal.js";
import type { ImageRequest, ReleaseRequest } from "../src/release/release.js";
import { stageRelease } from "../src/release/stage.js";
import { readRef, type Trigger } from "../src/tags/ref.js";
import { requestTags } from "../src/tags/request.js";
import { makeClient } from "./support/client.js";
import { buildGoDist } from "./support/go-dist.js";
import { startMemoryRegistry } from "./support/memory-registry.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";
import { tinyProgram } from "./support/tiny-program.js";

/** A project as it lies in a directory. */
interface Project {
  directory: string;
  settings: Settings;
  /** Directory of the binaries, where there is one. */
  binaries: string | undefined;
  ref: string;
  revision: string | undefined;
}

const engineNeeded = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ref: { type: "string" },
    revision: { type: "string" },
    registry: { type: "string", multiple: true, default: [] },
  },
});
const now = () => performance.now();
const registries = [await startMemoryRegistry(), await startMemoryRegistry()];

try {
  const project = positionals[0] === undefined ? await demonstration() : await openProject(positionals[0]);
  const { markdown } = await rehearse(async () => {
    for (const { writes } of registries) writes.length = 0;
    return requestFor(project);
  });
  const written = registries.flatMap(({ writes }) => writes);
  console.log(`${markdown}\n\nRequests of the second release that write: ${written.length}`);
  if (written.length > 0) throw new Error(`The second release wrote: ${written.join(", ")}`);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = error instanceof BuilderNeededError ? engineNeeded : 1;
} finally {
  for (const { stop } of registries) await stop();
}

async function requestFor({
  directory,
  settings,
  binaries,
  ref,
  revision,
}: Project): Promise<ReleaseRequest> {
  const { release, network } = settings;
  const mirrors = values.registry.map(parseMirror);
  const client = makeClient({
    onProgress: showUploads(process.stderr, now),
    fetch: createFetch({
      routes: Object.fromEntries(mirrors.map(({ host, route }) => [originOf(host, [host]).hostname, route])),
    }),
    plainHttp: [...network.plainHttp, ...mirrors.map(({ host }) => host)],
  });
  const phases = new Phases(now);
  const trigger = readRef(ref, { ...release, preRelease: true });
  const [source, module] = [directory, new URL("..", import.meta.url).pathname].map(textsIn) as [
    ReadTexts,
    ReadTexts,
  ];
  const images: ImageRequest[] = [];
  for (const image of release.images) {
    const dockerfile = await chooseDockerfile(image.dockerfile, source, module);
    const description = { settings: image, trigger, revision };
    const staged = await phases.during("checks", () =>
      stageRelease({
        ...description,
        binaries,
        dockerfile,
        loadSource: async () => directory,
        workspace: makeTemporaryDirectory().path,
      }),
    );
    images.push({
      ...(await phases.during("assembly", () => assembleRelease(staged, { client, sourceDateEpoch: 0 }))),
      name: image.name,
      tags: requestTags(description),
      targets: targetsOf(image, trigger),
    });
  }
  return { client, phases, images, firstPublish: false, skipPush: false };
}

/** The repositories of the settings, spread over both registries; without any, one in each. */
function targetsOf(image: ReleaseSettings, trigger: Trigger): Target[] {
  const { repositories } = image;
  if (repositories.length === 0)
    return registries.flatMap(({ address }) => rehearsalTargets(image, address, trigger));
  return repositories.flatMap((repository, at) => {
    const { address = "" } = registries[at % registries.length] ?? {};
    return rehearsalTargets({ ...image, repositories: [repository] }, address, trigger);
  });
}

async function openProject(path: string): Promise<Project> {
  const directory = resolve(path);
  const text = await readText(join(directory, "slipway.json"));
  const settings = parseSettings(text);
  const binaries = await findBinaries(directory, settings);
  const { mainBranch } = settings.release;
  return {
    directory,
    settings,
    binaries,
    ref: values.ref ?? (await builtRef(binaries)) ?? `refs/heads/${mainBranch}`,
    revision: values.revision ?? (await git(directory, "rev-parse", "HEAD")),
  };
}

/** dist/ where it holds binaries, else the directory itself where that does. */
async function findBinaries(directory: string, { release }: Settings): Promise<string | undefined> {
  for (const path of [join(directory, "dist"), directory]) {
    if (!existsSync(path)) continue;
    const catalog = await readCatalog(path, { subject: path, pattern: release.binaries.pattern });
    if (catalog.candidates.length > 0) return path;
  }
  return undefined;
}

/** The tag that GoReleaser built, unless that was a snapshot. */
async function builtRef(binaries: string | undefined): Promise<string | undefined> {
  const text = binaries && (await readText(join(binaries, "metadata.json")));
  if (text === undefined || text === "") return undefined;
  const { tag, version } = JSON.parse(text) as { tag?: string; version?: string };
  return tag !== undefined && version !== undefined && tag.replace(/^v/, "") === version
    ? `refs/tags/${tag}`
    : undefined;
}

async function demonstration(): Promise<Project> {
  return {
    directory: makeTemporaryDirectory().path,
    settings: parseSettings(
      JSON.stringify({
        release: {
          repositories: [
            { repository: "ghcr.io/acme/hello", latest: "highest" },
            { repository: "docker.io/acme/hello", latest: "highest" },
          ],
        },
      }),
    ),
    binaries: await buildGoDist().catch(writePrograms),
    ref: values.ref ?? "refs/tags/v1.2.3",
    revision: values.revision,
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

function textsIn(directory: string): ReadTexts {
  return async (paths) => {
    const entries = paths.map(async (path) => {
      const text = await readText(join(directory, path));
      return [path, text === undefined ? undefined : Buffer.from(text)] as const;
    });
    return new Map(await Promise.all(entries));
  };
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function git(directory: string, ...args: string[]): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)("git", ["-C", directory, ...args]).catch(() => ({
    stdout: "",
  }));
  return stdout.trim() || undefined;
}

function parseMirror(text: string) {
  const [host = "", address = ""] = text.split("=");
  const { hostname, port } = new URL(`http://${address}`);
  return { host, route: { hostname, port: Number(port || 80) } };
}
