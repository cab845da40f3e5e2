import { Readable } from "node:stream";
import { RegistryError } from "../errors.js";
import { type Descriptor, digestOf, manifestTypes } from "../oci/manifest.js";
import { manifestTypeOf } from "../oci/media-type.js";
import { digestIn, mediaTypeOf } from "./answer.js";
import { bodyOf, chunksOf, drain } from "./body.js";
import { type Bound, bounds } from "./bounds.js";
import { type ClientSettings, describe, RegistryConnection, type RegistryRequest } from "./connection.js";
import { listReferrers, listTags, type Referrer } from "./lists.js";
import { formatReference, type Repository } from "./reference.js";
import type { Action } from "./token-service.js";
import type { UploadProgress } from "./upload.js";
import { UploadSessions } from "./upload-session.js";

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

// Token services differ in which right a deletion takes; each grants what it knows of these.
const deleting: readonly Action[] = ["pull", "push", "delete"];

/**
 * The OCI distribution protocol (specification v1.1), a request a method. Every method says what the registry
 * answered; only 404 is absence, and everything else that is not success is a RegistryError.
 */
export class RegistryClient {
  readonly #connection: RegistryConnection;
  readonly #uploads: UploadSessions;
  #bytesSent = 0;

  /** Tells whoever made the client how far an upload is. */
  readonly onProgress: (progress: UploadProgress) => void;

  constructor(settings: ClientSettings) {
    this.onProgress = settings.onProgress ?? (() => {});
    this.#connection = new RegistryConnection(settings);
    this.#uploads = new UploadSessions(this.#connection);
  }

  get traffic(): Traffic {
    return { requests: this.#connection.requests, bytesSent: this.#bytesSent };
  }

  /** `HEAD` of a manifest by tag or digest; undefined where the registry says 404. */
  async headManifest(repository: Repository, manifest: string): Promise<Descriptor | undefined> {
    const response = await this.#connection.status(repository, {
      method: "HEAD",
      target: `manifests/${manifest}`,
      headers: { accept: manifestTypes.join(", ") },
      // Without a body a 403 does not say whether it is a rate limit, and some know no HEAD: the GET below does.
      accept: [200, 403, 404, 405],
    });
    if (response.status === 404) return undefined;
    if (response.status !== 200) return (await this.getManifest(repository, manifest))?.descriptor;
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
    return this.#connection.repeat("read", async () => {
      const response = await this.#connection.send(repository, request);
      if (response.status === 404) return drain(response);
      const bytes = await bodyOf(response, describe(repository, request), bounds.manifest);
      const mediaType = manifestTypeOf(mediaTypeOf(response), bytes);
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
      const promised = manifest.startsWith("sha256:") ? manifest : digestIn(response);
      if (promised !== undefined && promised !== descriptor.digest)
        throw corrupted(formatReference(repository, manifest), descriptor.digest);
      return { descriptor, bytes };
    });
  }

  /** Puts a manifest under a tag or its digest. */
  async putManifest(repository: Repository, manifest: string, stored: StoredManifest): Promise<void> {
    await this.#connection.repeat("write", () => this.#put(repository, manifest, stored));
  }

  /**
   * Points a tag at a manifest, unless it holds anything but `from`: that stays, and is returned. A PUT that broke is
   * preceded by another look, since the registry may have completed it, or somebody else have come first.
   */
  async replaceTag(
    repository: Repository,
    tag: string,
    stored: StoredManifest,
    from: string | undefined,
  ): Promise<string | undefined> {
    // A token that ends between the look and the request takes another look; a second time it is no token that ends.
    let isFirst = true;
    return this.#connection.repeat("write", async () => {
      const found = await this.#holderOf(repository, tag);
      if (found === stored.descriptor.digest) return undefined;
      if (found !== undefined && found !== from) return found;
      const afterLook = isFirst;
      isFirst = false;
      await this.#put(repository, tag, stored, afterLook);
      return undefined;
    });
  }

  /** Repeats a look at what was just put or deleted: a registry may take a moment to show it. */
  untilShown<T>(look: () => Promise<T>): Promise<T> {
    return this.#connection.repeat("read", look);
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

  /**
   * Bytes of a blob that is stored, as the registry says: after a full disk they may be fewer than its descriptor's, which
   * are returned where it does not say. Undefined where it is absent.
   */
  async blobSize(repository: Repository, { digest, size }: Descriptor): Promise<number | undefined> {
    const get = blobRequest(digest);
    const head = { ...get, method: "HEAD", accept: [200, 403, 404, 405] } as const;
    const found = await this.#connection.status(repository, head);
    if (found.status === 404) return undefined;
    if (found.status === 200 && lengthOf(found, size) === size) return size;
    // As with a manifest, and some give a length to no HEAD; of a blob that is there, no more is read than of an explanation.
    const read = await this.#connection.status(repository, { ...get, accept: [200, 404] });
    return read.status === 404 ? undefined : lengthOf(read, size);
  }

  /** A small blob as a whole, checked against its digest. */
  async readBlob(
    repository: Repository,
    { digest, size }: Descriptor,
    bound: Bound = bounds.configuration,
  ): Promise<Buffer> {
    const request = blobRequest(digest);
    return this.#connection.repeat("read", async () => {
      const response = await this.#connection.send(repository, request);
      const bytes = await bodyOf(response, describe(repository, request), bound);
      if (bytes.length !== size || digestOf(bytes) !== digest)
        throw corrupted(formatReference(repository, digest), digestOf(bytes));
      return bytes;
    });
  }

  /** A blob as a stream; whoever sends it on lets the receiving registry check the digest. */
  async openBlob(repository: Repository, { digest, size }: Descriptor): Promise<Readable> {
    const request = blobRequest(digest);
    const response = await this.#connection.repeat("read", () => this.#connection.send(repository, request));
    return Readable.from(chunksOf(response, describe(repository, request), size), { objectMode: false });
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
    return this.#connection.repeat("write", async () => {
      if ((await this.blobSize(repository, blob)) === blob.size) return "present";
      const mount = mountFrom === undefined ? undefined : { digest: blob.digest, from: mountFrom };
      const session = await this.#uploads.open(repository, mount);
      if (session === undefined) return "mounted";
      session.searchParams.set("digest", blob.digest);
      const response = await this.#connection.send(repository, {
        method: "PUT",
        target: session.href,
        name: "blobs/uploads",
        headers: { "content-type": "application/octet-stream", "content-length": String(blob.size) },
        body: open,
        accept: [201, 204],
      });
      await drain(response);
      this.#bytesSent += blob.size;
      return "sent";
    });
  }

  /**
   * Opens an upload and cancels it (section "Cancel a blob upload"): nothing stays. Who may not push is refused.
   * A registry that cancels nothing, as GHCR, lets the upload expire; so does one that leads elsewhere, where nothing is
   * deleted.
   */
  async tryUpload(repository: Repository): Promise<void> {
    const session = await this.#uploads.open(repository);
    if (session === undefined || !this.#isUploadOf(repository, session)) return;
    const request = { method: "DELETE", target: session.href, name: "blobs/uploads", accept: [204] } as const;
    const cancel = this.#connection.send(repository, request);
    await cancel.catch((error) => {
      if (!(error instanceof RegistryError)) throw error;
    });
  }

  /** All tags of a repository; undefined where the repository is absent. */
  listTags(repository: Repository, how?: { toEnd: boolean }): Promise<string[] | undefined> {
    return listTags(this.#connection, repository, how);
  }

  /** What is attached to a manifest; undefined where the registry has no such API. */
  listReferrers(repository: Repository, digest: string): Promise<Referrer[] | undefined> {
    return listReferrers(this.#connection, repository, digest);
  }

  /** Digest that a tag holds. That it holds none is asked for in two ways, since it would be overwritten. */
  async #holderOf(repository: Repository, tag: string): Promise<string | undefined> {
    const found = await this.headManifest(repository, tag);
    return (found ?? (await this.getManifest(repository, tag))?.descriptor)?.digest;
  }

  #isUploadOf({ registry, path }: Repository, { origin, pathname }: URL): boolean {
    return origin === this.#connection.origin(registry).origin && pathname.startsWith(`/v2/${path}/blobs/`);
  }

  async #put(
    repository: Repository,
    manifest: string,
    stored: StoredManifest,
    afterLook = false,
  ): Promise<void> {
    const response = await this.#connection.send(repository, {
      method: "PUT",
      target: `manifests/${manifest}`,
      headers: {
        "content-type": stored.descriptor.mediaType,
        "content-length": String(stored.descriptor.size),
      },
      body: async () => stored.bytes,
      accept: [201, 202, 200],
      afterLook,
    });
    await drain(response);
    const digest = digestIn(response);
    if (digest !== undefined && digest !== stored.descriptor.digest)
      throw corrupted(formatReference(repository, manifest), digest, { transient: false });
    this.#bytesSent += stored.descriptor.size;
  }

  async #delete(repository: Repository, manifest: string, accept: readonly number[]): Promise<number> {
    const { status } = await this.#connection.status(repository, {
      method: "DELETE",
      target: `manifests/${manifest}`,
      actions: deleting,
      accept,
    });
    return status;
  }
}

function blobRequest(digest: string): RegistryRequest {
  return {
    method: "GET",
    target: `blobs/${digest}`,
    headers: { "accept-encoding": "identity" },
    accept: [200],
  };
}

/** Bytes that an answer says that it has; of what is compressed on the way it says nothing. */
function lengthOf({ headers }: Response, unsaid: number): number {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? unsaid : Number(length);
}

/** What is read may have changed on the way once; what a registry stored stays. */
function corrupted(subject: string, digest: string, { transient } = { transient: true }): RegistryError {
  return new RegistryError(`${subject}: what arrived has the digest ${digest}.`, {
    failure: "invalid",
    transient,
  });
}
