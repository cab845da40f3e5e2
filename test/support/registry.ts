import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locateProgram, type Program } from "./program.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "./temporary-directory.js";
import type { TokenIssuer } from "./token-issuer.js";

/** A registry that runs as a child process and ends, at the latest, with this process. */
export interface RunningRegistry {
  /** `127.0.0.1:<port>`, plain HTTP. */
  address: string;
  /** Ends the registry and removes what it stored. A second call does nothing. */
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** Whose tokens the registry asks for. Without it, everybody may do everything. */
  tokenAuth?: TokenIssuer;
  /** Refuse every write with 405. */
  readOnly?: boolean;
}

const distribution: Program = {
  commands: ["docker-registry", "registry"],
  module: { path: "github.com/distribution/distribution/v3/cmd/registry", version: "v3.1.2" },
  fix: "Run `apt-get install docker-registry`, or install Go from https://go.dev/dl",
};

export const crane: Program = {
  commands: ["crane"],
  module: { path: "github.com/google/go-containerregistry/cmd/crane", version: "v0.22.1" },
  fix: "Install Go from https://go.dev/dl, or put crane into PATH",
};

const startTimeout = 20_000;

/** Starts CNCF distribution, empty and with deletion enabled. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const program = await locateProgram(distribution);
  const directory = makeTemporaryDirectory();
  const file = join(directory.path, "config.json");
  await writeFile(file, JSON.stringify(distributionConfig(join(directory.path, "storage"), options)));
  return run([program, "serve", file], directory);
}

/** Starts the registry of go-containerregistry, empty and in memory: a second reading of the specification. */
export async function startCraneRegistry(): Promise<RunningRegistry> {
  const program = await locateProgram(crane);
  return run([program, "registry", "serve", "--address", "127.0.0.1:0"], makeTemporaryDirectory());
}

// The registry reads YAML, of which JSON is a part.
function distributionConfig(storage: string, { tokenAuth, readOnly = false }: RegistryOptions): object {
  return {
    version: 0.1,
    log: { level: "info", accesslog: { disabled: true } },
    http: { addr: "127.0.0.1:0", secret: "the same in every run" },
    storage: {
      filesystem: { rootdirectory: storage },
      delete: { enabled: true },
      maintenance: { readonly: { enabled: readOnly } },
    },
    ...(tokenAuth && {
      auth: {
        token: {
          realm: tokenAuth.realm,
          service: tokenAuth.service,
          issuer: tokenAuth.issuer,
          rootcertbundle: tokenAuth.certificateFile,
        },
      },
    }),
  };
}

/**
 * Kills the server and removes its directory when file descriptor 3 closes. This process holds the other end, so
 * both happen however this process ends: an exit handler would not run when it is killed.
 */
const supervisor = `{ cat; kill -KILL $$; rm -rf "$0"; } <&3 >/dev/null 2>&1 & exec "$@" 3<&-`;

async function run(command: readonly string[], directory: TemporaryDirectory): Promise<RunningRegistry> {
  const log = join(directory.path, "log");
  const output = openSync(log, "w");
  const server = spawn("sh", ["-c", supervisor, directory.path, ...command], {
    // In a group of its own, an interrupt at the terminal reaches it through the supervisor only.
    detached: true,
    // Nothing from outside changes the configuration: distribution reads REGISTRY_* variables.
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: "none" },
    stdio: ["ignore", output, output, "pipe"],
  });
  closeSync(output);
  const exited = once(server, "exit");
  const stop = async () => {
    server.stdio[3]?.destroy();
    await exited;
    await directory.remove();
  };
  try {
    return { address: await waitUntilReady(server, log), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitUntilReady(server: ChildProcess, log: string): Promise<string> {
  const deadline = Date.now() + startTimeout;
  while (server.exitCode === null && server.signalCode === null && Date.now() < deadline) {
    const port = /(?:listening on 127\.0\.0\.1:|serving on port )(\d+)/.exec(
      await readFile(log, "utf8"),
    )?.[1];
    if (port !== undefined && (await isReady(`127.0.0.1:${port}`))) return `127.0.0.1:${port}`;
    await sleep(20);
  }
  throw new Error(`The registry did not start:\n${await readFile(log, "utf8")}`);
}

async function isReady(address: string): Promise<boolean> {
  try {
    const { status } = await fetch(`http://${address}/v2/`, { signal: AbortSignal.timeout(2_000) });
    return status === 200 || status === 401;
  } catch {
    return false;
  }
}
