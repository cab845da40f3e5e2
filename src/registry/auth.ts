import { RegistryError, type RegistryFailure } from "../errors.js";
import { excerpt } from "../text.js";
import { type BearerChallenge, type Challenge, parseChallenge, type UnknownChallenge } from "./challenge.js";
import {
  basicHeader,
  type Credential,
  type Credentials,
  credentialFor,
  helperError,
  scopeFor,
} from "./credentials.js";
import type { Repository } from "./reference.js";
import { requestToken, type Scope, type Token } from "./token-service.js";
import type { Fetch } from "./transport.js";

/** A 401 of the registry itself. */
export interface Refusal {
  /** `WWW-Authenticate`. */
  challenge: string | null;
  /** Where the registry is asked. */
  origin: URL;
  /** The `Authorization` that it did not take. */
  offered: string | undefined;
}

type KnownChallenge = Exclude<Challenge, UnknownChallenge>;

// How early a token is renewed.
const renewalMargin = 10_000;

/** Answers the challenges of registries, and keeps what they issued. */
export class Authenticator {
  readonly #challenges = new Map<string, KnownChallenge>();
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(
    private readonly fetch: Fetch,
    private readonly credentials: Credentials,
  ) {}

  /** Whether two repositories of one registry are asked for in the same name. */
  isSameName(registry: string, path: string, other: string): boolean {
    return (
      credentialFor(this.credentials, { registry, path }) ===
      credentialFor(this.credentials, { registry, path: other })
    );
  }

  /** Whether there are credentials for a repository that can be used here. */
  canSignIn(repository: Repository): boolean {
    const credential = credentialFor(this.credentials, repository);
    return credential !== undefined && credential.kind !== "helper";
  }

  /** Whether it was said how a repository wants to be asked for. */
  knows(repository: Repository): boolean {
    return this.#challenges.has(this.scopeOf(repository));
  }

  /** The `Authorization` header for a request, as far as the registry's challenge is known. */
  async authorization(registry: string, scopes: readonly Scope[]): Promise<string | undefined> {
    const challenge = this.#challenges.get(this.scopeOf({ registry, path: scopes[0]?.path ?? "" }));
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") return this.#basic(registry, scopes);
    return this.#bearer(registry, challenge, scopes, ({ expires }) => expires - renewalMargin > Date.now());
  }

  /** Keeps how a registry wants to be asked, as a 401 of its own says; undefined where it does not. */
  learn(
    { registry, path }: Repository,
    { challenge: header, origin }: Omit<Refusal, "offered">,
  ): KnownChallenge | undefined {
    const challenge = parseChallenge(header);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "unknown") throw unknownScheme(registry, challenge.offered);
    if (challenge.scheme === "bearer") requireTls(registry, origin, new URL(challenge.realm));
    this.#challenges.set(this.scopeOf({ registry, path }), challenge);
    return challenge;
  }

  /** The header after a 401. Undefined where there is nothing better to send. */
  async answer(
    registry: string,
    scopes: readonly Scope[],
    { offered, ...refusal }: Refusal,
  ): Promise<string | undefined> {
    const challenge = this.learn({ registry, path: scopes[0]?.path ?? "" }, refusal);
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") {
      const basic = this.#basic(registry, scopes);
      return basic === offered ? undefined : basic;
    }
    return this.#bearer(registry, challenge, scopes, ({ value }) => `Bearer ${value}` !== offered);
  }

  /** What to do about a refusal, as a sentence. */
  advice({ registry, path }: Repository, failure: RegistryFailure): string {
    const credential = credentialFor(this.credentials, { registry, path });
    if (credential?.kind === "helper") return helperError(registry, credential.setting).message;
    if (failure === "login") return `Check user name and token for ${registry}.`;
    return credential === undefined
      ? `No credentials were given for ${registry}: pass --docker-config, or with-registry-auth --address ${registry}.`
      : `Check that the credentials given for ${registry} may do this in ${path}.`;
  }

  /** The token that is known, else a new one: one for all requests that find the old one unusable. */
  async #bearer(
    registry: string,
    challenge: BearerChallenge,
    scopes: readonly Scope[],
    isUsable: (token: Token) => boolean,
  ): Promise<string> {
    const key = tokenKey(registry, scopes);
    const known = this.#tokens.get(key);
    const token = await known?.catch(() => undefined);
    if (token !== undefined && isUsable(token)) return `Bearer ${token.value}`;
    let pending = this.#tokens.get(key);
    if (pending === undefined || pending === known) {
      const credential = this.#credential(registry, scopes);
      pending = requestToken(this.fetch, { registry, challenge, scopes, credential });
      this.#tokens.set(key, pending);
    }
    return `Bearer ${(await pending.catch(rethrowCopy)).value}`;
  }

  /** What a challenge is for: who answers for one path has no say in the credentials of another. */
  scopeOf({ registry, path }: Repository): string {
    return `${registry} ${scopeFor(this.credentials, { registry, path })}`;
  }

  /** The first of the scopes is what the request is about. */
  #credential(registry: string, [scope]: readonly Scope[]): Credential | undefined {
    return credentialFor(this.credentials, { registry, path: scope?.path ?? "" });
  }

  #basic(registry: string, scopes: readonly Scope[]): string | undefined {
    const credential = this.#credential(registry, scopes);
    if (credential?.kind === "helper") throw helperError(registry, credential.setting);
    if (credential?.kind === "identity-token") throw passwordNeeded(registry);
    return credential && basicHeader(credential);
  }
}

/** What is asked over TLS does not send a password over plain HTTP, and takes no token from there. */
function requireTls(registry: string, origin: URL, realm: URL): void {
  if (origin.protocol === "http:" || realm.protocol === "https:") return;
  throw new RegistryError(
    `${registry}: its token service is at ${realm.origin}, without TLS, and is not asked. Where a proxy before the registry ends TLS, let it set X-Forwarded-Proto.`,
    { failure: "invalid" },
  );
}

/** Basic has no place for a token without a user (RFC 7617). */
function passwordNeeded(registry: string): RegistryError {
  return new RegistryError(
    `${registry}: asks for user name and password (Basic), and what was given for it is an identity token. Pass with-registry-auth --address ${registry} with a user name and a password.`,
    { failure: "login", status: 401 },
  );
}

function unknownScheme(registry: string, offered: readonly string[]): RegistryError {
  return new RegistryError(
    `${registry}: asks for ${excerpt(offered.join(", "), 80)}; Slipway signs in with a password (Basic) or a token (Bearer). Enable one of them there.`,
    { failure: "invalid", status: 401 },
  );
}

function tokenKey(registry: string, scopes: readonly Scope[]): string {
  return [registry, ...scopes.map(({ path, actions }) => `${path}:${actions.join(",")}`)].join(" ");
}

/** Each request gets an error of its own, since a retry loop completes the one that it gives up on. */
function rethrowCopy(error: unknown): never {
  throw error instanceof RegistryError ? new RegistryError(error.message, error) : error;
}
