import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { fetch } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.js";
import {
  classifyNetworkError,
  classifyStatus,
  delayBefore,
  parseHttpDate,
  parseRetryAfter,
  pushRetry,
  type RetryPolicy,
  readRetry,
  retrying,
} from "../../src/registry/retry.js";
import { makeCertificateAuthority } from "../support/certificate.js";

const now = Date.UTC(2025, 11, 13, 14, 0, 0);
const date = "Sat, 13 Dec 2025 14:00:00 GMT";

describe("parseRetryAfter", () => {
  it.each([
    ["120", 120_000],
    ["0", 0],
    [" 7 ", 7_000],
    ["12.5ms", 12.5],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1m30s", 90_000],
    ["1h0m0s", 3_600_000],
    ["500µs", 0.5],
    [date, 0],
    ["Sat, 13 Dec 2025 14:00:30 GMT", 30_000],
    ["Saturday, 13-Dec-25 14:00:30 GMT", 30_000],
    ["Sat Dec 13 14:00:30 2025", 30_000],
    ["Sat, 13 Dec 2025 13:59:59 GMT", undefined],
    ["-5", undefined],
    ["-1.5s", undefined],
    ["1.5", undefined],
    ["1.5parsecs", undefined],
    ["99999999999", undefined],
    ["soon 5", undefined],
    ["Sat, 99 Dec 2025 14:00:00 GMT", undefined],
    ["", undefined],
    [null, undefined],
    [undefined, undefined],
  ])("reads %j as %s ms", (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it("takes no date where the present is unknown, but a duration", () => {
    expect(parseRetryAfter("Sat, 13 Dec 2025 14:00:30 GMT", undefined)).toBeUndefined();
    expect(parseRetryAfter("30", undefined)).toBe(30_000);
  });
});

describe("parseHttpDate", () => {
  it.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["1994-11-06T08:49:37Z", undefined],
    ["November 6", undefined],
  ])("reads %j", (value, expected) => {
    expect(parseHttpDate(value)).toBe(expected);
  });
});

describe("classifyStatus", () => {
  const secondary = '{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}';
  const denied = '{"errors":[{"code":"DENIED","message":"denied: acme/rate-limit-abuse"}]}';
  it.each<[number, Record<string, string>, string, object]>([
    [401, {}, "", { failure: "unauthorized", transient: false }],
    [403, {}, denied, { failure: "denied", transient: false }],
    [403, {}, secondary, { failure: "rate-limited", transient: true }],
    [403, {}, "abuse detection mechanism", { failure: "rate-limited", transient: true }],
    [403, { "retry-after": "60" }, "", { failure: "rate-limited", transient: true, retryAfter: 60_000 }],
    [404, {}, "", { failure: "not-found", transient: false }],
    [400, {}, "", { failure: "invalid", transient: false }],
    [405, {}, "", { failure: "invalid", transient: false }],
    [416, {}, "", { failure: "invalid", transient: false }],
    [302, {}, "", { failure: "invalid", transient: false }],
    [408, {}, "", { failure: "unavailable", transient: true }],
    [429, {}, "", { failure: "rate-limited", transient: true }],
    [429, { "retry-after": "12.5ms" }, "", { failure: "rate-limited", transient: true, retryAfter: 12.5 }],
    [429, { "retry-after": "later" }, "", { failure: "rate-limited", transient: true }],
    [500, {}, "", { failure: "unavailable", transient: true }],
    [501, {}, "", { failure: "unavailable", transient: false }],
    [502, {}, "", { failure: "unavailable", transient: true }],
    [503, {}, "", { failure: "unavailable", transient: true }],
    [504, {}, "", { failure: "unavailable", transient: true }],
    [505, {}, "", { failure: "unavailable", transient: false }],
    [
      503,
      { "retry-after": "Sat, 13 Dec 2025 14:00:09 GMT", date },
      "",
      { failure: "unavailable", transient: true, retryAfter: 9_000 },
    ],
    [
      503,
      { "retry-after": "Sat, 13 Dec 2025 14:00:09 GMT" },
      "",
      { failure: "unavailable", transient: true },
    ],
  ])("%i %j %j", (status, headers, text, expected) => {
    expect(classifyStatus(status, new Headers(headers), text)).toEqual(expected);
  });
});

describe("classifyNetworkError", () => {
  const coded = (code: string) => Object.assign(new Error(`something ${code}`), { code });
  const fetchFailed = (cause: unknown) => new TypeError("fetch failed", { cause });

  it.each([
    "ECONNRESET",
    "ECONNREFUSED",
    "EPIPE",
    "ETIMEDOUT",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_HEADERS_TIMEOUT",
    "UND_ERR_BODY_TIMEOUT",
    "UND_ERR_SOCKET",
    "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  ])("%s may pass", (code) => {
    expect(classifyNetworkError(fetchFailed(coded(code)))).toMatchObject({
      failure: "unreachable",
      transient: true,
    });
  });

  it.each([
    ["ENOTFOUND", "unknown"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "not trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "authority"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "authority"],
    ["CERT_HAS_EXPIRED", "expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "another host"],
    ["EPROTO", "plain HTTP"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "plain HTTP"],
  ])("%s stays", (code, reason) => {
    const verdict = classifyNetworkError(fetchFailed(coded(code)));
    expect(verdict).toMatchObject({ failure: "unreachable", transient: false });
    expect(verdict.reason).toContain(reason);
  });

  it("lets the address that may answer later decide", () => {
    const addresses = new AggregateError([coded("ENOTFOUND"), coded("ECONNREFUSED")]);
    expect(classifyNetworkError(fetchFailed(addresses))).toMatchObject({
      transient: true,
      reason: "the connection was refused",
    });
  });

  it.each([
    [407, false],
    [502, true],
  ])("names the %i of a proxy", (status, transient) => {
    const aborted = coded("UND_ERR_ABORTED");
    aborted.message = `Proxy response (${status}) !== 200 when HTTP Tunneling`;
    const cancelled = new DOMException("Request was cancelled.", { cause: aborted });
    expect(classifyNetworkError(fetchFailed(cancelled))).toEqual({
      failure: "unreachable",
      transient,
      reason: `the proxy answered ${status}`,
    });
  });

  it.each([
    [fetchFailed(new Error("bad\nport")), "the request failed (bad port)"],
    [fetchFailed(undefined), "the request failed (TypeError)"],
    ["a string", "the request failed (no error was given)"],
  ])("does not repeat what it does not know", (error, reason) => {
    expect(classifyNetworkError(error)).toEqual({ failure: "unreachable", transient: false, reason });
  });

  it("shows no header value that fetch complains about", async () => {
    const headers = { authorization: "Bearer s3cret\nx" };
    const error = await fetch("http://127.0.0.1", { headers }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("s3cret");
    expect(classifyNetworkError(error).reason).toBe("the request failed (TypeError)");
  });
});

describe("classifyNetworkError, on what fetch really throws", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function portOf(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }
  const http = (listener: RequestListener) => portOf(createHttpServer(listener));
  const tcp = (listener: (socket: Socket) => void) =>
    portOf(createServer((socket) => listener(socket.on("error", () => {}))));
  async function untrusted(): Promise<number> {
    const authority = await makeCertificateAuthority();
    const { key, certificate } = await authority.issue(["127.0.0.1"]);
    await authority.remove();
    return portOf(createHttpsServer({ key, cert: certificate }));
  }
  async function closedPort(): Promise<number> {
    const port = await tcp(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    return port;
  }

  it.each<[string, () => Promise<number>, string, object]>([
    ["nothing listens", closedPort, "http", { transient: true, reason: "the connection was refused" }],
    [
      "the peer closes without an answer",
      () => tcp((socket) => socket.end()),
      "http",
      { transient: true, reason: "the connection was closed before the answer was complete" },
    ],
    [
      "the body breaks off",
      () =>
        tcp((socket) =>
          socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")),
        ),
      "http",
      { transient: true, reason: "the connection was closed before the answer was complete" },
    ],
    [
      "no answer comes",
      () => tcp(() => {}),
      "http",
      { transient: true, reason: "there was no answer in time" },
    ],
    [
      "the peer speaks another protocol",
      () => tcp((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n")),
      "http",
      { transient: false, reason: "the answer is not HTTP" },
    ],
    [
      "the peer speaks plain HTTP",
      () => http((_request, response) => response.end()),
      "https",
      { transient: false, reason: "it does not speak TLS; is it plain HTTP?" },
    ],
    [
      "its authority is not trusted",
      untrusted,
      "https",
      { transient: false, reason: "its certificate authority is not known here" },
    ],
  ])("%s", async (_name, start, scheme, expected) => {
    const url = `${scheme}://127.0.0.1:${await start()}/`;
    const error = await fetch(url, { signal: AbortSignal.timeout(300) })
      .then((response) => response.text())
      .catch((thrown: unknown) => thrown);
    expect(classifyNetworkError(error)).toEqual({ failure: "unreachable", ...expected });
  });
});

describe("delayBefore", () => {
  const error = (transient: boolean, retryAfter?: number) =>
    new RegistryError("no", {
      failure: "unavailable",
      transient,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  const short: RetryPolicy = { attempts: 9, baseDelay: 1_000, maxDelay: 5_000 };

  it.each<[number, unknown, RetryPolicy, number | undefined]>([
    [2, error(true), pushRetry, 10_000],
    [3, error(true), pushRetry, 20_000],
    [2, error(true), readRetry, 1_000],
    [3, error(true), readRetry, 2_000],
    [4, error(true), short, 4_000],
    [5, error(true), short, 5_000],
    [2, error(true, 12.5), pushRetry, 1_000],
    [2, error(true, 1_001), pushRetry, 1_001],
    [3, error(true, 0), pushRetry, 1_000],
    [2, error(true, 0), readRetry, 100],
    [2, error(true, 120_000), pushRetry, 120_000],
    [2, error(true, 120_001), pushRetry, undefined],
    [2, error(false), pushRetry, undefined],
    [2, error(false, 1_000), pushRetry, undefined],
    [2, new Error("a bug"), pushRetry, undefined],
    [2, { transient: true }, pushRetry, undefined],
  ])("before attempt %i", (attempt, thrown, policy, expected) => {
    expect(delayBefore(attempt, thrown, policy)).toBe(expected);
  });
});

describe("retrying", () => {
  const busy = (retryAfter?: number) =>
    new RegistryError("r.example: busy", {
      failure: "unavailable",
      transient: true,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  const refused = () => new RegistryError("r.example: denied.", { failure: "denied" });

  /** Runs an operation that fails with each error in turn, then succeeds; no time passes. */
  async function run(errors: Error[], policy: RetryPolicy) {
    const waits: number[] = [];
    const lines: string[] = [];
    let calls = 0;
    const operation = async (attempt: number) => {
      calls = attempt;
      const error = errors[attempt - 1];
      if (error !== undefined) throw error;
      return "done";
    };
    const hooks = {
      onRetry: (line: string) => lines.push(line),
      sleep: async (delay: number) => waits.push(delay),
    };
    const outcome = await retrying(operation, policy, hooks).catch((error: unknown) => error);
    return { outcome, calls, waits, lines };
  }

  it.each([
    ["at once", [], []],
    ["after one transient error", [busy()], [10_000]],
    ["after two", [busy(), busy()], [10_000, 20_000]],
    ["after the wait that was asked for", [busy(1_500), busy(3_000)], [1_500, 3_000]],
  ])("succeeds %s", async (_name, errors, waits) => {
    expect(await run(errors, pushRetry)).toMatchObject({ outcome: "done", calls: errors.length + 1, waits });
  });

  it.each<[string, Error[], number, string]>([
    [
      "the last attempt failed",
      [busy(), busy(), busy(), busy()],
      3,
      "r.example: busy. Gave up after 3 attempts.",
    ],
    ["the first error is final", [refused()], 1, "r.example: denied."],
    ["a later error is final", [busy(), refused()], 2, "r.example: denied. Gave up after 2 attempts."],
    [
      "the asked wait is too long",
      [busy(900_000)],
      1,
      "r.example: busy. It asks to wait 15 min, more than the 2 min that are waited at most.",
    ],
    ["the error is a bug", [new TypeError("x is not a function")], 1, "x is not a function"],
  ])("surfaces the last error itself where %s", async (_name, errors, calls, message) => {
    const { outcome, ...seen } = await run(errors, pushRetry);
    expect(outcome).toBe(errors[calls - 1]);
    expect(outcome).toHaveProperty("message", message);
    expect(seen.calls).toBe(calls);
    expect(seen.waits).toHaveLength(calls - 1);
  });

  it("announces each wait with its reason", async () => {
    expect((await run([busy(), busy(3_000)], pushRetry)).lines).toEqual([
      "r.example: busy. Attempt 2 of 3 follows in 10 s.",
      "r.example: busy. Attempt 3 of 3 follows in 3 s.",
    ]);
  });

  it("does not multiply when nested", async () => {
    let calls = 0;
    const sleep = async () => {};
    const inner = () =>
      retrying(
        async () => {
          calls += 1;
          throw busy();
        },
        readRetry,
        { sleep },
      );
    await expect(retrying(inner, pushRetry, { sleep })).rejects.toThrow(
      /^r\.example: busy\. Gave up after 5 attempts\.$/,
    );
    expect(calls).toBe(5);
  });

  it("really waits without an injected sleep", async () => {
    const started = performance.now();
    await retrying(async (attempt) => {
      if (attempt === 1) throw busy(60);
    }, readRetry);
    expect(performance.now() - started).toBeGreaterThan(50);
  });
});
