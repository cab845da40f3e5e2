import type { Readable } from "node:stream";
import type { Response } from "undici";
import { RegistryError, type RegistryFailure } from "../errors.js";
import { adviceOn } from "./advice.js";
import { Authenticator } from "./auth.js";
import { drain, explanationIn } from "./body.js";
import type { Credentials } from "./credentials.js";
import { type Answer, exchange } from "./exchange.js";
import { originOf } from "./origin.js";
import { formatRepository, type Repository } from "./reference.js";
import { type RetryHooks, type RetryPolicy, readRetry, retrying } from "./retry.js";
import { wordsOf } from "./said.js";
import type { Action, Scope } from "./token-service.js";
import type { Fetch } from "./transport.js";
import type { UploadProgress } from "./upload.js";
import { classifyStatus, classifyUpload, type Verdict } from "./verdict.js";

/** How registries are reached, and in whose name. */
export interface ClientSettings extends RetryHooks {
  fetch: Fetch;
  credentials: Credentials;
  /** Hosts that speak HTTP without TLS, beside loopback. */
  plainHttp: readonly string[];
  /** Repositories about to be written: their tokens carry push rights from the first request on. */
  push: readonly Repository[];
  /** For requests that write; reads are retried sooner. */
  pushRetry: RetryPolicy;
  readRetry?: RetryPolicy;
  /** Called while an image is sent, at every chunk. */
  onProgress?: (progress: UploadProgress) => void;
}

/** A request for something in a repository. */
export interface RegistryRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** Path below `/v2/<name>/`, or a whole URL that the registry gave. */
  target: string;
  /** What messages call the target, where it has a query or is a URL: that may carry a signature. */
  name?: string;
  headers?: Record<string, string>;
  /** Opened anew for each attempt; a stream is sent with the length that the headers give. */
  body?: () => Promise<Buffer | Readable>;
  /** Statuses that are answers; all others are errors. */
  accept: readonly number[];
  /** Rights in place of those that all other requests for the repository ask for. */
  actions?: readonly Action[];
  /** Whether it depends on what was read right before: then it is not repeated without another look. */
  afterLook?: boolean;
  /** Repositories that the request touches beside its own. */
  scopes?: readonly Scope[];
}

// What a registry answers in place of 401 that hides what it holds.
const hidden = [403, 404];

/** Sends requests to registries: signs them, repeats them, and makes an error of each answer that is none. */
export class RegistryConnection {
  /** How many were sent. */
  requests = 0;
  readonly #authenticator: Authenticator;
  /** Registries that were asked how they want to be asked, each for the scope of its credentials. */
  readonly #asked = new Map<string, Promise<void>>();

  constructor(private readonly settings: ClientSettings) {
    this.#authenticator = new Authenticator(settings.fetch, settings.credentials);
  }

  /** Where a registry is asked. */
  origin(registry: string): URL {
    return originOf(registry, this.settings.plainHttp);
  }

  /** One request, repeated once with a new token where the registry asks for one. */
  async send(repository: Repository, request: RegistryRequest): Promise<Response> {
    const { registry, path } = repository;
    const actions = request.actions ?? this.#actions(repository);
    const scopes = [{ path, actions }, ...(request.scopes ?? [])];
    let offered = await this.#authenticator.authorization(registry, scopes);
    let answer = await this.#exchange(repository, request, offered);
    // Another host has no say in what the credentials are for.
    if (answer.response.status === 401 && this.#isOwn(registry, answer.by)) {
      await drain(answer.response);
      const challenge = answer.response.headers.get("www-authenticate");
      const refused = { challenge, origin: this.origin(registry), offered };
      const renewed = await this.#authenticator.answer(registry, scopes, refused);
      if (renewed !== undefined && request.afterLook) throw lookAgain(repository, request);
      if (renewed !== undefined) {
        offered = renewed;
        answer = await this.#exchange(repository, request, offered);
      }
    }
    if (
      hidden.includes(answer.response.status) &&
      offered === undefined &&
      (await this.#wantsCredentials(repository))
    ) {
      await drain(answer.response);
      if (request.afterLook) throw lookAgain(repository, request);
      offered = await this.#authenticator.authorization(registry, scopes);
      answer = await this.#exchange(repository, request, offered);
    }
    if (request.accept.includes(answer.response.status)) return answer.response;
    throw await this.#refusal(repository, request, answer, offered);
  }

  /** Whether credentials that are given for one repository are given for the other. */
  isSameName({ registry, path }: Repository, other: string): boolean {
    return this.#authenticator.isSameName(registry, path, other);
  }

  /** A request, repeated as its kind is, of whose answer only the status and the headers matter. */
  status(repository: Repository, request: RegistryRequest): Promise<Response> {
    const reads = request.method === "GET" || request.method === "HEAD";
    return this.repeat(reads ? "read" : "write", async () => {
      const response = await this.send(repository, request);
      await drain(response);
      return response;
    });
  }

  /** Repeats what fails for a moment, as the policy of its kind says. */
  repeat<T>(kind: "read" | "write", operation: () => Promise<T>): Promise<T> {
    const { pushRetry, readRetry: own = readRetry } = this.settings;
    return retrying(operation, kind === "read" ? own : pushRetry, this.settings);
  }

  /**
   * Whether a registry wants credentials that it did not ask for: some hide from the public what they hold. It is asked
   * once, where there are credentials for it and it has not said how it wants them.
   */
  async #wantsCredentials(repository: Repository): Promise<boolean> {
    if (!this.#authenticator.canSignIn(repository)) return false;
    if (this.#authenticator.knows(repository)) return true;
    const scope = this.#authenticator.scopeOf(repository);
    let asked = this.#asked.get(scope);
    if (asked === undefined) {
      asked = this.#askForChallenge(repository);
      this.#asked.set(scope, asked);
      // What failed for a moment is asked again.
      asked.catch(() => this.#asked.delete(scope));
    }
    await asked;
    return this.#authenticator.knows(repository);
  }

  async #askForChallenge(repository: Repository): Promise<void> {
    const { registry } = repository;
    const origin = this.origin(registry);
    const target = new URL("/v2/", origin).href;
    const request: RegistryRequest = { method: "GET", target, name: "/v2/", accept: [] };
    const answer = await this.#exchange(repository, request, undefined);
    const { status, headers } = answer.response;
    // An answer that is none does not say that the registry is open.
    if (classifyStatus(status, headers, "").transient)
      throw await this.#refusal(repository, request, answer, undefined);
    await drain(answer.response);
    if (status === 401 && this.#isOwn(registry, answer.by))
      this.#authenticator.learn(repository, { challenge: headers.get("www-authenticate"), origin });
  }

  #exchange(
    repository: Repository,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<Answer> {
    const { registry, path } = repository;
    const { method, target, headers, body } = request;
    const { fetch } = this.settings;
    const counted: Fetch = (url, init) => {
      this.requests += 1;
      return fetch(url, init);
    };
    return exchange(counted, {
      method,
      url: URL.canParse(target) ? new URL(target) : new URL(`/v2/${path}/${target}`, this.origin(registry)),
      subject: describe(repository, request),
      headers: (by) => ({
        ...headers,
        ...(authorization !== undefined && this.#isOwn(registry, by) ? { authorization } : {}),
      }),
      body,
    });
  }

  /** Whether the registry alone was asked. What came by another host is that host's, even where it leads back. */
  #isOwn(registry: string, by: readonly URL[]): boolean {
    const { origin } = this.origin(registry);
    return by.every((url) => url.origin === origin);
  }

  async #refusal(
    repository: Repository,
    request: RegistryRequest,
    { response, by }: Answer,
    offered: string | undefined,
  ): Promise<RegistryError> {
    const { registry } = repository;
    const { status, headers } = response;
    const text = await explanationIn(response);
    const { method, target } = request;
    const said = wordsOf(text);
    const advice = adviceOn({ method, target, status, said });
    const classify = method === "PUT" ? classifyUpload : classifyStatus;
    const verdict = classify(status, headers, text);
    const isOwn = this.#isOwn(registry, by);
    const failure = advice?.failure ?? this.#failureOf(verdict, { status, offered, isOwn });
    const who = isOwn ? "the registry" : `${by.at(-1)?.origin}, where the registry leads,`;
    const refuses = failure === "login" || failure === "unauthorized" || failure === "denied";
    const fix = advice?.fix ?? (refuses ? this.#authenticator.advice(repository, failure) : undefined);
    const message = `${describe(repository, request)}: ${who} answered ${status}${said && ` (${said})`}.`;
    return new RegistryError([message, fix].filter(Boolean).join(" "), { ...verdict, failure, status });
  }

  /** What another host refuses says nothing about the rights in the registry, and a password is right or wrong. */
  #failureOf(
    { failure }: Verdict,
    { status, offered, isOwn }: { status: number; offered: string | undefined; isOwn: boolean },
  ): RegistryFailure {
    if (failure !== "unauthorized" && failure !== "denied") return failure;
    if (!isOwn) return "invalid";
    return status === 401 && offered?.startsWith("Basic ") ? "login" : failure;
  }

  #actions(repository: Repository): readonly Action[] {
    const name = formatRepository(repository);
    return this.settings.push.some((pushed) => formatRepository(pushed) === name)
      ? ["pull", "push"]
      : ["pull"];
  }
}

function lookAgain(repository: Repository, request: RegistryRequest): RegistryError {
  return new RegistryError(`${describe(repository, request)}: the registry wanted another token.`, {
    failure: "unauthorized",
    transient: true,
    retryAfter: 0,
    status: 401,
  });
}

/** What messages call a request. */
export function describe(repository: Repository, { method, target, name }: RegistryRequest): string {
  return `${formatRepository(repository)}: ${method} ${name ?? target}`;
}
