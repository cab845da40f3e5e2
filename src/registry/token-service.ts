import type { Response } from "undici";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { keepToken } from "../secrets.js";
import { bodyOf, explanationIn, jsonOf } from "./body.js";
import { bounds } from "./bounds.js";
import type { BearerChallenge } from "./challenge.js";
import { basicHeader, type Credential, helperError } from "./credentials.js";
import { carriesSecret, exchange } from "./exchange.js";
import type { Fetch } from "./transport.js";
import { classifyStatus } from "./verdict.js";

/** What a request may do to a repository (Docker token authentication, "scope"). */
export type Action = "pull" | "push" | "delete";

/** A repository and what is about to be done in it. */
export interface Scope {
  path: string;
  actions: readonly Action[];
}

/** What a token is asked for, and in whose name. */
export interface TokenRequest {
  /** What messages begin with. */
  registry: string;
  challenge: BearerChallenge;
  scopes: readonly Scope[];
  /** Without a usable one an anonymous token is asked for: it is all that a public image needs. */
  credential: Credential | undefined;
}

/** What a registry takes for a while. */
export interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

// The lifetime that the token specification prescribes where an answer names none.
const defaultLifetime = 60;

/** Docker token authentication: GET with Basic credentials, or the OAuth2 form for an identity token. */
export async function requestToken(fetch: Fetch, request: TokenRequest): Promise<Token> {
  const subject = `${request.registry}: its token service`;
  const { credential } = request;
  const wanted = request.scopes.map(({ path, actions }) => `repository:${path}:${actions.join(",")}`);
  const response =
    credential?.kind === "identity-token"
      ? await exchangeToken(fetch, subject, request.challenge, wanted, credential.token)
      : await askForToken(fetch, subject, request.challenge, wanted, credential);
  if (!response.ok) throw await refusalOf(request, wanted, response);
  const text = (await bodyOf(response, subject, bounds.answer)).toString("utf8");
  const parsed = tokenAnswer.safeParse(jsonOf(text, subject, bounds.answer));
  const value = parsed.data?.token ?? parsed.data?.access_token;
  if (value === undefined)
    throw new RegistryError(`${subject} answered without a token.`, { failure: "invalid", transient: true });
  keepToken(value);
  return { value, expires: Date.now() + (parsed.data?.expires_in ?? defaultLifetime) * 1000 };
}

async function exchangeToken(
  fetch: Fetch,
  subject: string,
  { realm, service }: BearerChallenge,
  wanted: readonly string[],
  token: string,
): Promise<Response> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: token,
    client_id: "slipway",
    scope: wanted.join(" "),
    ...(service === undefined ? {} : { service }),
  });
  const { response } = await exchange(fetch, {
    method: "POST",
    url: new URL(realm),
    subject,
    headers: () => ({ "content-type": "application/x-www-form-urlencoded" }),
    body: async () => form.toString(),
    forbids: carriesSecret,
  });
  return response;
}

async function askForToken(
  fetch: Fetch,
  subject: string,
  { realm, service }: BearerChallenge,
  wanted: readonly string[],
  credential: Credential | undefined,
): Promise<Response> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of wanted) url.searchParams.append("scope", scope);
  const authorization = credential?.kind === "password" ? basicHeader(credential) : undefined;
  const { response } = await exchange(fetch, {
    method: "GET",
    url,
    subject,
    headers: () => (authorization === undefined ? {} : { authorization }),
    forbids: authorization === undefined ? leavesTls : leavesWithPassword,
  });
  return response;
}

/** Whoever stands between could give a token of theirs, even where nothing secret is sent. */
function leavesTls(from: URL, to: URL): string | undefined {
  const isDowngrade = from.protocol === "https:" && to.protocol === "http:";
  return isDowngrade ? "a token that is asked for over TLS is not taken from plain HTTP" : undefined;
}

/** Another scheme or port of the same host is the same service. */
function leavesWithPassword(from: URL, to: URL): string | undefined {
  return (
    leavesTls(from, to) ?? (to.hostname === from.hostname ? undefined : "the password goes to no other host")
  );
}

/** Only 401 and 403 say anything about the credentials; every other status is about the token service. */
async function refusalOf(
  { registry, credential }: TokenRequest,
  wanted: readonly string[],
  response: Response,
): Promise<RegistryError> {
  const { status, headers } = response;
  const verdict = classifyStatus(status, headers, await explanationIn(response));
  const details = { ...verdict, status };
  if (verdict.failure !== "unauthorized" && verdict.failure !== "denied")
    return new RegistryError(`${registry}: its token service answered ${status}.`, details);
  if (credential?.kind === "helper") return helperError(registry, credential.setting);
  return new RegistryError(
    credential === undefined
      ? `${registry}: gives no anonymous token for ${wanted.join(" ")} (${status}). Pass --docker-config, or with-registry-auth --address ${registry}.`
      : `${registry}: refused the credentials given for it (${status}). Check user name and token for ${registry}.`,
    details,
  );
}
