import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Repository } from "../../src/registry/reference.js";
import type { RecordedRequest } from "./github.js";
import { listenOnLoopback } from "./loopback.js";

export interface DockerHubOptions {
  /** Where the tags are: a real registry that deletes tags, which Docker Hub's own does not. */
  repository: Repository;
  user: string;
  password: string;
  /** The account may not delete. */
  readOnly?: boolean;
}

/** A stand-in for the part of Docker Hub's API that deletes tags. */
export interface DockerHubServer {
  /** Base URL. */
  api: string;
  /** Every request, in order of arrival. */
  requests: readonly RecordedRequest[];
  /** Makes the tokens issued so far invalid. */
  expireTokens(): void;
  /** Answers the next deletion with 429; `until` is in seconds since the epoch. */
  limit(until: number): void;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}

/**
 * Starts the stand-in. Signing in and limits are those of the documentation of the Docker Hub API; the deletion of
 * tags is in none, its answers are those that public issues quote.
 */
export async function startDockerHub(options: DockerHubOptions): Promise<DockerHubServer> {
  const requests: RecordedRequest[] = [];
  const tokens = new Set<string>();
  let issued = 0;
  let limitedUntil: number | undefined;

  const signIn = async (request: IncomingMessage): Promise<Answer> => {
    const { identifier, secret } = JSON.parse(await text(request)) as Record<string, unknown>;
    if (identifier !== options.user || secret !== options.password)
      return { status: 401, body: { detail: "Incorrect authentication credentials" } };
    const token = `token-${++issued}`;
    tokens.add(token);
    return { status: 200, body: { access_token: token } };
  };
  const remove = async ({ headers }: IncomingMessage, tag: string): Promise<Answer> => {
    if (limitedUntil !== undefined) {
      const limited = { "x-retry-after": `${limitedUntil}` };
      limitedUntil = undefined;
      return { status: 429, body: { detail: "Rate limit exceeded", error: false }, headers: limited };
    }
    if (!tokens.has((headers.authorization ?? "").replace(/^Bearer /, "")))
      return { status: 401, body: { detail: "Authentication credentials were not provided." } };
    if (options.readOnly === true)
      return {
        status: 403,
        body: { detail: "access to the resource is forbidden with personal access token" },
      };
    const { registry, path } = options.repository;
    const { status } = await fetch(`http://${registry}/v2/${path}/manifests/${tag}`, { method: "DELETE" });
    return status === 404 ? { status, body: { message: "tag not found", errinfo: {} } } : { status: 204 };
  };

  const server = createServer(async (request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    requests.push({ method, path, headers });
    const [, repository, tag] = /^\/v2\/repositories\/(.+)\/tags\/([^/]+)\/$/.exec(path) ?? [];
    const {
      status,
      body,
      headers: own,
    } = await (method === "POST" && path === "/v2/auth/token"
      ? signIn(request)
      : method === "DELETE" && tag !== undefined && repository === options.repository.path
        ? remove(request, tag)
        : { status: 404, body: { message: "page not found" } });
    response.writeHead(status, { "content-type": "application/json", ...own });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const { address, stop } = await listenOnLoopback(server);
  return {
    api: `http://${address}`,
    requests,
    expireTokens: () => tokens.clear(),
    limit: (until) => {
      limitedUntil = until;
    },
    stop,
  };
}
