import { Readable } from "node:stream";
import type { BodyInit, HeadersInit, Response } from "undici";
import { z } from "zod";
import { RegistryError } from "../errors.js";
import { type Descriptor, digestOf, manifestTypes } from "../image/manifest.js";
import { type Action, Authenticator, type Credentials, type Scope } from "./auth.js";
import { parseJson } from "./json.js";
import { formatReference, formatRepository, type Repository } from "./reference.js";
import {
  classifyNetworkError,
  classifyStatus,
  type RetryHooks,
  type RetryPolicy,
  readRetry,
  retrying,
} from "./retry.js";
import type { Fetch } from "./transport.js";
import type { UploadProgress } from "./upload.js";

/** A manifest as it is stored: its bytes are what the digest covers. */
export interface StoredManifest {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** How a blob came to be in a repository. */
export type BlobTransfer = "present" | "mounted" | "sent";

/** What the requests of a client cost so far. */
export interface Traffic {
  requests: number;
  /** Bytes of blobs and manifests. */
  bytesSent: number;
}

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

interface RegistryRequest {
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

/** What is asked of the list of tags: how many at most, and after which one. */
interface TagRequest {
  n: number;
  last?: string;
}

/** A page of a list, and where the next one is; undefined where the list is absent. */
type Page<S extends z.ZodType> = { content: z.output<S>; next: string | undefined } | undefined;

const tagPageSize = 1000;

const tagList = z.object({ tags: z.array(z.string()).nullable() });
const referrersIndex = z.object({ manifests: z.array(z.object({ digest: z.string() })).nullable() });

// Token services differ in which right a deletion takes; each grants what it knows of these.
const deleting: readonly Action[] = ["pull", "push", "delete"];

/**
 * The OCI distribution protocol (specification v1.1), a request a method. Every method says what the registry
 * answered; only 404 is absence, and everything else that is not success is a RegistryError.
 */
export class RegistryClient {
  readonly traffic: Traffic = { requests: 0, bytesSent: 0 };
  readonly #authenticator: Authenticator;

  /** Tells whoever made the client how far an upload is. */
  readonly onProgress: (progress: UploadProgress) => void;

  constructor(private readonly settings: ClientSettings) {
    this.onProgress = settings.onProgress ?? (() => {});
    this.#authenticator = new Authenticator(settings.fetch, settings.credentials);
  }

  /** `HEAD` of a manifest by tag or digest; undefined where the registry says 404. */
  async headManifest(repository: Repository, manifest: string): Promise<Descriptor | undefined> {
    const response = await this.#status(readRetryOf(this.settings), repository, {
      method: "HEAD",
      target: `manifests/${manifest}`,
      headers: { accept: manifestTypes.join(", ") },
      // Without a body a 403 does not say whether it is a rate limit: the GET below does.
      accept: [200, 403, 404],
    });
    if (response.status === 404) return undefined;
    if (response.status === 403) return (await this.getManifest(repository, manifest))?.descriptor;
    const digest = digestIn(response);
    // The header is only recommended (section "Checking if content exists in the registry").
    if (digest === undefined) return (await this.getManifest(repository, manifest))?.descriptor;
    return {
      mediaType: mediaTypeOf(response),
      digest,
      size: Number(response.headers.get("content-length") ?? 0),
    };
  }

  /** The bytes of a manifest, checked against their digest; undefined where it is absent. */
  async getManifest(repository: Repository, manifest: string): Promise<StoredManifest | undefined> {
    const request: RegistryRequest = {
      method: "GET",
      target: `manifests/${manifest}`,
      headers: { accept: manifestTypes.join(", ") },
      accept: [200, 404],
    };
    return this.#retry(readRetryOf(this.settings), async () => {
      const response = await this.#once(repository, request);
      if (response.status === 404) return drain(response);
      const bytes = await bodyOf(response, describe(repository, request));
      const descriptor = { mediaType: mediaTypeOf(response), digest: digestOf(bytes), size: bytes.length };
      const promised = manifest.startsWith("sha256:") ? manifest : digestIn(response);
      if (promised !== undefined && promised !== descriptor.digest)
        throw corrupted(formatReference(repository, manifest), descriptor.digest);
      return { descriptor, bytes };
    });
  }

  /** Puts a manifest under a tag or its digest. */
  async putManifest(repository: Repository, manifest: string, stored: StoredManifest): Promise<void> {
    const response = await this.#status(this.settings.pushRetry, repository, {
      method: "PUT",
      target: `manifests/${manifest}`,
      headers: {
        "content-type": stored.descriptor.mediaType,
        "content-length": String(stored.descriptor.size),
      },
      body: async () => stored.bytes,
      accept: [201, 202, 200],
    });
    const digest = digestIn(response);
    if (digest !== undefined && digest !== stored.descriptor.digest)
      throw corrupted(formatReference(repository, manifest), digest);
    this.traffic.bytesSent += stored.descriptor.size;
  }

  /** Deletes a manifest by digest, and with it every tag that points at it; an absent one is already deleted. */
  async deleteManifest(repository: Repository, digest: string): Promise<"deleted" | "absent"> {
    const status = await this.#delete(repository, digest, [202, 200, 404]);
    return status === 404 ? "absent" : "deleted";
  }

  /** Deletes a tag and nothing else; `unsupported` where the registry deletes manifests only. */
  async deleteTag(repository: Repository, tag: string): Promise<"deleted" | "absent" | "unsupported"> {
    const status = await this.#delete(repository, tag, [202, 200, 400, 404, 405]);
    if (status === 404) return "absent";
    return status === 400 || status === 405 ? "unsupported" : "deleted";
  }

  /** Digests of what is attached to a manifest; undefined where the registry has no such API. */
  async listReferrers(repository: Repository, digest: string): Promise<string[] | undefined> {
    const found: string[] = [];
    for (let target: string | undefined = `referrers/${digest}`; target !== undefined; ) {
      const page: Page<typeof referrersIndex> = await this.#page(
        repository,
        { target, name: `referrers/${digest}` },
        referrersIndex,
      );
      if (page === undefined) return undefined;
      found.push(...(page.content.manifests ?? []).map((manifest) => manifest.digest));
      target = page.next;
    }
    return found;
  }

  async hasBlob(repository: Repository, digest: string): Promise<boolean> {
    const response = await this.#status(readRetryOf(this.settings), repository, {
      method: "HEAD",
      target: `blobs/${digest}`,
      accept: [200, 404],
    });
    return response.status === 200;
  }

  /** A small blob as a whole, checked against its digest. */
  async readBlob(repository: Repository, { digest, size }: Descriptor): Promise<Buffer> {
    const request = blobRequest(digest);
    return this.#retry(readRetryOf(this.settings), async () => {
      const response = await this.#once(repository, request);
      const bytes = await bodyOf(response, describe(repository, request));
      if (bytes.length !== size || digestOf(bytes) !== digest)
        throw corrupted(formatReference(repository, digest), digestOf(bytes));
      return bytes;
    });
  }

  /** A blob as a stream; whoever sends it on lets the receiving registry check the digest. */
  async openBlob(repository: Repository, { digest }: Descriptor): Promise<Readable> {
    const request = blobRequest(digest);
    const response = await this.#retry(readRetryOf(this.settings), () => this.#once(repository, request));
    return Readable.from(chunksOf(response, describe(repository, request)), { objectMode: false });
  }

  /**
   * Brings a blob into a repository: not at all where it is there, by a mount where another repository of the
   * same registry has it, else by one streamed PUT with its length. A PUT that broke is preceded by another
   * look, since the registry may have completed it.
   */
  async putBlob(
    repository: Repository,
    blob: Descriptor,
    open: () => Promise<Buffer | Readable>,
    mountFrom?: string,
  ): Promise<BlobTransfer> {
    return this.#retry(this.settings.pushRetry, async () => {
      if (await this.hasBlob(repository, blob.digest)) return "present";
      const mount = mountFrom === undefined ? undefined : { mount: blob.digest, from: mountFrom };
      const session = await this.#startUpload(repository, mount);
      if (session === undefined) return "mounted";
      session.searchParams.set("digest", blob.digest);
      const response = await this.#once(repository, {
        method: "PUT",
        target: session.href,
        name: "blobs/uploads",
        headers: { "content-type": "application/octet-stream", "content-length": String(blob.size) },
        body: open,
        accept: [201, 204],
      });
      await drain(response);
      this.traffic.bytesSent += blob.size;
      return "sent";
    });
  }

  /**
   * Opens an upload and cancels it (section "Cancel a blob upload"): nothing stays. Who may not push is refused.
   * A registry that cancels nothing, as GHCR, lets the upload expire.
   */
  async tryUpload(repository: Repository): Promise<void> {
    const session = await this.#startUpload(repository);
    if (session === undefined) return;
    const request = { method: "DELETE", target: session.href, name: "blobs/uploads", accept: [204] } as const;
    const cancel = this.#once(repository, request);
    await cancel.catch((error) => {
      if (!(error instanceof RegistryError)) throw error;
    });
  }

  /**
   * All tags of a repository; undefined where the repository is absent. A list of exactly as many as were asked for
   * may have been cut without a Link, as go-containerregistry does: what follows its last tag is asked for then, and
   * where that is nothing new, a longer list, since not every registry knows `last`.
   */
  async listTags(repository: Repository): Promise<string[] | undefined> {
    const found = new Set<string>();
    for (let request: TagRequest | undefined = { n: tagPageSize }; request !== undefined; ) {
      const tags: string[] | undefined = await this.#linkedTags(repository, request);
      if (tags === undefined) return undefined;
      const known = found.size;
      for (const tag of tags) found.add(tag);
      const last: string | undefined = tags.length === request.n ? tags.at(-1) : undefined;
      if (last === undefined) request = undefined;
      else request = found.size > known ? { n: tagPageSize, last } : { n: 2 * found.size };
    }
    return [...found];
  }

  /** The tags of one list, over as many pages as it links. */
  async #linkedTags(repository: Repository, { n, last }: TagRequest): Promise<string[] | undefined> {
    const found: string[] = [];
    const after = last === undefined ? "" : `&last=${last}`;
    for (let target: string | undefined = `tags/list?n=${n}${after}`; target !== undefined; ) {
      const page: Page<typeof tagList> = await this.#page(repository, { target, name: "tags/list" }, tagList);
      if (page === undefined) return undefined;
      found.push(...(page.content.tags ?? []));
      target = page.next;
    }
    return found;
  }

  async #page<S extends z.ZodType>(
    repository: Repository,
    where: { target: string; name: string },
    schema: S,
  ): Promise<Page<S>> {
    const request: RegistryRequest = { ...where, method: "GET", accept: [200, 404] };
    return this.#retry(readRetryOf(this.settings), async () => {
      const response = await this.#once(repository, request);
      if (response.status === 404) return drain(response);
      const text = (await bodyOf(response, describe(repository, request))).toString("utf8");
      const parsed = schema.safeParse(parseJson(text));
      if (!parsed.success)
        throw new RegistryError(`${describe(repository, request)}: the answer is not the protocol's JSON.`, {
          failure: "invalid",
        });
      return { content: parsed.data, next: nextPage(response) };
    });
  }

  async #delete(repository: Repository, manifest: string, accept: readonly number[]): Promise<number> {
    const { status } = await this.#status(this.settings.pushRetry, repository, {
      method: "DELETE",
      target: `manifests/${manifest}`,
      actions: deleting,
      accept,
    });
    return status;
  }

  /** Starts an upload; undefined where the registry mounted the blob instead. */
  async #startUpload(
    repository: Repository,
    mount?: { mount: string; from: string },
  ): Promise<URL | undefined> {
    const query = mount === undefined ? "" : `?${new URLSearchParams(mount)}`;
    const response = await this.#status(this.settings.pushRetry, repository, {
      method: "POST",
      target: `blobs/uploads/${query}`,
      name: "blobs/uploads",
      headers: { "content-length": "0" },
      accept: [202, 201],
      ...(mount === undefined ? {} : { scopes: [{ path: mount.from, actions: ["pull"] }] }),
    });
    if (response.status === 201) return undefined;
    const location = response.headers.get("location");
    if (location === null)
      throw new RegistryError(`${formatRepository(repository)}: started an upload without a Location.`, {
        failure: "invalid",
      });
    return new URL(location, response.url);
  }

  /** A request of whose answer only the status and the headers matter. */
  #status(policy: RetryPolicy, repository: Repository, request: RegistryRequest): Promise<Response> {
    return this.#retry(policy, async () => {
      const response = await this.#once(repository, request);
      await drain(response);
      return response;
    });
  }

  #retry<T>(policy: RetryPolicy, operation: () => Promise<T>): Promise<T> {
    return retrying(operation, policy, this.settings);
  }

  /** One request, repeated once with a new token where the registry asks for one. */
  async #once(repository: Repository, request: RegistryRequest): Promise<Response> {
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
    this.traffic.requests += 1;
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

const deletionDisabled =
  "It does not allow deletion: enable it there (in distribution REGISTRY_STORAGE_DELETE_ENABLED=true), or leave the manifest to its own garbage collection.";

/** Docker Hub serves the protocol under another name than its references carry. */
function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

function readRetryOf(settings: ClientSettings): RetryPolicy {
  return settings.readRetry ?? readRetry;
}

function blobRequest(digest: string): RegistryRequest {
  return {
    method: "GET",
    target: `blobs/${digest}`,
    headers: { "accept-encoding": "identity" },
    accept: [200],
  };
}

function mediaTypeOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
}

function digestIn(response: Response): string | undefined {
  return response.headers.get("docker-content-digest") ?? undefined;
}

/** Reads an unwanted body, which is short, to its end: only then does the connection serve the next request. */
async function drain(response: Response): Promise<undefined> {
  await response.arrayBuffer().catch(() => undefined);
}

async function bodyOf(response: Response, subject: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(response, subject)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* chunksOf(response: Response, subject: string): AsyncGenerator<Uint8Array> {
  try {
    if (response.body !== null) yield* response.body;
  } catch (error) {
    const { reason, ...verdict } = classifyNetworkError(error);
    throw new RegistryError(`${subject}: the answer broke off: ${reason}.`, verdict);
  }
}

function corrupted(subject: string, digest: string): RegistryError {
  return new RegistryError(`${subject}: what arrived has the digest ${digest}.`, {
    failure: "invalid",
    transient: true,
  });
}

/** RFC 8288 `Link` with rel="next" (specification, section "Listing Tags"). */
function nextPage(response: Response): string | undefined {
  const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  return next === undefined ? undefined : new URL(next, response.url).href;
}

function describe(repository: Repository, { method, target, name }: RegistryRequest): string {
  return `${formatRepository(repository)}: ${method} ${name ?? target}`;
}

/** The codes and messages of the protocol's error body, as ` (CODE: message)`. */
function saidBy(text: string): string {
  const body = z
    .object({ errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })) })
    .safeParse(parseJson(text));
  const said = body.data?.errors
    .map(({ code, message }) => [code, message].filter(Boolean).join(": "))
    .join("; ");
  return said ? ` (${said.replace(/\s+/g, " ").slice(0, 300)})` : "";
}
