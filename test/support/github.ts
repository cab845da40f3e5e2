import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { type Behaviour, notFound } from "./github-behaviour.js";
import { listenOnLoopback } from "./loopback.js";

export interface GitHubOptions {
  /** For `GET /repos/{owner}/{repo}/releases/latest`: each request takes the next one, the last one repeats. */
  behaviours: readonly Behaviour[];
  /** Likewise for `GET /VERSION`, which stands for https://mise.jdx.dev/VERSION. 404 unless given. */
  version?: readonly Behaviour[];
}

/** A stand-in for GitHub's REST API and for mise's version file. */
export interface GitHub {
  /** `127.0.0.1:<port>`, plain HTTP. After `stop` it refuses connections. */
  address: string;
  /** Every request, in order of arrival. */
  requests: readonly RecordedRequest[];
  stop(): Promise<void>;
}

export interface RecordedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
}

const releasePath = /^\/repos\/[^/]+\/[^/]+\/releases\/latest$/;

/** Starts the stand-in on the loopback interface. */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const requests: RecordedRequest[] = [];
  const nextOfRelease = inTurn(options.behaviours);
  const nextOfVersion = inTurn(options.version ?? [notFound()]);

  const behaviourFor = ({ path, headers }: RecordedRequest): Behaviour => {
    if (path === "/VERSION") return nextOfVersion();
    if (headers["user-agent"] === undefined) return userAgentRequired;
    return releasePath.test(path) ? nextOfRelease() : notFound();
  };
  const server = createServer((request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    const recorded = { method, path, headers };
    requests.push(recorded);
    void behaviourFor(recorded)(request, response);
  });
  return { ...(await listenOnLoopback(server)), requests };
}

function inTurn(behaviours: readonly Behaviour[]): () => Behaviour {
  let next = 0;
  return () => behaviours[Math.min(next++, behaviours.length - 1)] ?? notFound();
}

function userAgentRequired(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(403, { "content-type": "text/html" });
  response.end(
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n",
  );
}
