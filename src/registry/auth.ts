import type { Response } from "undici";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { keepToken } from "../secrets.js";
import type { Credential, Credentials } from "./credentials.js";
import type { Fetch } from "./transport.js";
import { classifyNetworkError, classifyStatus } from "./verdict.js";

/** What a request may do to a repository (Docker token authentication, "scope"). */
export type Action = "pull" | "push" | "delete";

/** A repository and what is about to be done in it. */
export interface Scope {
  path: string;
  actions: readonly Action[];
}

type Challenge = { scheme: "basic" } | { scheme: "bearer"; realm: string; service?: string };

interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

// The lifetime that the token specification prescribes where an answer names none, and how early to renew.
const defaultLifetime = 60;
const renewalMargin = 10_000;

/** Answers the challenges of registries, and keeps what they issued. */
export class Authenticator {
  readonly #challenges = new Map<string, Challenge>();
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(
    private readonly fetch: Fetch,
    private readonly credentials: Credentials,
  ) {}

  /** The `Authorization` header for a request, as far as the registry's challenge is known. */
  async authorization(registry: string, scopes: readonly Scope[]): Promise<string | undefined> {
    const challenge = this.#challenges.get(registry);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") return this.#basic(registry);
    return this.#bearer(registry, challenge, scopes, ({ expires }) => expires - renewalMargin > Date.now());
  }

  /**
   * The header after a 401; `rejected` is the one that the registry did not take. Undefined where there is
   * nothing better to send.
   */
  async answer(
    registry: string,
    header: string | null,
    scopes: readonly Scope[],
    rejected: string | undefined,
  ): Promise<string | undefined> {
    const challenge = parseChallenge(header);
    if (challenge === undefined) return undefined;
    this.#challenges.set(registry, challenge);
    if (challenge.scheme === "basic") {
      const basic = this.#basic(registry);
      return basic === rejected ? undefined : basic;
    }
    return this.#bearer(registry, challenge, scopes, ({ value }) => `Bearer ${value}` !== rejected);
  }

  /** What to do about a refusal, as a sentence. */
  advice(registry: string, path: string): string {
    const credential = this.#credential(registry);
    if (credential?.kind === "helper") return helperError(registry, credential.setting).message;
    return credential === undefined
      ? `No credentials were given for ${registry}: pass --docker-config, or with-registry-auth --address ${registry}.`
      : `Check that the credentials given for ${registry} may do this in ${path}.`;
  }

  /** The token that is known, else a new one: one for all requests that find the old one unusable. */
  async #bearer(
    registry: string,
    challenge: Challenge & { scheme: "bearer" },
    scopes: readonly Scope[],
    isUsable: (token: Token) => boolean,
  ): Promise<string> {
    const key = tokenKey(registry, scopes);
    const known = this.#tokens.get(key);
    const token = await known?.catch(() => undefined);
    if (token !== undefined && isUsable(token)) return `Bearer ${token.value}`;
    let pending = this.#tokens.get(key);
    if (pending === undefined || pending === known) {
      pending = this.#requestToken(registry, challenge, scopes);
      this.#tokens.set(key, pending);
    }
    return `Bearer ${(await pending.catch(rethrowCopy)).value}`;
  }

  #credential(registry: string): Credential | undefined {
    return this.credentials.get(registry) ?? this.credentials.get("*");
  }

  #basic(registry: string): string | undefined {
    const credential = this.#credential(registry);
    if (credential?.kind === "helper") throw helperError(registry, credential.setting);
    return credential?.kind === "password" ? basicHeader(credential) : undefined;
  }

  /** Docker token authentication: GET with Basic credentials, or the OAuth2 form for an identity token. */
  async #requestToken(
    registry: string,
    challenge: Challenge & { scheme: "bearer" },
    scopes: readonly Scope[],
  ): Promise<Token> {
    const credential = this.#credential(registry);
    const wanted = scopes.map(({ path, actions }) => `repository:${path}:${actions.join(",")}`);
    // Without a usable credential an anonymous token is asked for: it is all that a public image needs.
    const response = await this.#askForToken(registry, challenge, wanted, credential);
    if (!response.ok) throw await tokenRefusal(registry, wanted, credential, response);
    const parsed = tokenAnswer.safeParse(await response.json().catch(() => undefined));
    const value = parsed.data?.token ?? parsed.data?.access_token;
    if (value === undefined)
      throw new RegistryError(`${registry}: its token service answered without a token.`, {
        failure: "invalid",
        transient: true,
      });
    keepToken(value);
    return { value, expires: Date.now() + (parsed.data?.expires_in ?? defaultLifetime) * 1000 };
  }

  async #askForToken(
    registry: string,
    { realm, service }: { realm: string; service?: string },
    wanted: string[],
    credential: Credential | undefined,
  ) {
    try {
      if (credential?.kind === "identity-token")
        return await this.fetch(realm, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: new URLSearchParams({
            grant_type: "refresh_token",
            refresh_token: credential.token,
            client_id: "slipway",
            scope: wanted.join(" "),
            ...(service === undefined ? {} : { service }),
          }).toString(),
        });
      const url = new URL(realm);
      if (service !== undefined) url.searchParams.set("service", service);
      for (const scope of wanted) url.searchParams.append("scope", scope);
      const headers = credential?.kind === "password" ? { authorization: basicHeader(credential) } : {};
      return await this.fetch(url.href, { headers });
    } catch (error) {
      const { reason, ...verdict } = classifyNetworkError(error);
      throw new RegistryError(`${registry}: its token service did not answer: ${reason}.`, verdict);
    }
  }
}

/** Parses `WWW-Authenticate` (RFC 9110 section 11.6.1), as far as registries use it. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined;
  if (/^basic\b/i.test(header)) return { scheme: "basic" };
  if (!/^bearer\b/i.test(header)) return undefined;
  const parameters = new Map(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name.toLowerCase(), value]),
  );
  const realm = parameters.get("realm");
  const service = parameters.get("service");
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  return { scheme: "bearer", realm, ...(service === undefined ? {} : { service }) };
}

function basicHeader({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function tokenKey(registry: string, scopes: readonly Scope[]): string {
  return [registry, ...scopes.map(({ path, actions }) => `${path}:${actions.join(",")}`)].join(" ");
}

/** Only 401 and 403 say anything about the credentials; every other status is about the token service. */
async function tokenRefusal(
  registry: string,
  wanted: readonly string[],
  credential: Credential | undefined,
  response: Response,
): Promise<RegistryError> {
  const { status, headers } = response;
  const verdict = classifyStatus(status, headers, await response.text().catch(() => ""));
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

/** Each request gets an error of its own, since a retry loop completes the one that it gives up on. */
function rethrowCopy(error: unknown): never {
  throw error instanceof RegistryError ? new RegistryError(error.message, error) : error;
}

function helperError(registry: string, setting: string): RegistryError {
  return new RegistryError(
    `${registry}: its credentials are kept by ${setting}, a program that does not exist in a container. Pass them with with-registry-auth --address ${registry} --username … --secret env://…, or give a config.json with an auths entry.`,
    { failure: "unauthorized" },
  );
}
