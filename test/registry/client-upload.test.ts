import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { RegistryError } from "../../src/errors.js";
import { makeClient } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { describeBytes } from "../support/image.js";
import { listenOnLoopback } from "../support/loopback.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const content = Buffer.from("a layer");
const blob = describeBytes(content);
const open = async () => Readable.from([content.subarray(0, 3), content.subarray(3)], { objectMode: false });

let at: ProxiedRegistry;

/** The requests that reached the proxy, without what differs in each run. */
const asked = () =>
  at.proxy.requests.map(({ method, path, status }) => {
    const what = path.replace(/^\/v2\/acme\/unused-\d+\/blobs\//, "").replace(/(uploads)\/.*/, "$1");
    return `${method} ${what.replace(blob.digest, "<digest>")} ${status ?? "broken"}`;
  });
/** Does this to the first requests of a method, one after the other, and nothing to the others. */
const onEach = (method: string, ...faults: Fault[]) =>
  at.proxy.setFault((request) => (request.method === method ? faults.shift() : undefined));

describe.each([
  ["distribution", startRegistry, "http://"],
  ["the registry of go-containerregistry", startCraneRegistry, "/v2/"],
])("putBlob at %s", (_name, start, location) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  it(`follows a Location that starts with ${location}`, async () => {
    const uploads = `http://${at.proxy.address}/v2/acme/location/blobs/uploads/`;
    const { headers } = await fetch(uploads, { method: "POST" });
    expect(headers.get("location")?.slice(0, location.length)).toBe(location);
  });

  // Content of its own each: the registry of go-containerregistry keeps blobs for all repositories together.
  it.each<[string, (bytes: Buffer) => Buffer | Readable]>([
    ["a stream", (bytes) => Readable.from([bytes.subarray(0, 3), bytes.subarray(3)], { objectMode: false })],
    ["bytes", (bytes) => bytes],
  ])("sends %s with its length, and only once", async (form, sourceOf) => {
    const body = Buffer.from(`sent as ${form}`);
    const repository = at.repository();
    const put = () => client.putBlob(repository, describeBytes(body), async () => sourceOf(body));
    const answers = () => at.proxy.requests.map(({ method, status }) => `${method} ${status}`);

    expect(await put()).toBe("sent");
    expect(answers()).toEqual(["HEAD 404", "POST 202", "PUT 201"]);
    const { headers, bytesIn } = at.proxy.requests.at(-1) ?? {};
    expect(headers).toMatchObject({ "content-length": String(body.length) });
    expect(headers).not.toHaveProperty("transfer-encoding");
    expect(bytesIn).toBe(body.length);

    at.proxy.clear();
    expect(await put()).toBe("present");
    expect(answers()).toEqual(["HEAD 200"]);
  });

  it("refuses content that is not what its digest says, once", async () => {
    const other = describeBytes(Buffer.from("another"));
    expect(await messageThrownBy(() => client.putBlob(at.repository(), { ...other, size: 7 }, open))).toMatch(
      /: PUT blobs\/uploads: the registry answered 400 \(DIGEST_INVALID: .*\)\.$/,
    );
    expect(asked().filter((line) => line.startsWith("PUT"))).toHaveLength(1);
  });
});

describe("putBlob, when something fails", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());
  beforeEach(() => at.proxy.clear());

  const upload = ["HEAD <digest> 404", "POST uploads 202", "PUT uploads 201"];
  it.each<[string, string, Fault[], "sent" | "present", string[]]>([
    [
      "the upload does not start",
      "POST",
      [{ kind: "reset" }],
      "sent",
      ["HEAD <digest> 404", "POST uploads broken", ...upload.slice(1)],
    ],
    [
      "the answer to POST is lost",
      "POST",
      [{ kind: "lost-answer" }],
      "sent",
      ["HEAD <digest> 404", "POST uploads broken", ...upload.slice(1)],
    ],
    [
      "the body breaks off",
      "PUT",
      [{ kind: "interrupted-request" }],
      "sent",
      [...upload.slice(0, 2), "PUT uploads broken", ...upload],
    ],
    [
      "the registry takes nothing",
      "PUT",
      [{ kind: "answer", status: 503 }],
      "sent",
      [...upload.slice(0, 2), "PUT uploads 503", ...upload],
    ],
    [
      "the answer to PUT is lost",
      "PUT",
      [{ kind: "lost-answer" }],
      "present",
      [...upload.slice(0, 2), "PUT uploads broken", "HEAD <digest> 200"],
    ],
  ])("repeats what is needed where %s", async (_, method, faults, outcome, requests) => {
    onEach(method, ...faults);
    expect(await client.putBlob(at.repository(), blob, open)).toBe(outcome);
    expect(asked()).toEqual(requests);
  });

  it("gives up after three attempts", async () => {
    at.proxy.setFault(({ method }) => (method === "PUT" ? { kind: "interrupted-request" } : undefined));
    const repository = at.repository();
    expect(await messageThrownBy(() => client.putBlob(repository, blob, open))).toMatch(
      new RegExp(
        `^${at.proxy.address}/${repository.path}: PUT blobs/uploads: the connection was .*\\. Gave up after 3 attempts\\.$`,
      ),
    );
    expect(asked().filter((line) => line.startsWith("PUT"))).toHaveLength(3);
  });

  it("does not repeat what a read-only registry refuses", async () => {
    const readOnly = await startRegistry({ readOnly: true });
    onTestFinished(() => readOnly.stop());
    const repository = { registry: readOnly.address, path: "acme/ci" };
    expect(await messageThrownBy(() => client.putBlob(repository, blob, open))).toBe(
      `${readOnly.address}/acme/ci: POST blobs/uploads: the registry answered 405 (Method not allowed).`,
    );
  });

  it("says so where an upload has no Location", async () => {
    onEach("POST", { kind: "answer", status: 202 });
    const repository = at.repository();
    expect(await messageThrownBy(() => client.putBlob(repository, blob, open))).toBe(
      `${at.proxy.address}/${repository.path}: started an upload without a Location.`,
    );
  });

  it("lets the error of a source that breaks off through, and opens the source anew", async () => {
    const broken = () =>
      new RegistryError("source.example/app: GET blobs/x: broke off.", {
        failure: "unreachable",
        transient: true,
      });
    let opened = 0;
    const source = async () => {
      opened += 1;
      return Readable.from(
        (async function* () {
          yield content.subarray(0, 3);
          throw broken();
        })(),
        { objectMode: false },
      );
    };
    expect(await messageThrownBy(() => client.putBlob(at.repository(), blob, source))).toBe(
      "source.example/app: GET blobs/x: broke off. Gave up after 3 attempts.",
    );
    expect(opened).toBe(3);
    const unopened = async () =>
      Promise.reject(new RegistryError("source.example/app: denied.", { failure: "denied" }));
    expect(await messageThrownBy(() => client.putBlob(at.repository(), blob, unopened))).toBe(
      "source.example/app: denied.",
    );
  });

  it("closes the source where uploads live on a host that is down", async () => {
    const gone = await listenOnLoopback(createServer());
    await gone.stop();
    onEach("POST", {
      kind: "answer",
      status: 202,
      headers: { location: `http://${gone.address}/upload?signature=secret` },
    });
    const sources: Readable[] = [];
    const once = makeClient({ pushRetry: { attempts: 1, baseDelay: 0, maxDelay: 0 } });
    const source = async () => {
      const stream = await open();
      sources.push(stream);
      return stream;
    };
    expect(await messageThrownBy(() => once.putBlob(at.repository(), blob, source))).toMatch(
      /\/acme\/unused-\d+: PUT blobs\/uploads: the connection was refused\. This runs in a container: /,
    );
    expect(sources.map(({ destroyed }) => destroyed)).toEqual([true]);
  });

  describe("with a repository to mount from", () => {
    const held = { path: "acme/held" };

    it("mounts what it has", async () => {
      await client.putBlob(at.direct(at.repository(held.path)), blob, open);
      expect(await client.putBlob(at.repository(), blob, open, held.path)).toBe("mounted");
      expect(asked()).toEqual(["HEAD <digest> 404", `POST uploads 201`]);
      expect(at.proxy.requests.at(-1)?.path).toContain(
        `?mount=${encodeURIComponent(blob.digest)}&from=acme%2Fheld`,
      );
    });

    it("sends what it does not have", async () => {
      expect(await client.putBlob(at.repository(), blob, open, "acme/empty")).toBe("sent");
      expect(asked()).toEqual(upload);
    });
  });
});

describe("a large blob", () => {
  const chunk = Buffer.alloc(1024 ** 2, 5);
  const count = 64;
  const size = count * chunk.length;

  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());

  it("is streamed, both ways", async () => {
    const chunks = async function* () {
      for (let sent = 0; sent < count; sent += 1) yield chunk;
    };
    const hash = createHash("sha256");
    for await (const part of chunks()) hash.update(part);
    const large = { mediaType: "application/octet-stream", digest: `sha256:${hash.digest("hex")}`, size };
    const from = at.direct(at.repository());
    const memory = watchMemory();

    expect(
      await client.putBlob(from, large, async () => Readable.from(chunks(), { objectMode: false })),
    ).toBe("sent");
    const copied = await client.putBlob(at.direct(at.repository()), large, () =>
      client.openBlob(from, large),
    );

    expect(copied).toBe("sent");
    // Freed buffers are given back in the background, so the measure is not exact.
    expect(memory.stop()).toBeLessThan(size / 2);
    expect(client.traffic.bytesSent).toBeGreaterThanOrEqual(2 * size);
  });
});

/** Watches how much the buffers of this process grow, in bytes, garbage not counted. */
function watchMemory(): { stop(): number } {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = () => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, held() - before);
  }, 200);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
