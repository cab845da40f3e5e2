import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { messageOf } from "../../src/errors.js";
import { type Chunks, interrupted, throttled } from "./chunks.js";
import type { Fault, FaultChooser, FaultTarget } from "./fault.js";
import { listenOnLoopback } from "./loopback.js";

export { type Fault, type FaultChooser, type FaultTarget, seededFaults } from "./fault.js";

/** A request that reached the proxy, filled in as it is answered. */
export interface ProxiedRequest extends FaultTarget {
  /** Status the client was sent. Absent where the connection broke before it. */
  status?: number;
  /** Status the registry answered. Absent where the registry did not answer. */
  upstreamStatus?: number;
  /** Bytes of the body that the client sent. */
  bytesIn: number;
  /** Bytes of the body that the client was sent. */
  bytesOut: number;
  /** What was done to it on purpose. */
  fault?: Fault;
  /** What went wrong without a fault: the registry was not reachable, or the client hung up. */
  error?: string;
}

export interface FaultProxyOptions {
  /** Serve HTTPS with this key and certificate, PEM. */
  tls?: { key: string; certificate: string };
  fault?: FaultChooser;
}

/** A reverse proxy before a registry. */
export interface FaultProxy {
  /** `127.0.0.1:<port>`. */
  address: string;
  /** Every request, in order of arrival. */
  requests: readonly ProxiedRequest[];
  setFault(fault: FaultChooser): void;
  /** Passes everything on again and forgets the requests. */
  clear(): void;
  stop(): Promise<void>;
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  request: ProxiedRequest;
}

/**
 * Starts a reverse proxy before the registry at `upstream` (`host:port`, plain HTTP). It passes on the `Host` it was
 * asked under, and names the scheme in `X-Forwarded-Proto`, from which distribution builds the `Location` of uploads:
 * they come back through the proxy.
 */
export async function startFaultProxy(
  upstream: string,
  options: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  let choose = options.fault ?? noFault;

  const handle = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = recordOf(incoming);
    requests.push(request);
    const fault = choose(request);
    if (fault !== undefined) request.fault = fault;
    const exchange = { incoming, outgoing, request };
    answer(exchange, upstream, agent).catch((error: unknown) => {
      if (fault === undefined) request.error = messageOf(error);
      reset(exchange);
    });
  };
  const { address, stop } = await listenOnLoopback(
    options.tls === undefined
      ? createServer(handle)
      : createTlsServer({ key: options.tls.key, cert: options.tls.certificate }, handle),
  );
  return {
    address,
    requests,
    setFault(fault) {
      choose = fault;
    },
    clear() {
      choose = noFault;
      requests.length = 0;
    },
    async stop() {
      await stop();
      agent.destroy();
    },
  };
}

async function answer(exchange: Exchange, upstream: string, agent: Agent): Promise<void> {
  const { outgoing, request } = exchange;
  const { fault } = request;
  switch (fault?.kind) {
    case "answer":
      request.status = fault.status;
      outgoing.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    case "reset":
      return reset(exchange);
    case "interrupted-request":
      return interruptRequest(exchange, upstream, agent, fault.afterBytes);
    case "delay":
      await sleep(fault.milliseconds, undefined, { ref: false });
  }
  const answered = await forward(exchange, upstream, agent);
  switch (fault?.kind) {
    case "lost-answer":
      await once(answered.resume(), "end");
      return reset(exchange);
    case "interrupted-answer":
      return interruptAnswer(exchange, answered, fault.afterBytes);
    case "slow":
      return deliver(exchange, answered, (chunks) => throttled(chunks, fault.bytesPerSecond));
    default:
      return deliver(exchange, answered, (chunks) => chunks);
  }
}

/** Passes the request on and gives the registry's answer, its body unread. */
async function forward(exchange: Exchange, upstream: string, agent: Agent): Promise<IncomingMessage> {
  const { incoming, outgoing, request } = exchange;
  if (outgoing.destroyed) throw new Error("The client hung up.");
  const passed = open(exchange, upstream, agent);
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) passed.destroy();
  });
  // A registry may answer, and hang up, before it has read the whole body: the answer still reaches the client.
  passed.on("error", () => incoming.resume());
  incoming.on("data", (chunk: Buffer) => {
    request.bytesIn += chunk.length;
  });
  incoming.pipe(passed);
  const [answered] = (await once(passed, "response")) as [IncomingMessage];
  if (answered.statusCode !== undefined) request.upstreamStatus = answered.statusCode;
  return answered;
}

/** Passes the answer on. `shape` decides which of its bytes come when. */
async function deliver(
  { outgoing, request }: Exchange,
  answered: IncomingMessage,
  shape: (chunks: Chunks) => Chunks,
): Promise<void> {
  request.status = answered.statusCode ?? 502;
  outgoing.writeHead(request.status, endToEnd(answered.headers)).flushHeaders();
  await pipeline(answered, shape, (chunks: Chunks) => counted(chunks, request), outgoing);
}

async function interruptRequest(
  exchange: Exchange,
  upstream: string,
  agent: Agent,
  afterBytes = Math.floor(Number(exchange.incoming.headers["content-length"] ?? 0) / 2),
): Promise<void> {
  const { incoming, request } = exchange;
  const passed = open(exchange, upstream, agent);
  // Destroying it below is an error to everybody who waits for the answer.
  passed.on("error", () => {});
  let left = afterBytes;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as Chunks) {
    request.bytesIn += chunk.length;
    const part = chunk.subarray(0, left);
    await new Promise((resolve) => passed.write(part, resolve));
    left -= part.length;
    if (left === 0) break;
  }
  passed.destroy();
  reset(exchange);
}

async function interruptAnswer(
  exchange: Exchange,
  answered: IncomingMessage,
  afterBytes?: number,
): Promise<void> {
  const length = Number(answered.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  const isEmpty = length === 0 || exchange.request.method === "HEAD" || answered.statusCode === 204;
  if (isEmpty) return reset(exchange);
  const half = length === Number.POSITIVE_INFINITY ? 0 : Math.floor(length / 2);
  const limit = Math.min(afterBytes ?? half, length - 1);
  return deliver(exchange, answered, (chunks) => interrupted(chunks, limit));
}

function open({ incoming }: Exchange, upstream: string, agent: Agent) {
  const protocol = incoming.socket instanceof TLSSocket ? "https" : "http";
  return requestHttp(`http://${upstream}${incoming.url}`, {
    agent,
    method: incoming.method,
    headers: { ...endToEnd(incoming.headers), "x-forwarded-proto": protocol },
  });
}

function reset({ incoming: { socket } }: Exchange): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

async function* counted(chunks: Chunks, request: ProxiedRequest): Chunks {
  for await (const chunk of chunks) {
    request.bytesOut += chunk.length;
    yield chunk;
  }
}

function recordOf({ method = "GET", url = "/", headers }: IncomingMessage): ProxiedRequest {
  return { method, path: url, headers, bytesIn: 0, bytesOut: 0 };
}

/** Headers without those that concern one connection only. */
function endToEnd({
  connection,
  "keep-alive": keepAlive,
  ...headers
}: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers;
}

function noFault(): undefined {
  return undefined;
}
