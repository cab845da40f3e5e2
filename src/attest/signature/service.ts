import { RegistryError, SigningError } from "../../errors.js";
import { bodyOf, explanationIn } from "../../registry/body.js";
import { bounds } from "../../registry/bounds.js";
import { carriesSecret, exchange } from "../../registry/exchange.js";
import { httpUrl } from "../../registry/http-url.js";
import { type RetryHooks, type RetryPolicy, retrying } from "../../registry/retry.js";
import { saidBy } from "../../registry/said.js";
import type { Fetch } from "../../registry/transport.js";
import { classifyStatus } from "../../registry/verdict.js";

/** How the services of Sigstore are asked. */
export interface Delivery extends RetryHooks {
  fetch: Fetch;
  retry?: RetryPolicy;
}

/** A service of Sigstore, and what to do where it does not do its part. */
export interface Service {
  /** What messages call it: `Fulcio at https://…`. */
  name: string;
  /** As a sentence, for when it is not there. */
  unavailable: string;
  /** As a sentence, for when it says no. */
  refused: string;
}

/** A request to one. */
export interface ServiceRequest {
  url: string;
  method?: "GET" | "POST";
  contentType?: string;
  accept: string;
  authorization?: string;
  body?: string | Buffer;
  /** Statuses that are answers; all others are errors. */
  statuses: readonly number[];
}

/** An answer, read to its end. */
export interface ServiceAnswer {
  status: number;
  headers: { get(name: string): string | null };
  body: Buffer;
}

/** Certificates, entries and timestamps are given at once or not at all: nobody waits minutes for a signature. */
const patience: RetryPolicy = { attempts: 4, baseDelay: 1_000, maxDelay: 30_000 };

/** Asks a service, as often as the policy allows; what it asks is never shown, for it may hold a token. */
export function ask(delivery: Delivery, service: Service, request: ServiceRequest): Promise<ServiceAnswer> {
  return retrying(() => attempt(delivery.fetch, service, request), delivery.retry ?? patience, delivery);
}

/** The URL of a service that a setting names, and a path of its interface. */
export function endpoint(base: string, path: string): string {
  const url = httpUrl(base);
  if (url === undefined)
    throw new SigningError("a service of Sigstore: its address is no URL of HTTP. Check the settings.");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}${path}`;
}

/** What a service answered that is none of its answers. */
export function unreadable(service: Service, what: string): SigningError {
  return new SigningError(`${service.name}: the answer ${what}. ${service.unavailable}`);
}

async function attempt(fetch: Fetch, service: Service, request: ServiceRequest): Promise<ServiceAnswer> {
  const { url, method = "POST", contentType, accept, authorization, body, statuses } = request;
  try {
    const { response } = await exchange(fetch, {
      method,
      url: new URL(url),
      subject: service.name,
      headers: () => ({
        accept,
        "user-agent": "slipway",
        ...(authorization === undefined ? {} : { authorization }),
        ...(contentType === undefined ? {} : { "content-type": contentType }),
      }),
      body: body === undefined ? undefined : async () => body,
      forbids: carriesSecret,
    });
    const { status, headers } = response;
    if (statuses.includes(status))
      return { status, headers, body: await bodyOf(response, service.name, bounds.answer) };
    const text = await explanationIn(response);
    const verdict = classifyStatus(status, headers, text);
    const next = verdict.transient || status >= 500 ? service.unavailable : service.refused;
    throw new SigningError(`${service.name}: answered ${status}${saidBy(text)}. ${next}`, verdict);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new SigningError(`${error.message} ${service.unavailable}`, error);
  }
}
