import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { fetch } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { classifyNetworkError, classifyStatus } from "../../src/registry/verdict.js";
import { makeCertificateAuthority } from "../support/certificate.js";

const date = "Sat, 13 Dec 2025 14:00:00 GMT";

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
    ...[499, 520, 521, 522, 523, 524, 530].map((status): [number, Record<string, string>, string, object] => [
      status,
      {},
      "",
      { failure: "unavailable", transient: true },
    ]),
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
