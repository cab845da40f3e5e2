import type { Response } from "undici";
import { RegistryError } from "../errors.js";
import { givenUrl } from "./answer.js";
import { drain } from "./body.js";
import type { RegistryConnection, RegistryRequest } from "./connection.js";
import { formatRepository, type Repository } from "./reference.js";

/** A blob that another repository of the same registry has. */
export interface Mount {
  digest: string;
  /** Path of that repository. */
  from: string;
}

/** Opens the uploads of blobs (distribution specification v1.1, section "Pushing blobs"). */
export class UploadSessions {
  /** Which repository is not mounted from which. */
  readonly #refused = new Set<string>();

  constructor(private readonly connection: RegistryConnection) {}

  /**
   * Opens an upload, and gives where its bytes go; undefined where the registry mounted the blob instead. A mount only
   * spares bytes: a registry or token service that refuses it is asked for an ordinary upload, and for no other mount
   * between the two repositories.
   */
  async open(repository: Repository, mount?: Mount): Promise<URL | undefined> {
    const pair = `${formatRepository(repository)} ${mount?.from}`;
    if (
      mount !== undefined &&
      !this.#refused.has(pair) &&
      this.connection.isSameName(repository, mount.from)
    ) {
      try {
        return await this.#mount(repository, mount);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#refused.add(pair);
      }
    }
    const response = await this.connection.status(repository, requestFor());
    return this.#locationOf(repository, response);
  }

  // Not repeated by itself: the upload that is opened in its place is.
  async #mount(repository: Repository, { digest, from }: Mount): Promise<URL | undefined> {
    const query = `?${new URLSearchParams({ mount: digest, from })}`;
    const scopes = [{ path: from, actions: ["pull"] }] as const;
    const response = await this.connection.send(repository, { ...requestFor(query), scopes });
    await drain(response);
    return response.status === 201 ? undefined : this.#locationOf(repository, response);
  }

  /** Where an upload goes on: behind a proxy that speaks TLS for it, a registry may say its own address without. */
  #locationOf(repository: Repository, { headers, url }: Pick<Response, "headers" | "url">): URL {
    const name = formatRepository(repository);
    const location = headers.get("location");
    if (location === null)
      throw new RegistryError(`${name}: started an upload without a Location.`, { failure: "invalid" });
    const found = givenUrl(location, url, `${name}: the Location of an upload that it started`);
    const home = this.connection.origin(repository.registry);
    if (home.protocol !== "https:" || found.protocol !== "http:" || found.hostname !== home.hostname)
      return found;
    const secured = new URL(found);
    secured.protocol = home.protocol;
    secured.port = home.port;
    return secured;
  }
}

function requestFor(query = ""): RegistryRequest {
  return {
    method: "POST",
    target: `blobs/uploads/${query}`,
    name: "blobs/uploads",
    headers: { "content-length": "0" },
    accept: query === "" ? [202] : [202, 201],
  };
}

/** Whether an answer says no, and not that it could not be given. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof RegistryError)) return false;
  return !error.transient || error.status === 500;
}
