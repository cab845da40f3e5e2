import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Fault,
  type FaultProxy,
  type FaultTarget,
  seededFaults,
  startFaultProxy,
} from "./fault-proxy.js";
import { type RunningRegistry, startRegistry } from "./registry.js";

let registry: RunningRegistry;
let proxy: FaultProxy;

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy(registry.address);
});

afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
});

describe("seededFaults", () => {
  const requests: FaultTarget[] = Array.from({ length: 4000 }, (_, index) => ({
    method: index % 2 === 0 ? "GET" : "PUT",
    path: `/v2/app/manifests/${index % 500}`,
    headers: index % 2 === 0 ? {} : { "content-length": "100" },
  }));
  const faultsOf = (seed: number, inOrder: readonly FaultTarget[], probability = 0.05) => {
    const choose = seededFaults(seed, probability);
    return inOrder.map((request) => `${request.method} ${request.path} ${JSON.stringify(choose(request))}`);
  };

  it("chooses the same faults for the same requests in any order", () => {
    expect(faultsOf(1, requests.toReversed()).sort()).toEqual(faultsOf(1, requests).sort());
  });

  it("chooses other faults for another seed and for a request that comes again", () => {
    expect(faultsOf(2, requests)).not.toEqual(faultsOf(1, requests));
    const again = seededFaults(1, 0.5);
    const [request] = requests;
    expect(new Set(Array.from({ length: 20 }, () => request && again(request) === undefined)).size).toBe(2);
  });

  it("takes two upload sessions for the same request", () => {
    const sessions = ["one?_state=a&digest=sha256:0", "two?_state=b&digest=sha256:0"];
    const [first, second] = sessions.map((session) => {
      const path = `/v2/app/blobs/uploads/${session}`;
      const choose = seededFaults(7, 0.5);
      return Array.from({ length: 20 }, () => choose({ method: "PUT", path, headers: {} }));
    });
    expect(first).toEqual(second);
  });

  it("fails about as many requests as asked for, in every transient way", () => {
    const failed = faultsOf(1, requests, 0.05).filter((line) => !line.endsWith("undefined"));
    expect(failed.length).toBeGreaterThan(150);
    expect(failed.length).toBeLessThan(250);
    for (const trace of [
      '"1"',
      "12.5ms",
      "500",
      "502",
      "503",
      "504",
      '"reset"',
      "lost",
      "ed-request",
      "ed-answer",
    ]) {
      expect(failed.filter((line) => line.includes(trace)).length, trace).toBeGreaterThan(0);
    }
  });
});

describe("startFaultProxy", () => {
  const blob = randomBytes(400_000);
  const digest = `sha256:${createHash("sha256").update(blob).digest("hex")}`;
  const stored = () => fetch(`http://${registry.address}/v2/app/blobs/${digest}`, { method: "HEAD" });

  beforeEach(async () => {
    proxy.clear();
    await fetch(`http://${registry.address}/v2/app/blobs/${digest}`, { method: "DELETE" });
  });

  it("takes a whole upload through itself and counts its bytes", async () => {
    const location = await startUpload();
    expect(location.host).toBe(proxy.address);

    expect((await finishUpload(location)).status).toBe(201);
    const answered = await fetch(`http://${proxy.address}/v2/app/blobs/${digest}`);
    expect(Buffer.from(await answered.arrayBuffer()).equals(blob)).toBe(true);
    expect(proxy.requests).toMatchObject([
      { method: "POST", path: "/v2/app/blobs/uploads/", status: 202, bytesIn: 0 },
      { method: "PUT", status: 201, bytesIn: blob.length, bytesOut: 0 },
      { method: "GET", status: 200, upstreamStatus: 200, bytesIn: 0, bytesOut: blob.length },
    ]);
  });

  it.each<{ fault: Fault; client: string; upstreamStatus?: number; stored: number }>([
    { fault: { kind: "answer", status: 503 }, client: "503", stored: 404 },
    { fault: { kind: "reset" }, client: "broken", stored: 404 },
    { fault: { kind: "interrupted-request" }, client: "broken", stored: 404 },
    { fault: { kind: "interrupted-request", afterBytes: 10 }, client: "broken", stored: 404 },
    { fault: { kind: "lost-answer" }, client: "broken", upstreamStatus: 201, stored: 200 },
    { fault: { kind: "interrupted-answer" }, client: "broken", upstreamStatus: 201, stored: 200 },
    { fault: { kind: "delay", milliseconds: 20 }, client: "201", upstreamStatus: 201, stored: 200 },
  ])("does $fault to an upload", async ({ fault, client, upstreamStatus, stored: status }) => {
    const location = await startUpload();
    proxy.setFault(() => fault);

    const seen = await finishUpload(location).then(
      (answered) => String(answered.status),
      () => "broken",
    );

    expect(seen).toBe(client);
    expect(proxy.requests.at(-1)).toMatchObject({ method: "PUT", fault });
    expect(proxy.requests.at(-1)?.upstreamStatus).toBe(upstreamStatus);
    expect(proxy.requests.at(-1)?.error).toBeUndefined();
    expect((await stored()).status).toBe(status);
  });

  it.each<{ fault: Fault; bytes: number; atLeast?: number }>([
    { fault: { kind: "interrupted-answer" }, bytes: blob.length / 2 },
    { fault: { kind: "interrupted-answer", afterBytes: 10 }, bytes: 10 },
    { fault: { kind: "interrupted-answer", afterBytes: 1e9 }, bytes: blob.length - 1 },
    { fault: { kind: "slow", bytesPerSecond: 2e6 }, bytes: blob.length, atLeast: 180 },
  ])("does $fault to a download", async ({ fault, bytes, atLeast = 0 }) => {
    await finishUpload(await startUpload());
    proxy.setFault(() => fault);

    const started = performance.now();
    const answered = await fetch(`http://${proxy.address}/v2/app/blobs/${digest}`);
    const isWhole = await answered.arrayBuffer().then(
      () => true,
      () => false,
    );

    expect(isWhole).toBe(bytes === blob.length);
    expect(proxy.requests.at(-1)).toMatchObject({ status: 200, bytesOut: bytes });
    expect(performance.now() - started).toBeGreaterThanOrEqual(atLeast);
  });

  it("tells an unreachable registry from a fault", async () => {
    const gone = await startRegistry();
    const before = await startFaultProxy(gone.address);
    await gone.stop();

    await expect(fetch(`http://${before.address}/v2/`)).rejects.toThrow();

    expect(before.requests).toMatchObject([{ path: "/v2/", error: expect.stringContaining("ECONNREFUSED") }]);
    await before.stop();
  });

  async function startUpload(): Promise<URL> {
    const answered = await fetch(`http://${proxy.address}/v2/app/blobs/uploads/`, { method: "POST" });
    return new URL(answered.headers.get("location") ?? "", `http://${proxy.address}`);
  }

  function finishUpload(location: URL): Promise<Response> {
    location.searchParams.set("digest", digest);
    return fetch(location, { method: "PUT", body: blob });
  }
});
