import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What a fault proxy does to one request. */
export type Fault =
  /** Answers in place of the registry, which never sees the request. */
  | { kind: "answer"; status: number; headers?: Readonly<Record<string, string>>; body?: string }
  /** Resets the connection; the registry never sees the request. */
  | { kind: "reset" }
  /** Passes the first bytes of the request's body (half of it unless given) and resets the connection. */
  | { kind: "interrupted-request"; afterBytes?: number }
  /** Lets the registry do its work and resets the connection in place of the answer. */
  | { kind: "lost-answer" }
  /** Passes the first bytes of the answer's body (half of it unless given) and closes the connection. */
  | { kind: "interrupted-answer"; afterBytes?: number }
  /** Waits before it passes the request on. */
  | { kind: "delay"; milliseconds: number }
  /** Passes the answer's body at a limited rate. */
  | { kind: "slow"; bytesPerSecond: number };

/** The part of a request by which faults are chosen. */
export interface FaultTarget {
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingHttpHeaders;
}

export type FaultChooser = (request: FaultTarget) => Fault | undefined;

// What a registry, or a load balancer before it, answers when the same request may succeed a moment later.
const transientFaults: readonly ((request: FaultTarget) => Fault)[] = [
  () => tooManyRequests("1"),
  // GHCR sends durations with a unit.
  () => tooManyRequests("12.5ms"),
  () => gatewayError(500, "Internal Server Error"),
  () => gatewayError(502, "Bad Gateway"),
  () => gatewayError(503, "Service Unavailable"),
  () => gatewayError(504, "Gateway Timeout"),
  () => ({ kind: "reset" }),
  () => ({ kind: "lost-answer" }),
  (request) => ({ kind: hasBody(request) ? "interrupted-request" : "interrupted-answer" }),
];

/**
 * Transient faults with a probability for each request. The choice depends on the seed, the request and how often the
 * same request came before, so that concurrent requests meet the same faults in any order.
 */
export function seededFaults(seed: number, probability: number): FaultChooser {
  const timesAsked = new Map<string, number>();
  return (request) => {
    const identity = identityOf(request);
    const times = timesAsked.get(identity) ?? 0;
    timesAsked.set(identity, times + 1);
    const digest = createHash("sha256").update(`${seed} ${identity} ${times}`).digest();
    if (digest.readUInt32BE(0) / 2 ** 32 >= probability) return undefined;
    return transientFaults[digest.readUInt32BE(4) % transientFaults.length]?.(request);
  };
}

/** Method and path, without what a registry makes up anew for each upload session. */
function identityOf({ method, path }: FaultTarget): string {
  const { pathname, searchParams } = new URL(path, "http://registry");
  searchParams.delete("_state");
  return `${method} ${pathname.replace(/(\/blobs\/uploads\/).+$/, "$1session")}?${searchParams}`;
}

function hasBody({ headers }: FaultTarget): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function tooManyRequests(retryAfter: string): Fault {
  const body = JSON.stringify({ errors: [{ code: "TOOMANYREQUESTS", message: "too many requests" }] });
  return {
    kind: "answer",
    status: 429,
    headers: { "content-type": "application/json", "retry-after": retryAfter },
    body,
  };
}

function gatewayError(status: number, reason: string): Fault {
  const body = `<html><head><title>${status} ${reason}</title></head><body><h1>${status} ${reason}</h1></body></html>`;
  return { kind: "answer", status, headers: { "content-type": "text/html" }, body };
}
