import type { RegistryFailure } from "../errors.js";
import { parseHttpDate, parseRetryAfter } from "./retry-after.js";

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

interface HeaderReader {
  get(name: string): string | null;
}

const rateLimited: Verdict = { failure: "rate-limited", transient: true };
const unavailable: Verdict = { failure: "unavailable", transient: true };

// What gateways say of the server behind them: nginx (499) and Cloudflare, beside RFC 9110 section 15.6.
const gatewayFaults = [499, 502, 503, 504, 520, 521, 522, 523, 524, 530];

const statuses: Readonly<Record<number, Verdict>> = {
  401: { failure: "unauthorized", transient: false },
  403: { failure: "denied", transient: false },
  404: { failure: "not-found", transient: false },
  408: unavailable,
  429: rateLimited,
  500: unavailable,
  ...Object.fromEntries(gatewayFaults.map((status) => [status, unavailable])),
};

// With spaces, which the name of a repository in the answer cannot hold.
const rateLimitText = /rate limit|secondary limit|abuse detection|too many requests|toomanyrequests/i;

// What was uploaded, or was about to be, is not there (distribution specification v1.1, section "Error Codes").
const lostUpload = /"(BLOB_UPLOAD_INVALID|BLOB_UPLOAD_UNKNOWN|BLOB_UNKNOWN|MANIFEST_BLOB_UNKNOWN)"/;

const transient = (reason: string): NetworkVerdict => ({ failure: "unreachable", transient: true, reason });
const final = (reason: string): NetworkVerdict => ({ failure: "unreachable", transient: false, reason });

/** Nothing listens where it was asked. */
export const connectionRefused = "the connection was refused";

/** By the `code` of an error, or its `name` where Node and undici give no code. */
const networkFaults: Readonly<Record<string, NetworkVerdict>> = {
  ECONNREFUSED: transient(connectionRefused),
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

/**
 * Judges what a PUT of content was answered: an upload that a registry lost, and a blob that it does not see yet, are
 * there where all of it is repeated.
 */
export function classifyUpload(status: number, headers: HeaderReader, bodyText: string): Verdict {
  const verdict = classifyStatus(status, headers, bodyText);
  const isLost = status === 416 || (status < 500 && lostUpload.test(bodyText));
  return isLost ? { ...verdict, ...unavailable } : verdict;
}

/** Judges what `fetch` threw, by the codes in its causes: one that may pass outweighs one that stays. */
export function classifyNetworkError(error: unknown): NetworkVerdict {
  const chain = [...causesOf(error)];
  const faults = chain.map(faultOf).filter((fault) => fault !== undefined);
  return (
    faults.find((fault) => fault.transient) ?? faults[0] ?? final(`the request failed (${detailOf(chain)})`)
  );
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
