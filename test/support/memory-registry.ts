import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { digestOf } from "../../src/oci/manifest.js";
import { listenOnLoopback } from "./loopback.js";

/** A registry in this process, for where no other is installed: what releases and clean-up need of the protocol. */
export interface MemoryRegistry {
  /** `127.0.0.1:<port>`, plain HTTP. */
  address: string;
  /** Method and path of every request that wrote something. */
  writes: string[];
  stop(): Promise<void>;
}

export interface MemoryRegistryOptions {
  /** How many tags a page of their list has at most; the next one is linked. */
  tagsPerPage?: number;
  /** Whether it has the referrers API. */
  referrers?: boolean;
}

interface Manifest {
  mediaType: string;
  bytes: Buffer;
}

interface Repository {
  blobs: Map<string, Buffer>;
  /** By digest and by tag. */
  manifests: Map<string, Manifest>;
}

/** What a route has of its request: the last part of the path, the body, and where it is. */
interface Exchange {
  options: MemoryRegistryOptions;
  repository: Repository;
  url: URL;
  last: string;
  body: Buffer;
  mediaType: string;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer;
}

type Route = [method: RegExp, path: RegExp, handle: (exchange: Exchange) => Answer];

const absent: Answer = { status: 404 };

// The OCI distribution specification, section "Endpoints".
const routes: readonly Route[] = [
  [/^(GET|HEAD)$/, /^manifests\//, ({ repository, last }) => stored(repository.manifests.get(last))],
  [
    /^PUT$/,
    /^manifests\//,
    ({ repository, last, body, mediaType }) => {
      const digest = digestOf(body);
      for (const name of [digest, last]) repository.manifests.set(name, { mediaType, bytes: body });
      return { status: 201, headers: { "docker-content-digest": digest } };
    },
  ],
  [
    /^(GET|HEAD)$/,
    /^blobs\/sha256:/,
    ({ repository, last }) => {
      const body = repository.blobs.get(last);
      return body === undefined ? absent : { status: 200, body };
    },
  ],
  [/^POST$/, /^blobs\/uploads\/$/, ({ url }) => ({ status: 202, headers: { location: `${url.pathname}1` } })],
  [
    /^PUT$/,
    /^blobs\/uploads\//,
    ({ repository, url, body }) => {
      const digest = digestOf(body);
      if (url.searchParams.get("digest") !== digest) return { status: 400 };
      repository.blobs.set(digest, body);
      return { status: 201 };
    },
  ],
  [/^DELETE$/, /^blobs\/uploads\//, () => ({ status: 204 })],
  [
    /^DELETE$/,
    /^manifests\//,
    ({ repository: { manifests }, last }) => {
      if (!manifests.delete(last)) return absent;
      // As distribution does: no tag is left of a manifest that is gone.
      for (const [name, { bytes }] of manifests) if (digestOf(bytes) === last) manifests.delete(name);
      return { status: 202 };
    },
  ],
  [/^GET$/, /^tags\/list$/, listTags],
  [/^GET$/, /^referrers\//, listReferrers],
];

function listTags({
  options: { tagsPerPage = Number.POSITIVE_INFINITY },
  repository,
  url,
}: Exchange): Answer {
  const after = url.searchParams.get("last") ?? "";
  const names = [...repository.manifests.keys()].filter((name) => !name.startsWith("sha256:"));
  const rest = names.filter((name) => name > after).toSorted();
  const tags = rest.slice(0, tagsPerPage);
  const link = { link: `<?last=${tags.at(-1)}>; rel="next"` };
  return { ...json({ tags }), headers: tags.length < rest.length ? link : {} };
}

function listReferrers({ options, repository, last }: Exchange): Answer {
  if (options.referrers !== true) return absent;
  const manifests = [...repository.manifests].flatMap(([digest, { mediaType, bytes }]) => {
    const { subject, artifactType, annotations } = JSON.parse(bytes.toString());
    const isListed = digest.startsWith("sha256:") && subject?.digest === last;
    return isListed ? [{ mediaType, digest, size: bytes.length, artifactType, annotations }] : [];
  });
  return json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests });
}

/** Starts an empty registry on the loopback interface. */
export async function startMemoryRegistry(options: MemoryRegistryOptions = {}): Promise<MemoryRegistry> {
  const repositories = new Map<string, Repository>();
  const writes: string[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "" } = request;
    if (!["GET", "HEAD"].includes(method)) writes.push(`${method} ${url}`);
    send(response, method, await answer(repositories, options, request));
  });
  return { ...(await listenOnLoopback(server)), writes };
}

async function answer(
  repositories: Map<string, Repository>,
  options: MemoryRegistryOptions,
  request: IncomingMessage,
): Promise<Answer> {
  const url = new URL(request.url ?? "", "http://registry");
  const body = Buffer.concat(await request.toArray());
  const [, name = "", path = ""] =
    /^\/v2\/(.+?)\/((?:manifests|blobs|tags|referrers)\/.*)$/.exec(url.pathname) ?? [];
  const route = routes.find(([method, form]) => method.test(request.method ?? "") && form.test(path));
  if (route === undefined) return url.pathname === "/v2/" ? { status: 200 } : absent;
  const repository = repositories.get(name) ?? { blobs: new Map(), manifests: new Map() };
  repositories.set(name, repository);
  const mediaType = request.headers["content-type"] ?? "";
  return route[2]({ options, repository, url, last: path.slice(path.lastIndexOf("/") + 1), body, mediaType });
}

function json(content: object): Answer {
  return { status: 200, body: Buffer.from(JSON.stringify(content)) };
}

function stored(manifest: Manifest | undefined): Answer {
  if (manifest === undefined) return absent;
  const headers = { "content-type": manifest.mediaType, "docker-content-digest": digestOf(manifest.bytes) };
  return { status: 200, headers, body: manifest.bytes };
}

function send(response: ServerResponse, method: string, { status, headers = {}, body }: Answer): void {
  const length = String(body?.length ?? 0);
  response.writeHead(status, status === 204 ? headers : { ...headers, "content-length": length });
  response.end(method === "HEAD" ? undefined : body);
}
