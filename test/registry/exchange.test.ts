import { createServer } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Response } from "undici";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { exchange, type Outgoing } from "../../src/registry/exchange.js";
import type { Fetch } from "../../src/registry/transport.js";
import { directFetch } from "../support/client.js";
import { type Fault, type FaultProxy, startFaultProxy } from "../support/fault-proxy.js";
import { listenOnLoopback } from "../support/loopback.js";
import { errorThrownBy, messageThrownBy } from "../support/thrown.js";

let server: FaultProxy;

beforeEach(async () => {
  server = await startFaultProxy("127.0.0.1:9");
});
afterEach(() => server?.stop());

const to = (status: number, location: string): Fault => ({ kind: "answer", status, headers: { location } });
const ask = (request: Partial<Outgoing> = {}, fetch: Fetch = directFetch) =>
  exchange(fetch, {
    method: "GET",
    url: new URL(`http://${server.address}/0`),
    subject: "it",
    headers: () => ({}),
    ...request,
  });
const asked = () => server.requests.map(({ method, path }) => `${method} ${path}`);
/** The first request is redirected, all others are answered. */
const redirect = (status: number, location: string) =>
  server.setFault(({ path }) => (path === "/0" ? to(status, location) : { kind: "answer", status: 200 }));

describe("a redirect", () => {
  it.each([
    ["GET", 301],
    ["GET", 302],
    ["HEAD", 303],
    ["GET", 307],
    ["HEAD", 308],
    ["PUT", 307],
    ["DELETE", 308],
  ])("of %s by %i is followed", async (method, status) => {
    redirect(status, "/1");
    const { response, by } = await ask({ method });
    expect(response.status).toBe(200);
    expect(by.map(({ pathname }) => pathname)).toEqual(["/0", "/1"]);
    expect(asked()).toEqual([`${method} /0`, `${method} /1`]);
  });

  it.each([
    ["PUT", 301],
    ["POST", 302],
    ["DELETE", 303],
  ])("of %s by %i is not followed, since it would read", async (method, status) => {
    redirect(status, "http://other.example:5000/1?signature=secret");
    expect(await messageThrownBy(() => ask({ method }))).toBe(
      `it: redirects to http://other.example:5000, but a ${status} passes no ${method} on. Name the registry by the address that answers: other.example:5000.`,
    );
    expect(asked()).toEqual([`${method} /0`]);
  });

  it("that would write over plain HTTP where TLS was asked names what the proxy has to send", async () => {
    const fetch: Fetch = async () =>
      new Response(null, { status: 301, headers: { location: "http://registry.example/v2/" } });
    const url = new URL("https://registry.example/v2/");
    expect(await messageThrownBy(() => ask({ method: "PUT", url }, fetch))).toBe(
      "it: redirects to http://registry.example, but a 301 passes no PUT on. The registry does not know that it is asked over TLS: the proxy before it has to send X-Forwarded-Proto.",
    );
  });

  it.each([
    ["GET", 300],
    ["GET", 304],
  ])("is none of %s by %i", async (method, status) => {
    redirect(status, "/1");
    expect((await ask({ method })).response.status).toBe(status);
    expect(asked()).toEqual([`${method} /0`]);
  });

  it.each([
    ["after all of it", true],
    ["before it is read", false],
  ])("that comes %s takes the body along, opened anew", async (_, reads) => {
    const content = Buffer.alloc(1 << 20, "content");
    let received: Buffer | undefined;
    const { address, stop } = await listenOnLoopback(
      createServer(async (request, response) => {
        const isFirst = request.url === "/0";
        if (reads || !isFirst) received = await buffer(request);
        response.writeHead(isFirst ? 307 : 201, isFirst ? { location: "/1" } : {}).end();
      }),
    );
    onTestFinished(stop);
    const opened: Readable[] = [];
    const open = async () => {
      const body = Readable.from([content.subarray(0, 7), content.subarray(7)]);
      opened.push(body);
      return body;
    };
    const { response } = await ask({ method: "PUT", url: new URL(`http://${address}/0`), body: open });
    expect(response.status).toBe(201);
    expect(received?.equals(content)).toBe(true);
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it("ends after ten of them", async () => {
    server.setFault(({ path }) => to(302, String(Number(path.slice(1)) + 1)));
    expect(await messageThrownBy(() => ask())).toBe(
      `it: redirects to http://${server.address}, but no more than 10 redirects are followed.`,
    );
    expect(server.requests).toHaveLength(11);
  });

  it.each([
    "http://[",
    "ftp://files.example/",
    "data:application/json,{}",
    "http://me:s3cret@other.example/",
  ])("to %s is no redirect", async (location) => {
    redirect(302, location);
    expect(await messageThrownBy(() => ask())).toBe(
      "it: where it redirects to is no URL of HTTP without user name and password.",
    );
  });

  it("is not followed where that is forbidden", async () => {
    redirect(302, "/1");
    const forbids = (from: URL, { pathname }: URL) => `${from.pathname} is not ${pathname}`;
    expect(await errorThrownBy(() => ask({ method: "POST", forbids }))).toMatchObject({
      message: `it: redirects to http://${server.address}, but /0 is not /1.`,
      failure: "invalid",
      transient: false,
    });
    expect(asked()).toEqual(["POST /0"]);
  });

  it("is named where it leads to nobody", async () => {
    const gone = await startFaultProxy("127.0.0.1:9");
    await gone.stop();
    redirect(302, `http://${gone.address}/`);
    expect(await messageThrownBy(() => ask())).toBe(
      `it: http://${gone.address}, where it redirects to: the connection was refused.`,
    );
  });
});

describe("an answer that does not begin", () => {
  /** Answers nothing, and ends when it is told to. */
  const silent: Fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });

  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("is not waited for longer than a minute", async () => {
    const said = messageThrownBy(() => ask({}, silent));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await said).toBe("it: there was no answer in time.");
  });

  /** Reads what is sent, as often as it may, and answers nothing. */
  const reading =
    (mayRead: (chunks: number) => Promise<boolean>): Fetch =>
    (url, init) => {
      const body = init?.body as unknown as AsyncIterable<Buffer>;
      const read = async () => {
        const chunks = body[Symbol.asyncIterator]();
        for (let read = 0; await mayRead(read); read += 1) if ((await chunks.next()).done) return;
      };
      // What was given up ends in the middle.
      read().catch(() => {});
      return silent(url, init);
    };
  const put = (body: Readable, fetch: Fetch) =>
    messageThrownBy(() => ask({ method: "PUT", body: async () => body }, fetch));
  const isWaiting = async (said: Promise<string>) => (await Promise.race([said, "waiting"])) === "waiting";

  it("is waited for as long as there is something to send", async () => {
    const body = new Readable({ read() {} });
    const said = put(
      body,
      reading(async () => true),
    );
    for (let hours = 0; hours < 3; hours += 1) {
      body.push("content");
      await vi.advanceTimersByTimeAsync(3_600_000);
    }
    body.push(null);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(await isWaiting(said)).toBe(true);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await said).toBe("it: there was no answer in time.");
  });

  const later = (milliseconds: number) =>
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true), milliseconds));
  const endless = () =>
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(10_000);
      })(),
    );

  it.each<[string, (chunks: number) => Promise<boolean>, number]>([
    ["nothing more is read of what is sent", async (chunks) => chunks === 0, 60_000],
    ["it is read a little now and then", () => later(50_000), 110_000],
  ])("is not waited for where %s, whatever is said in the meantime", async (_, mayRead, until) => {
    const said = put(endless(), reading(mayRead));
    await vi.advanceTimersByTimeAsync(until - 1_000);
    expect(await isWaiting(said)).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await said).toBe("it: there was no answer in time.");
  });
});
