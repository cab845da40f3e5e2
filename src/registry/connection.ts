import { Readable } from "node:stream";
import type { BodyInit, HeadersInit, Response } from "undici";
import { RegistryError } from "../errors.js";
import { drain, saidBy } from "./answer.js";
import { type Action, Authenticator, type Scope } from "./auth.js";
import type { Credentials } from "./credentials.js";
import { formatRepository, type Repository } from "./reference.js";
import { type RetryHooks, type RetryPolicy, readRetry, retrying } from "./retry.js";
import type { Fetch } from "./transport.js";
import type { UploadProgress } from "./upload.js";
import { classifyNetworkError, classifyStatus } from "./verdict.js";

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
  /** Repositories that the request touches beside its own. */
  scopes?: readonly Scope[];
}

const deletionDisabled =
  "It does not allow deletion: enable it there (in distribution REGISTRY_STORAGE_DELETE_ENABLED=true).";

/** Sends requests to registries: signs them, repeats them, and makes an error of each answer that is none. */
export class RegistryConnection {
  /** How many were sent. */
  requests = 0;
  readonly #authenticator: Authenticator;

  constructor(private readonly settings: ClientSettings) {
    this.#authenticator = new Authenticator(settings.fetch, settings.credentials);
  }

  /** One request, repeated once with a new token where the registry asks for one. */
  async send(repository: Repository, request: RegistryRequest): Promise<Response> {
    const { registry, path } = repository;
    const actions = request.actions ?? this.#actions(repository);
    const scopes = [{ path, actions }, ...(request.scopes ?? [])];
    const offered = await this.#authenticator.authorization(registry, scopes);
    let response = await this.#fetch(repository, request, offered);
    if (response.status === 401) {
      await drain(response);
      const challenge = response.headers.get("www-authenticate");
      const renewed = await this.#authenticator.answer(registry, challenge, scopes, offered);
      if (renewed !== undefined) response = await this.#fetch(repository, request, renewed);
    }
    if (request.accept.includes(response.status)) return response;
    throw await this.#refusal(repository, request, response);
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

  async #fetch(
    repository: Repository,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<Response> {
    const base = `${this.#scheme(repository.registry)}://${apiHost(repository.registry)}`;
    const { method, target, headers } = request;
    const url = URL.canParse(target) ? new URL(target) : new URL(`/v2/${repository.path}/${target}`, base);
    // A registry's uploads may live on another host, which is not to see the credentials.
    const authorized = authorization !== undefined && url.origin === new URL(base).origin;
    const body = await request.body?.();
    this.requests += 1;
    try {
      return await this.settings.fetch(url.href, {
        method,
        headers: { ...headers, ...(authorized ? { authorization } : {}) } as HeadersInit,
        ...(body === undefined ? {} : { body: body as BodyInit, duplex: "half" as const }),
      });
    } catch (error) {
      // A connection that was refused leaves the stream open.
      if (body instanceof Readable) body.destroy();
      // What broke off may be the body, which comes from another registry.
      if (error instanceof Error && error.cause instanceof RegistryError) throw error.cause;
      const { reason, ...verdict } = classifyNetworkError(error);
      throw new RegistryError(`${describe(repository, request)}: ${reason}.`, verdict);
    }
  }

  async #refusal(repository: Repository, request: RegistryRequest, response: Response) {
    const text = (await response.text().catch(() => "")).slice(0, 4096);
    const verdict = classifyStatus(response.status, response.headers, text);
    const { status } = response;
    const fixes = [
      ...(verdict.failure === "unauthorized" || verdict.failure === "denied"
        ? [this.#authenticator.advice(repository.registry, repository.path)]
        : []),
      ...(request.method === "DELETE" && status === 405 ? [deletionDisabled] : []),
    ];
    const message = `${describe(repository, request)}: the registry answered ${status}${saidBy(text)}.`;
    return new RegistryError([message, ...fixes].join(" "), { ...verdict, status });
  }

  #actions(repository: Repository): readonly Action[] {
    const name = formatRepository(repository);
    return this.settings.push.some((pushed) => formatRepository(pushed) === name)
      ? ["pull", "push"]
      : ["pull"];
  }

  #scheme(registry: string): "http" | "https" {
    const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|[^:]*\.localhost)(:\d+)?$/.test(registry);
    return loopback || this.settings.plainHttp.includes(registry) ? "http" : "https";
  }
}

/** What messages call a request. */
export function describe(repository: Repository, { method, target, name }: RegistryRequest): string {
  return `${formatRepository(repository)}: ${method} ${name ?? target}`;
}

/** Docker Hub serves the protocol under another name than its references carry. */
function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
