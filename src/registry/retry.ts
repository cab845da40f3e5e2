import { setTimeout as wait } from "node:timers/promises";
import pRetry from "p-retry";
import { type RegistryFailure, SlipwayError } from "../errors.js";

/** How often and how patiently an operation is repeated; times in milliseconds. */
export interface RetryPolicy {
  /** Attempts altogether, the first one included. */
  attempts: number;
  /** Wait before the second attempt; it doubles before each further one. */
  baseDelay: number;
  /** The longest wait; a registry that asks for more is not waited for. */
  maxDelay: number;
}

/** For requests that write. */
export const pushRetry: RetryPolicy = { attempts: 3, baseDelay: 10_000, maxDelay: 120_000 };

/** For requests that read: a publication makes more of them than of those that write, and each may end it. */
export const readRetry: RetryPolicy = { attempts: 5, baseDelay: 1_000, maxDelay: 120_000 };

/** What an answer means, and whether the same request may be answered differently a moment later. */
export interface Verdict {
  failure: RegistryFailure;
  transient: boolean;
  /** What the answer asks to wait, in milliseconds. */
  retryAfter?: number;
}

/** What the lack of an answer means; `reason` is a clause without a full stop and without any secret. */
export interface NetworkVerdict extends Verdict {
  reason: string;
}

export interface RetryHooks {
  /** Called before each wait, with one line of text. */
  onRetry?: (line: string) => void;
  /** Waits the given milliseconds. */
  sleep?: (delay: number) => Promise<unknown>;
}

interface HeaderReader {
  get(name: string): string | null;
}

// The part of the base delay that is waited at least.
const leastPart = 10;

const rateLimited: Verdict = { failure: "rate-limited", transient: true };
const unavailable: Verdict = { failure: "unavailable", transient: true };

const statuses: Readonly<Record<number, Verdict>> = {
  401: { failure: "unauthorized", transient: false },
  403: { failure: "denied", transient: false },
  404: { failure: "not-found", transient: false },
  408: unavailable,
  429: rateLimited,
  500: unavailable,
  502: unavailable,
  503: unavailable,
  504: unavailable,
};

// With spaces, which the name of a repository in the answer cannot hold.
const rateLimitText = /rate limit|secondary limit|abuse detection|too many requests|toomanyrequests/i;

const transient = (reason: string): NetworkVerdict => ({ failure: "unreachable", transient: true, reason });
const final = (reason: string): NetworkVerdict => ({ failure: "unreachable", transient: false, reason });

/** By the `code` of an error, or its `name` where Node and undici give no code. */
const networkFaults: Readonly<Record<string, NetworkVerdict>> = {
  ECONNREFUSED: transient("the connection was refused"),
  ECONNRESET: transient("the connection was reset"),
  EPIPE: transient("the connection was closed while sending"),
  ETIMEDOUT: transient("the connection timed out"),
  EHOSTUNREACH: transient("there is no route to the host"),
  ENETUNREACH: transient("there is no route to the network"),
  EAI_AGAIN: transient("the name server did not answer"),
  TimeoutError: transient("there was no answer in time"),
  UND_ERR_CONNECT_TIMEOUT: transient("the connection timed out"),
  UND_ERR_HEADERS_TIMEOUT: transient("there was no answer in time"),
  UND_ERR_BODY_TIMEOUT: transient("the answer stalled"),
  UND_ERR_SOCKET: transient("the connection was closed before the answer was complete"),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: transient("the answer is shorter or longer than it says"),
  ENOTFOUND: final("the host name is unknown"),
  AbortError: final("the request was aborted"),
  HTTPParserError: final("the answer is not HTTP"),
  DEPTH_ZERO_SELF_SIGNED_CERT: final("its certificate is self-signed and not trusted here"),
  SELF_SIGNED_CERT_IN_CHAIN: final("its certificate authority is not trusted here"),
  UNABLE_TO_GET_ISSUER_CERT: final("its certificate authority is not known here"),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: final("its certificate authority is not known here"),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: final("its certificate authority is not known here"),
  CERT_HAS_EXPIRED: final("its certificate has expired"),
  CERT_NOT_YET_VALID: final("its certificate is not valid yet"),
  ERR_TLS_CERT_ALTNAME_INVALID: final("its certificate is for another host"),
  EPROTO: final("the TLS handshake failed; does it speak plain HTTP?"),
  ERR_SSL_WRONG_VERSION_NUMBER: final("it does not speak TLS; is it plain HTTP?"),
  ERR_SSL_PACKET_LENGTH_TOO_LONG: final("it does not speak TLS; is it plain HTTP?"),
};

/**
 * Judges an answer that is no success. A 403 is a rate limit where the answer says so: GHCR's secondary limit
 * comes as one. A date in Retry-After counts from the answer's own Date (RFC 9110 section 6.6.1), so that the
 * clock here does not matter.
 */
export function classifyStatus(status: number, headers: HeaderReader, bodyText: string): Verdict {
  const asked = headers.get("retry-after");
  const limited = status === 403 && (asked !== null || rateLimitText.test(bodyText));
  const verdict = limited ? rateLimited : (statuses[status] ?? unlisted(status));
  const retryAfter = parseRetryAfter(asked, parseHttpDate(headers.get("date")));
  return retryAfter === undefined ? verdict : { ...verdict, retryAfter };
}

/** Judges what `fetch` threw, by the codes in its causes: one that may pass outweighs one that stays. */
export function classifyNetworkError(error: unknown): NetworkVerdict {
  const chain = [...causesOf(error)];
  const faults = chain.map(faultOf).filter((fault) => fault !== undefined);
  return (
    faults.find((fault) => fault.transient) ?? faults[0] ?? final(`the request failed (${detailOf(chain)})`)
  );
}

/**
 * Reads Retry-After as milliseconds: seconds or a date (RFC 9110 section 10.2.3), or a Go duration, which GHCR
 * sends (`12.5ms`). A date that has passed says as little as garbage, and so does any date without `now`.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number | undefined,
): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  if (goDuration.test(text)) return parseGoDuration(text);
  const date = parseHttpDate(text);
  return date === undefined || now === undefined || date < now ? undefined : date - now;
}

/** Reads an HTTP date, in each of the three forms of RFC 9110 section 5.6.7, as milliseconds since the epoch. */
export function parseHttpDate(value: string | null | undefined): number | undefined {
  const text = value ?? "";
  if (!httpDates.some((form) => form.test(text))) return undefined;
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Milliseconds to wait before attempt number `attempt` (from 2): what the error says the registry asked for, but
 * a tenth of the base delay at least, else the doubled base delay. Undefined where there must be no further attempt, because the error would only
 * come again or the registry asked for a longer wait than the policy allows.
 */
export function delayBefore(attempt: number, error: unknown, policy: RetryPolicy): number | undefined {
  if (!isTransient(error)) return undefined;
  if (asksTooMuch(error, policy)) return undefined;
  if (error.retryAfter === undefined) return Math.min(policy.baseDelay * 2 ** (attempt - 2), policy.maxDelay);
  // GHCR has asked for 12.5 ms and then refused again: all attempts would be spent at once.
  return Math.max(error.retryAfter, policy.baseDelay / leastPart);
}

/** Errors that a loop has given up on: a loop around it lets them pass, so nested loops do not multiply. */
const givenUp = new WeakSet<Error>();

/**
 * Repeats an operation as long as its error has `transient: true` and the policy allows it. The last error
 * surfaces itself; its message then says how many attempts there were, or which wait was refused.
 */
export async function retrying<T>(
  operation: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  { onRetry, sleep = wait }: RetryHooks = {},
): Promise<T> {
  let attempts = 0;
  const counted = (attempt: number) => {
    attempts = attempt;
    return operation(attempt);
  };
  try {
    return await pRetry(counted, {
      retries: policy.attempts - 1,
      // The wait is part of the decision: p-retry's own cannot follow Retry-After.
      minTimeout: 0,
      shouldRetry: async ({ error, attemptNumber }) => {
        const next = attemptNumber + 1;
        const delay = givenUp.has(error) ? undefined : delayBefore(next, error, policy);
        if (delay === undefined) return false;
        onRetry?.(
          `${asSentence(error.message)} Attempt ${next} of ${policy.attempts} follows in ${formatDelay(delay)}.`,
        );
        await sleep(delay);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof SlipwayError && !givenUp.has(error)) giveUp(error, attempts, policy);
    throw error;
  }
}

function giveUp(error: SlipwayError, attempts: number, policy: RetryPolicy): void {
  givenUp.add(error);
  const sentences: string[] = [];
  if (attempts > 1) sentences.push(`Gave up after ${attempts} attempts.`);
  if (isTransient(error) && asksTooMuch(error, policy))
    sentences.push(
      `It asks to wait ${formatDelay(error.retryAfter)}, more than the ${formatDelay(policy.maxDelay)} that are waited at most.`,
    );
  if (sentences.length > 0) error.message = [asSentence(error.message), ...sentences].join(" ");
}

function isTransient(error: unknown): error is Error & { transient: true; retryAfter?: number } {
  return error instanceof Error && "transient" in error && error.transient === true;
}

function asksTooMuch<E extends { retryAfter?: number }>(
  error: E,
  policy: RetryPolicy,
): error is E & { retryAfter: number } {
  return error.retryAfter !== undefined && error.retryAfter > policy.maxDelay;
}

function unlisted(status: number): Verdict {
  return { failure: status >= 500 ? "unavailable" : "invalid", transient: false };
}

function* causesOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) for (const part of error.errors) yield* causesOf(part);
  yield* causesOf(error.cause);
}

function faultOf(error: Error): NetworkVerdict | undefined {
  const proxyStatus = /^Proxy response \((\d+)\)/.exec(error.message)?.[1];
  if (proxyStatus !== undefined)
    return {
      failure: "unreachable",
      transient: statuses[Number(proxyStatus)]?.transient ?? false,
      reason: `the proxy answered ${proxyStatus}`,
    };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return networkFaults[code];
}

/** The message of an error is shown only as a cause: `fetch` itself puts whole header values into its own. */
function detailOf(chain: readonly Error[]): string {
  const last = chain.at(-1);
  if (last === undefined) return "no error was given";
  return chain.length > 1 ? last.message.replace(/\s+/g, " ").trim() : last.name;
}

const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const goDuration = /^(?:\d{1,10}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+$/;

function parseGoDuration(text: string): number {
  const parts = text.matchAll(/([\d.]+)([a-zµ]+)/g);
  return [...parts].reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (goUnits[unit] ?? 0), 0);
}

const time = /\d{2}:\d{2}:\d{2}/.source;
const httpDates = [
  new RegExp(`^[A-Z][a-z]{2}, \\d{2} [A-Z][a-z]{2} \\d{4} ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]+day, \\d{2}-[A-Z][a-z]{2}-\\d{2} ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d ${time} \\d{4}$`),
];

function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function formatDelay(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.ceil(milliseconds)} ms`;
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
