import type { Readable } from "node:stream";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { parseJson } from "../json.js";
import { excerpt } from "../text.js";
import { bodyOf, explanationIn, jsonOf } from "./body.js";
import { bounds } from "./bounds.js";
import type { Credential } from "./credentials.js";
import { carriesSecret, exchange } from "./exchange.js";
import { type RetryHooks, type RetryPolicy, readRetry, retrying } from "./retry.js";
import type { Fetch } from "./transport.js";
import { classifyStatus, type Verdict } from "./verdict.js";

/** An answer, read to its end. */
export interface ApiAnswer {
  status: number;
  headers: { get(name: string): string | null };
  /** Where it came from, redirects followed. */
  url: string;
  text: string;
}

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  /** What messages call the target. */
  name: string;
  /** Sent as JSON. */
  body?: object;
  /** A file that is sent in place of it, opened anew for each attempt. */
  file?: { size: number; open(): Readable };
  /** Statuses that are answers; all others are errors. */
  accept: readonly number[];
}

/** Where the `Authorization` header comes from. */
export interface Authorization {
  header(): Promise<string | undefined>;
  /** Another one after a 401 to `rejected`; without it, or where it gives none, the 401 stays. */
  renew?(rejected: string | undefined): Promise<string | undefined>;
}

interface Delivery extends RetryHooks {
  fetch: Fetch;
  /** For requests that write; reads are retried sooner. */
  pushRetry: RetryPolicy;
  readRetry?: RetryPolicy;
}

/** What the API of a registry service is asked with, beside the registry itself. */
export interface ServiceSettings extends Delivery {
  /** Base URL, without a slash at its end. */
  api: string;
  /** The one that the registry takes. */
  credential?: Credential;
  /** What to do where access is refused, as a sentence. */
  access: string;
}

/** How requests are made in the name of one repository. */
export interface ApiSettings extends Delivery {
  /** What messages begin with: the repository. */
  subject: string;
  authorization: Authorization;
  headers?: Record<string, string>;
  /** Judges an answer that is not accepted; by default by status, Retry-After and text alone. */
  judge?: (answer: ApiAnswer) => Verdict;
  /** What to do about a refusal, as a sentence. */
  advice: (refusal: Verdict) => string | undefined;
}

const errorBody = z.object({ message: z.string().optional(), detail: z.string().optional() });

/** One request, repeated as the policy says, and once with a new token where the service asks for one. */
export function callApi(settings: ApiSettings, request: ApiRequest): Promise<ApiAnswer> {
  const policy = request.method === "GET" ? (settings.readRetry ?? readRetry) : settings.pushRetry;
  return retrying(() => attempt(settings, request), policy, settings);
}

/** Reads the JSON of an answer; anything else is no answer at all. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: ApiAnswer, subject: string): T {
  const parsed = schema.safeParse(jsonOf(answer.text, subject, bounds.answer));
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  throw new RegistryError(
    `${subject}: the answer is not what its documentation says: ${[...path, message].join(": ")}.`,
    { failure: "invalid" },
  );
}

/** What an answer says about itself, in one line: its `message` or `detail`. */
export function saidBy({ text }: ApiAnswer): string {
  const { message, detail } = errorBody.safeParse(parseJson(text)).data ?? {};
  return excerpt((message ?? detail ?? "").replace(/\s+/g, " "), 300);
}

async function attempt(settings: ApiSettings, request: ApiRequest): Promise<ApiAnswer> {
  const { authorization } = settings;
  const offered = await authorization.header();
  let answer = await send(settings, request, offered);
  if (answer.status === 401) {
    const renewed = await authorization.renew?.(offered);
    if (renewed !== undefined) answer = await send(settings, request, renewed);
  }
  if (request.accept.includes(answer.status)) return answer;
  throw refusal(settings, request, answer);
}

async function send(
  settings: ApiSettings,
  { method, url, name, body, file, accept }: ApiRequest,
  authorization: string | undefined,
): Promise<ApiAnswer> {
  const subject = `${settings.subject}: ${method} ${name}`;
  const { response } = await exchange(settings.fetch, {
    method,
    url: new URL(url),
    subject,
    headers: () => ({
      accept: "application/json",
      "user-agent": "slipway",
      ...settings.headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(file === undefined
        ? {}
        : { "content-type": "application/octet-stream", "content-length": String(file.size) }),
      ...(authorization === undefined ? {} : { authorization }),
    }),
    body: contentOf(body, file),
    forbids: body === undefined ? leavesApi : carriesSecret,
  });
  const { status, headers, url: from } = response;
  const text = accept.includes(status)
    ? (await bodyOf(response, subject, bounds.answer)).toString("utf8")
    : await explanationIn(response);
  return { status, headers, url: from, text };
}

function contentOf(body: ApiRequest["body"], file: ApiRequest["file"]) {
  if (file !== undefined) return async () => file.open();
  return body === undefined ? undefined : async () => JSON.stringify(body);
}

/** What another host answers is not the service's word, and the credentials are not for it. */
function leavesApi(from: URL, to: URL): string | undefined {
  return to.origin === from.origin ? undefined : `only ${from.origin} is asked`;
}

function refusal(settings: ApiSettings, { method, name }: ApiRequest, answer: ApiAnswer): RegistryError {
  const { status, headers, text } = answer;
  const verdict = settings.judge?.(answer) ?? classifyStatus(status, headers, text);
  const said = saidBy(answer);
  const message = `${settings.subject}: ${method} ${name}: answered ${status}${said && ` (${said})`}.`;
  const advice = settings.advice(verdict);
  return new RegistryError(advice === undefined ? message : `${message} ${advice}`, { ...verdict, status });
}
