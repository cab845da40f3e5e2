import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FaultTarget } from "./fault.js";
import { buildGoDist } from "./go-dist.js";
import { type ProxiedRegistry, startProxiedRegistry } from "./proxied-registry.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** The moments in which a release is killed, each by the request that it is in the middle of. */
const moments: Readonly<Record<string, (request: FaultTarget) => boolean>> = {
  "sending a layer": ({ method, path }) => method === "PUT" && path.includes("/blobs/uploads/"),
  "sending a manifest": ({ method, path }) => method === "PUT" && path.includes("/manifests/sha256:"),
  "setting the tag": ({ method, path }) => method === "PUT" && path.endsWith("/manifests/1.2.3"),
};

/** A call of `dagger` that is under way. */
interface Call {
  client: ChildProcess;
  /** Exit code, null where it was killed, and all that it printed. */
  ended: Promise<{ code: number | null; output: string }>;
}

const minutes = 60_000;
const host = "localhost:5000";

/**
 * Kills the client of a release in the middle, in each of the moments, and releases again: the tag is absent until
 * then, the second call completes what is there, and the third writes nothing. The registry runs on this machine,
 * since one in the engine would end with the client.
 */
export async function killReleases(dagger: string): Promise<string> {
  const registry = await startProxiedRegistry();
  try {
    const binaries = await buildGoDist();
    let lines = "";
    for (const [moment, isMoment] of Object.entries(moments)) {
      const { path } = registry.repository();
      const start = await prepareRelease(dagger, `tcp://${registry.proxy.address}`, path, binaries);
      lines += `killed while ${moment}: ${await killAndComplete(registry, path, isMoment, start)}\n`;
    }
    return lines;
  } finally {
    await registry.stop();
  }
}

async function killAndComplete(
  registry: ProxiedRegistry,
  path: string,
  isMoment: (request: FaultTarget) => boolean,
  start: () => Call,
): Promise<string> {
  const { proxy } = registry;
  const isTagged = async () => (await registry.tagged(registry.repository(path), "1.2.3")) !== undefined;
  const killed = start();
  proxy.setFault((request) => {
    if (!isMoment(request)) return undefined;
    killed.client.kill("SIGKILL");
    // It is not passed on: by then the connection is gone.
    return { kind: "delay", milliseconds: 10 * minutes };
  });
  const { code, output } = await killed.ended;
  if (code !== null) throw new Error(`the release ended with ${code} before it was killed:\n${output}`);
  if (await isTagged()) throw new Error("a release that was killed has set the tag");

  proxy.clear();
  const second = await outputOf(start());
  const sent = /\| pushed, ([\d.]+ MB sent, [\d.]+ MB there)/.exec(second)?.[1];
  if (sent === undefined || !(await isTagged()))
    throw new Error(`the second release did not complete the first:\n${second}`);

  proxy.clear();
  const third = await outputOf(start());
  const writes = proxy.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");
  if (writes.length > 0) throw new Error(`the third release wrote ${writes.length} times:\n${third}`);
  return `completed by the second release (${sent}), nothing written by the third`;
}

async function outputOf({ ended }: Call): Promise<string> {
  const { code, output } = await ended;
  if (code !== 0) throw new Error(`expected exit code 0, got ${code}:\n${output}`);
  return output;
}

async function prepareRelease(
  dagger: string,
  service: string,
  path: string,
  binaries: string,
): Promise<() => Call> {
  const source = makeTemporaryDirectory().path;
  const settings = { release: { repositories: [{ repository: `${host}/${path}` }] } };
  await writeFile(join(source, "slipway.json"), JSON.stringify(settings));
  const args = [
    ...["--progress=plain", "-m", ".", "call", "--source", source],
    ...["with-registry-service", "--host", host, "--service", service],
    ...["release", "--binaries", binaries, "--ref", "refs/tags/v1.2.3"],
  ];
  return () => {
    const client = spawn(dagger, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 10 * minutes });
    return { client, ended: readCall(client) };
  };
}

async function readCall(client: ReturnType<typeof spawn>): Promise<{ code: number | null; output: string }> {
  let output = "";
  for (const stream of [client.stdout, client.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  const [code] = (await once(client, "close")) as [number | null];
  return { code, output };
}
