import { Readable } from "node:stream";
import type { BodyInit, Response } from "undici";
import { RegistryError, SlipwayError } from "../errors.js";
import { givenUrl } from "./answer.js";
import { drain } from "./body.js";
import { mostRedirects } from "./bounds.js";
import { Deadline } from "./deadline.js";
import { isLoopback } from "./origin.js";
import type { Fetch } from "./transport.js";
import { classifyNetworkError, connectionRefused } from "./verdict.js";

/** A request, and what of it goes where. */
export interface Outgoing {
  method: string;
  url: URL;
  /** What messages begin with. */
  subject: string;
  /** Headers at the last of the URLs that it came by: what is secret belongs to some of them only. */
  headers(by: readonly URL[]): Record<string, string>;
  /** Opened anew at each URL. */
  body?: (() => Promise<Buffer | Readable | string>) | undefined;
  /** Why it must not be sent on from one URL to another, as a clause. */
  forbids?: ((from: URL, to: URL) => string | undefined) | undefined;
}

/** An answer, and the URLs that it came by: the first was asked, and each redirected to the next. */
export interface Answer {
  response: Response;
  by: readonly URL[];
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
// The others make a request that writes one that reads (RFC 9110 section 15.4).
const keepMethod: ReadonlySet<number> = new Set([307, 308]);

/** Why a request with a secret is sent on nowhere. */
export const carriesSecret = () => "a request with a secret is not sent on";

/** Sends a request, and sends it on where the answer is a redirect. */
export async function exchange(fetch: Fetch, request: Outgoing): Promise<Answer> {
  const by = [request.url];
  for (;;) {
    const response = await send(fetch, request, by);
    const next = await redirectOf(response, request, by);
    if (next === undefined) return { response, by };
    by.push(next);
  }
}

/** Where a redirect leads that is to be followed. */
async function redirectOf(
  response: Response,
  { method, subject, forbids }: Outgoing,
  by: readonly URL[],
): Promise<URL | undefined> {
  const location = response.headers.get("location");
  if (!redirects.has(response.status) || location === null) return undefined;
  const from = lastOf(by);
  const to = givenUrl(location, from.href, `${subject}: where it redirects to`);
  const reason =
    forbids?.(from, to) ??
    (by.length > mostRedirects ? `no more than ${mostRedirects} redirects are followed` : undefined);
  await drain(response);
  const reads = method === "GET" || method === "HEAD";
  const lost = !reads && !keepMethod.has(response.status);
  if (reason === undefined && !lost) return to;
  const why = reason ?? `a ${response.status} passes no ${method} on. ${afterLostMethod(from, to)}`;
  throw new RegistryError(`${subject}: redirects to ${to.origin}, but ${why}.`, { failure: "invalid" });
}

/** What to do where a redirect would make a request that writes one that reads. */
function afterLostMethod(from: URL, to: URL): string {
  return from.protocol === "https:" && to.protocol === "http:" && from.hostname === to.hostname
    ? "The registry does not know that it is asked over TLS: the proxy before it has to send X-Forwarded-Proto"
    : `Name the registry by the address that answers: ${to.host}`;
}

async function send(
  fetch: Fetch,
  { method, subject, headers, body: open }: Outgoing,
  by: readonly URL[],
): Promise<Response> {
  const url = lastOf(by);
  const body = await open?.();
  const deadline = new Deadline();
  try {
    return await fetch(url.href, {
      method,
      headers: headers(by),
      redirect: "manual",
      signal: deadline.signal,
      ...(body === undefined ? {} : { body: sent(body, deadline) as BodyInit, duplex: "half" as const }),
    });
  } catch (error) {
    // A connection that was refused leaves the stream open.
    if (body instanceof Readable) body.destroy();
    // What broke off may be the body, which comes from another registry, or is not what it should be.
    if (error instanceof Error && error.cause instanceof SlipwayError) throw error.cause;
    const { reason, ...verdict } = classifyNetworkError(error);
    const redirected = by.length === 1 ? "" : `${url.origin}, where it redirects to: `;
    const isOwn = by.length === 1 && isLoopback(url.host);
    const fix = isOwn && reason === connectionRefused ? ` ${reachHost(url.host)}` : "";
    throw new RegistryError(`${subject}: ${redirected}${reason}.${fix}`, verdict);
  } finally {
    deadline.end();
  }
}

function sent(body: Buffer | Readable | string, deadline: Deadline) {
  return body instanceof Readable ? deadline.watch(body) : body;
}

/** A module of Dagger runs in a container, whose loopback is not that of whoever called it. */
function reachHost(host: string): string {
  return `This runs in a container: with-registry-service --host ${host} --service tcp://${host} leads to a registry on your machine.`;
}

function lastOf(by: readonly URL[]): URL {
  return by.at(-1) as URL;
}
