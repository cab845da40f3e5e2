import { pruneAll } from "../../src/cleanup/prune.js";
import { reportPrune } from "../../src/cleanup/report.js";
import { readPruneRequest } from "../../src/cleanup/request.js";
import { openTarget } from "../../src/cleanup/targets.js";
import { messageOf } from "../../src/errors.js";
import { RegistryClient } from "../../src/registry/client.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import { formatRepository, type Repository } from "../../src/registry/reference.js";
import { releaseTargets } from "../../src/release/plan.js";
import { release } from "../../src/release/release.js";
import type { Report } from "../../src/report.js";
import { startFaultProxy } from "../support/fault-proxy.js";
import { startMemoryRegistry } from "../support/memory-registry.js";
import { connect, parseMirror } from "./connection.js";
import { helloSettings, writeHello } from "./hello.js";
import { slipway } from "./next.js";
import { openProject } from "./project.js";
import { requestRelease } from "./request.js";
import type { Screen } from "./screen.js";

/** Two empty registries, and what happens to them. */
interface Theatre {
  settings: ClientSettings;
  repositories: readonly Repository[];
  /** The second one goes away once it has the layers, until it is mended. */
  interrupt(): void;
  mend(): void;
  /** Requests that wrote something since the last look. */
  writes(): number;
  stop(): Promise<void>;
}

const [first, second] = ["refs/tags/v1.2.3", "refs/tags/v1.3.0"] as const;

/** Shows a plan, a release, an interruption and its completion, a refused overwrite, and a clean-up. */
export async function demonstrate(screen: Screen): Promise<void> {
  const theatre = await openTheatre();
  try {
    screen.say(introduction);
    await showRelease(theatre, screen);
    await showInterruption(theatre, screen);
    await showRefusal(theatre, screen);
    await showCleanUp(theatre, screen);
    screen.title("What to type next");
    screen.say(next);
  } finally {
    await theatre.stop();
  }
}

const introduction = `A project with two programs of 1 MB, dist/hello-linux-amd64 and dist/hello-linux-arm64, and this slipway.json:

${JSON.stringify(helloSettings, undefined, 2)}

Both registries are empty, and run in this process under these names: nothing leaves this machine. Digests are cut.`;

const next = `  npm start -- ../my-project    plan and release a project of yours in the same way, as it lies there

In your repository, with Docker and Dagger (docs/start.md has 15 minutes for it):

  ${slipway("init export --path .")}
  ${slipway("rehearse")}`;

async function showRelease(theatre: Theatre, screen: Screen): Promise<void> {
  screen.title("1. The plan: which tags, and why. It changes nothing.");
  screen.command(callOf("plan", first));
  screen.say((await releaseHello(theatre, first, "v1.2.3", true)).markdown);
  screen.title("2. The release: both registries get the same image, and the tags last.");
  screen.command(callOf("release", first));
  screen.say((await releaseHello(theatre, first, "v1.2.3")).markdown);
  theatre.writes();
  screen.title("3. The same again: it is there.");
  screen.command(callOf("release", first));
  screen.say((await releaseHello(theatre, first, "v1.2.3")).markdown);
  screen.say(`Requests of the second release that write: ${theatre.writes()}`);
}

async function showInterruption(theatre: Theatre, screen: Screen): Promise<void> {
  screen.title("4. The next version, and mirror.example goes away in the middle of it.");
  screen.command(callOf("release", second));
  theatre.interrupt();
  screen.refusal(await failureOf(() => releaseHello(theatre, second, "v1.3.0")));
  theatre.mend();
  const [, mirror] = theatre.repositories as [Repository, Repository];
  const tags = (await new RegistryClient(theatre.settings).listTags(mirror)) ?? [];
  screen.say(`Tags of ${formatRepository(mirror)}, none of half an image: ${tags.join(", ")}`);
  screen.title("5. Called again, it completes what is missing.");
  screen.command(callOf("release", second));
  screen.say((await releaseHello(theatre, second, "v1.3.0")).markdown);
}

async function showRefusal(theatre: Theatre, screen: Screen): Promise<void> {
  screen.title("6. Other binaries under a version that is out: refused, and no option overrides it.");
  screen.command(callOf("release", first));
  screen.refusal(await failureOf(() => releaseHello(theatre, first, "changed after v1.2.3")));
}

async function showCleanUp(theatre: Theatre, screen: Screen): Promise<void> {
  screen.title(
    "7. Two pushes to main move latest of registry.example: the first image has no name any more.",
  );
  const { outputs } = await releaseHello(theatre, "refs/heads/main", "a push to main");
  await releaseHello(theatre, "refs/heads/main", "another push to main");
  const digests = [String(outputs.DIGEST)];
  const repository = "registry.example/acme/hello";
  const call = `prune --repository ${repository} --digests ${digests}`;
  screen.command(`dagger call --source . ${call}`);
  screen.say((await prune(theatre, digests, false)).markdown);
  screen.command(`dagger call --source . ${call} --confirm`);
  screen.say((await prune(theatre, digests, true)).markdown);
}

function callOf(name: string, ref: string): string {
  return `dagger call --source . ${name} --binaries dist --ref ${ref}`;
}

async function releaseHello(
  { settings }: Theatre,
  ref: string,
  source: string,
  skipPush = false,
): Promise<Report> {
  const project = await openProject(await writeHello(source), { ref });
  const request = await requestRelease(project, { settings, targetsOf: releaseTargets });
  return release({ ...request, skipPush });
}

async function prune(
  { settings, repositories: [repository] }: Theatre,
  digests: string[],
  confirm: boolean,
): Promise<Report> {
  const targets = repository === undefined ? [] : [openTarget(settings, repository)];
  const request = readPruneRequest({ confirm, minAgeHours: 24, keep: [], digests }, Date.now());
  return reportPrune(await pruneAll(targets, request));
}

async function failureOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return messageOf(error);
  }
  throw new Error("It did not fail, as it should.");
}

async function openTheatre(): Promise<Theatre> {
  const registries = [await startMemoryRegistry(), await startMemoryRegistry()] as const;
  const proxy = await startFaultProxy(registries[1].address);
  const mirrors = [`registry.example=${registries[0].address}`, `mirror.example=${proxy.address}`].map(
    parseMirror,
  );
  return {
    settings: connect(mirrors),
    repositories: mirrors.map(({ host }) => ({ registry: host, path: "acme/hello" })),
    interrupt() {
      let isGone = false;
      proxy.setFault(({ method, path }) => {
        isGone ||= method === "PUT" && path.includes("/manifests/");
        return isGone ? { kind: "reset" } : undefined;
      });
    },
    mend: () => proxy.clear(),
    writes() {
      return registries.reduce((sum, { writes }) => sum + writes.splice(0).length, 0);
    },
    async stop() {
      await proxy.stop();
      for (const { stop } of registries) await stop();
    },
  };
}
