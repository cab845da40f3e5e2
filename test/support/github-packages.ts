import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { PublishableImage } from "../../src/oci/source.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient, seed } from "./client.js";
import type { RecordedRequest } from "./github.js";
import type { Behaviour } from "./github-behaviour.js";
import { listenOnLoopback } from "./loopback.js";

/** A version of a package, as a test describes it. */
export interface PublishedVersion {
  digest: string;
  tags?: readonly string[];
  /** RFC 3339; long ago unless given. */
  updatedAt?: string;
  /** More than 5,000 downloads of a public package. */
  popular?: boolean;
}

export interface GitHubPackagesOptions {
  /** Where the manifests are: a real registry stands in for GHCR, and loses what is deleted here. */
  repository: Repository;
  token: string;
  owner?: "Organization" | "User";
  /** The token may read and not delete, which GitHub answers with 404. */
  readOnly?: boolean;
}

/** A stand-in for the part of GitHub's REST API that manages container packages. */
export interface GitHubPackagesServer {
  /** Base URL. */
  api: string;
  /** Every request, in order of arrival. */
  requests: readonly RecordedRequest[];
  /** Digests that the package has. */
  digests(): string[];
  publish(...versions: readonly PublishedVersion[]): void;
  /** Removes a version, as somebody else does. */
  withdraw(digest: string): void;
  /** Answers the next requests that match in place of the stand-in. */
  interrupt(pattern: RegExp, ...behaviours: readonly Behaviour[]): void;
  /** Called before each request is answered: what happens in the meantime. */
  meanwhile(act: (request: RecordedRequest) => unknown): void;
  stop(): Promise<void>;
}

/** Brings an image into the registry, and its manifests into the package: platforms first, as a push does. */
export async function publishImage(
  server: GitHubPackagesServer,
  repository: Repository,
  image: PublishableImage,
  { tags = [], ...rest }: Omit<PublishedVersion, "digest"> = {},
): Promise<void> {
  await seed(repository, image, ...tags);
  const listed = server.digests();
  for (const { descriptor } of image.variants)
    if (!listed.includes(descriptor.digest)) server.publish({ ...rest, digest: descriptor.digest });
  server.publish({ ...rest, digest: image.index.descriptor.digest, tags });
}

interface Version extends PublishedVersion {
  id: number;
  tags: readonly string[];
}

interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * Starts the stand-in. Paths, statuses and pages are those of the documentation of the REST API ("Packages",
 * "Pagination"), the texts of errors those that public issues quote.
 */
export async function startGitHubPackages(options: GitHubPackagesOptions): Promise<GitHubPackagesServer> {
  const versions: Version[] = [];
  const requests: RecordedRequest[] = [];
  const interruptions: { pattern: RegExp; behaviours: Behaviour[] }[] = [];
  let meanwhile: (request: RecordedRequest) => unknown = () => {};
  let nextId = 1000;

  const server = createServer(async (request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    const recorded = { method, path, headers };
    requests.push(recorded);
    await meanwhile(recorded);
    const behaviour = interruptions
      .find(({ pattern }) => pattern.test(`${method} ${path}`))
      ?.behaviours.shift();
    if (behaviour !== undefined) return behaviour(request, response);
    send(response, await answer(request, versions, options));
  });
  const { address, stop } = await listenOnLoopback(server);
  return {
    api: `http://${address}`,
    requests,
    digests: () => versions.map(({ digest }) => digest),
    publish: (...published) => {
      // The newest comes first.
      for (const version of published) versions.unshift({ tags: [], ...version, id: nextId++ });
    },
    withdraw: (digest) => {
      versions.splice(
        versions.findIndex((version) => version.digest === digest),
        1,
      );
    },
    interrupt: (pattern, ...behaviours) => {
      interruptions.push({ pattern, behaviours: [...behaviours] });
    },
    meanwhile: (act) => {
      meanwhile = act;
    },
    stop,
  };
}

async function answer(
  { method, url, headers }: IncomingMessage,
  versions: Version[],
  options: GitHubPackagesOptions,
): Promise<Answer> {
  const [owner, ...name] = options.repository.path.split("/");
  const { pathname, searchParams } = new URL(url ?? "/", "http://github");
  const kind = options.owner ?? "Organization";
  const packagePath = `/${kind === "User" ? "users" : "orgs"}/${owner}/packages/container/${encodeURIComponent(name.join("/"))}`;
  const id = Number(/\/versions\/(\d+)$/.exec(pathname)?.[1]);

  if (headers["user-agent"] === undefined) return error(403, "Request forbidden by administrative rules.");
  if (headers.authorization !== `Bearer ${options.token}`)
    return headers.authorization === undefined
      ? error(401, "Requires authentication")
      : error(401, "Bad credentials");
  if (pathname === `/users/${owner}`) return { status: 200, body: { login: owner, type: kind } };
  if (!pathname.startsWith(packagePath)) return error(404, "Not Found");
  if (method === "GET" && pathname === `${packagePath}/versions`)
    return page(versions, searchParams, `http://${headers.host}${pathname}`);
  const version = versions.find((candidate) => candidate.id === id);
  if (version === undefined) return error(404, "Package version not found.");
  if (method === "GET") return { status: 200, body: describe(version) };
  if (method !== "DELETE") return error(404, "Not Found");
  if (options.readOnly === true) return error(404, "Package not found.");
  return remove(version, versions, options.repository);
}

async function remove(version: Version, versions: Version[], repository: Repository): Promise<Answer> {
  if (version.popular === true)
    return error(
      400,
      "Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.",
    );
  const tagged = versions.filter(({ tags }) => tags.length > 0);
  if (tagged.length === 1 && tagged[0] === version)
    return error(
      400,
      "You cannot delete the last tagged version of a package. You must delete the package instead.",
    );
  versions.splice(versions.indexOf(version), 1);
  const client = makeClient();
  // Not every registry lets a tag go with its manifest, and not every registry deletes tags.
  for (const tag of version.tags) await client.deleteManifest(repository, tag).catch(() => {});
  await client.deleteManifest(repository, version.digest);
  return { status: 204 };
}

/** `url` is the absolute one, without the query. */
function page(versions: readonly Version[], query: URLSearchParams, url: string): Answer {
  const size = Math.min(Number(query.get("per_page") ?? 30), 100);
  const number = Number(query.get("page") ?? 1);
  const last = Math.max(Math.ceil(versions.length / size), 1);
  const link = (to: number, rel: string) => `<${url}?per_page=${size}&page=${to}>; rel="${rel}"`;
  const links = [
    ...(number > 1 ? [link(number - 1, "prev"), link(1, "first")] : []),
    ...(number < last ? [link(number + 1, "next"), link(last, "last")] : []),
  ];
  return {
    status: 200,
    body: versions.slice((number - 1) * size, number * size).map(describe),
    headers: links.length === 0 ? {} : { link: links.join(", ") },
  };
}

function describe({ id, digest, tags, updatedAt = "2025-01-01T00:00:00Z" }: Version): object {
  return {
    id,
    name: digest,
    created_at: "2025-01-01T00:00:00Z",
    updated_at: updatedAt,
    metadata: { package_type: "container", container: { tags } },
  };
}

function error(status: number, message: string): Answer {
  const documentation_url = "https://docs.github.com/rest/packages/packages";
  return { status, body: { message, documentation_url, status: `${status}` } };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
