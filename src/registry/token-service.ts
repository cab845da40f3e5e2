import type { Response } from "undici";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { keepToken } from "../secrets.js";
import { bodyOf, drain, explanationIn, jsonOf } from "./body.js";
import { bounds } from "./bounds.js";
import type { BearerChallenge } from "./challenge.js";
import { basicHeader, type Credential, helperError } from "./credentials.js";
import { carriesSecret, exchange } from "./exchange.js";
import { saidBy } from "./said.js";
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

// Some services fill the field that they do not use with nothing, and write numbers as text.
const given = z.string().nullish();
const seconds = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);

const tokenAnswer = z.object({
  token: given,
  access_token: given,
  expires_in: seconds.nullish().catch(undefined),
});

type IdentityToken = Extract<Credential, { kind: "identity-token" }>;

// Google's has answered 404, JFrog's 401; 400 may be about the grant type.
const withoutOAuth = [400, 401, 404, 405];

// Headers of requests are hardly longer anywhere.
const longestToken = 16_384;

// The lifetime that the token specification prescribes where an answer names none.
const defaultLifetime = 60;

/** Docker token authentication: GET with Basic credentials, or the OAuth2 form for an identity token. */
export async function requestToken(fetch: Fetch, request: TokenRequest): Promise<Token> {
  const subject = `${request.registry}: its token service`;
  const { credential } = request;
  const wanted = request.scopes.map(({ path, actions }) => `repository:${path}:${actions.join(",")}`);
  const response =
    credential?.kind === "identity-token"
      ? await exchangeIdentity(fetch, subject, request.challenge, wanted, credential)
      : await askForToken(fetch, subject, request.challenge, wanted, credential);
  if (!response.ok) throw await refusalOf(request, wanted, response);
  const text = (await bodyOf(response, subject, bounds.answer)).toString("utf8");
  const parsed = tokenAnswer.safeParse(jsonOf(text, subject, bounds.answer));
  const value = parsed.data?.token || parsed.data?.access_token;
  if (value !== undefined && value !== null && value.length > longestToken)
    throw new RegistryError(
      `${subject} answered with a token of ${value.length} characters, more than the ${longestToken} that are taken.`,
      { failure: "invalid" },
    );
  if (!value)
    throw new RegistryError(`${subject} answered without a token.`, { failure: "invalid", transient: true });
  keepToken(value);
  return { value, expires: Date.now() + (parsed.data?.expires_in ?? defaultLifetime) * 1000 };
}

/** A service that does not know the OAuth2 form takes the token for a password, as containerd and Docker give it. */
async function exchangeIdentity(
  fetch: Fetch,
  subject: string,
  challenge: BearerChallenge,
  wanted: readonly string[],
  { token, username = "<token>" }: IdentityToken,
): Promise<Response> {
  const response = await exchangeToken(fetch, subject, challenge, wanted, token);
  if (!withoutOAuth.includes(response.status)) return response;
  await drain(response);
  return askForToken(fetch, subject, challenge, wanted, { kind: "password", username, password: token });
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
  const text = await explanationIn(response);
  const verdict = classifyStatus(status, headers, text);
  const answered = `${status}${saidBy(text)}`;
  if (verdict.failure !== "unauthorized" && verdict.failure !== "denied")
    return new RegistryError(`${registry}: its token service answered ${answered}.`, { ...verdict, status });
  if (credential?.kind === "helper") return helperError(registry, credential.setting);
  if (credential === undefined)
    return new RegistryError(
      `${registry}: gives no anonymous token for ${wanted.join(" ")}: ${answered}. Pass --docker-config, or with-registry-auth --address ${registry}.`,
      { ...verdict, status },
    );
  // Only the password is looked at before the rights are: 401 is about it, 403 may be about either.
  const failure = status === 401 ? "login" : verdict.failure;
  return new RegistryError(
    `${registry}: refused the credentials given for it: ${answered}. Check user name and token for ${registry}.`,
    { ...verdict, failure, status },
  );
}
