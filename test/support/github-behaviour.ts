import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * How the stand-in for GitHub treats one request. Statuses, headers and texts are those of the documentation of the
 * REST API (rate limits, troubleshooting) and, for what it leaves open, of answers quoted in public issues.
 */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface Release {
  /** `v2026.11.1`. */
  tag: string;
  /** RFC 3339. */
  publishedAt: string;
}

interface Quota {
  limit: number;
  remaining: number;
  /** UTC epoch seconds. */
  reset: number;
}

interface ApiError {
  status: number;
  message: string;
  /** Page of the documentation, below https://docs.github.com/rest. */
  page: string;
  headers?: Readonly<Record<string, string>>;
  quota?: Quota;
}

const quotaUsedUp = {
  anonymous:
    "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)",
  authenticated:
    "API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, please include the request ID.",
};

/** 200 with the release. */
export function ok(release: Release): Behaviour {
  return (request, response) => sendJson(request, response, JSON.stringify(releaseBody(request, release)));
}

/** 200 with a version in plain text, as mise publishes it: without the `v`. */
export function plainVersion(version: string): Behaviour {
  return (_, response) => {
    response.writeHead(200, { "content-type": "text/plain" }).end(`${version}\n`);
  };
}

/** Resets the connection without an answer. */
export function down(): Behaviour {
  return ({ socket }) => {
    socket.resetAndDestroy();
  };
}

/** Waits before it behaves. */
export function slow(milliseconds: number, then: Behaviour): Behaviour {
  return async (request, response) => {
    await sleep(milliseconds, undefined, { ref: false });
    if (!response.destroyed) await then(request, response);
  };
}

/** The hourly quota is used up: 403, or 429 as GitHub may also answer, with no requests remaining. */
export function primaryRateLimit(secondsUntilReset = 1800, status: 403 | 429 = 403): Behaviour {
  return (request, response) =>
    sendError(request, response, {
      status,
      message: isAuthenticated(request) ? quotaUsedUp.authenticated : quotaUsedUp.anonymous,
      page: "/overview/resources-in-the-rest-api#rate-limiting",
      quota: { ...quotaOf(request), remaining: 0, reset: epochSeconds() + secondsUntilReset },
    });
}

/** Too many requests at once: the quota is not used up, and `retry-after` (seconds) may be absent. */
export function secondaryRateLimit(retryAfter?: number, status: 403 | 429 = 403): Behaviour {
  return (request, response) =>
    sendError(request, response, {
      status,
      message:
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.",
      page: "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
      headers: retryAfter === undefined ? {} : { "retry-after": `${retryAfter}` },
    });
}

/** 401, as for a token that expired. */
export function badCredentials(): Behaviour {
  return (request, response) =>
    sendError(request, response, { status: 401, message: "Bad credentials", page: "" });
}

/** 404, as for a repository without a release. */
export function notFound(): Behaviour {
  const page = "/releases/releases#get-the-latest-release";
  return (request, response) => sendError(request, response, { status: 404, message: "Not Found", page });
}

/** A page in place of JSON: a load balancer's error, or, with 200, a captive portal. */
export function html(status: number): Behaviour {
  return (_, response) => {
    response.writeHead(status, { "content-type": "text/html; charset=utf-8" });
    response.end(
      `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body>Unicorn!</body></html>\n`,
    );
  };
}

/** 200 whose JSON ends in the middle, although the HTTP message is complete. */
export function truncatedJson(release: Release): Behaviour {
  return (request, response) => sendJson(request, response, half(request, release));
}

/** 200 whose connection breaks in the middle of the body. */
export function interrupted(release: Release): Behaviour {
  return (request, response) => {
    const body = half(request, release);
    response.writeHead(200, { ...jsonHeaders(quotaOf(request)), "content-length": body.length * 2 });
    response.write(body, () => response.destroy());
  };
}

/** The documented fields that identify a release; the asset is the one for Alpine. */
function releaseBody({ url }: IncomingMessage, { tag, publishedAt }: Release): object {
  const page = `https://github.com${url?.replace(/^\/repos|\/latest$/g, "")}`;
  const asset = `mise-${tag}-linux-x64-musl`;
  return {
    html_url: `${page}/tag/${tag}`,
    id: 1,
    tag_name: tag,
    name: tag,
    draft: false,
    prerelease: false,
    created_at: publishedAt,
    published_at: publishedAt,
    assets: [
      { id: 1, name: asset, state: "uploaded", browser_download_url: `${page}/download/${tag}/${asset}` },
    ],
    body: "",
  };
}

function half(request: IncomingMessage, release: Release): string {
  const body = JSON.stringify(releaseBody(request, release));
  return body.slice(0, body.length / 2);
}

function sendError(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  const { status, message, page, headers = {}, quota = quotaOf(request) } = error;
  const body = { message, documentation_url: `https://docs.github.com/rest${page}`, status: `${status}` };
  response.writeHead(status, { ...jsonHeaders(quota), ...headers }).end(JSON.stringify(body));
}

function sendJson(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.writeHead(200, jsonHeaders(quotaOf(request))).end(body);
}

function jsonHeaders({ limit, remaining, reset }: Quota): Record<string, string | number> {
  return {
    "content-type": "application/json; charset=utf-8",
    "x-ratelimit-limit": limit,
    "x-ratelimit-remaining": remaining,
    "x-ratelimit-used": limit - remaining,
    "x-ratelimit-reset": reset,
    "x-ratelimit-resource": "core",
  };
}

/** 60 requests an hour for an address, 5,000 for a user. */
function quotaOf(request: IncomingMessage): Quota {
  const limit = isAuthenticated(request) ? 5000 : 60;
  return { limit, remaining: limit - 1, reset: epochSeconds() + 3600 };
}

function isAuthenticated({ headers }: IncomingMessage): boolean {
  return headers.authorization !== undefined;
}

function epochSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
