import { X509Certificate } from "node:crypto";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import {
  Agent,
  buildConnector,
  type Dispatcher,
  EnvHttpProxyAgent,
  fetch,
  type RequestInit,
  type Response,
} from "undici";
import { InputError } from "../errors.js";
import { answerTime, unsentBytes, unsentRate } from "./bounds.js";
import { parseNoProxy } from "./no-proxy.js";

/** How requests leave the module's container, which sees nothing of the host's network by itself. */
export interface Network {
  /** Certificate authorities to trust beside Node's and the system's, as PEM. */
  ca?: string;
  proxy?: {
    /** URL of the proxy, for HTTP and HTTPS alike. */
    url: string;
    /** Hosts that are asked directly, in the form of the `NO_PROXY` variable. */
    noProxy: string;
  };
  /**
   * Addresses that stand in for a host: a registry that runs as a Dagger service is asked under its real name,
   * which TLS and the references keep.
   */
  routes: Record<string, Route>;
}

export interface Route {
  hostname: string;
  port: number;
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

const connectTimeout = 10_000;
const idleTimeout = 60_000;

/** A `fetch` of its own for these settings; the process's global one stays as it is. */
export function createFetch(network: Network): Fetch {
  // Who sends a body knows when its answer is due (Deadline): this is the longest that may be.
  const headersTimeout = answerTime + (unsentBytes / unsentRate) * 1000;
  const timeouts = { headersTimeout, bodyTimeout: idleTimeout };
  // HTTP/1.1 throughout: its errors are the ones that the retry policy knows, and streamed uploads need no more.
  const tls = { secureContext: trusting(network.ca), allowH2: false };
  const connect = routed(buildConnector({ ...tls, timeout: connectTimeout }), network.routes);
  const direct = keepingAlive(new Agent({ ...timeouts, connect }));
  if (network.proxy === undefined) return (url, init) => fetch(url, { ...init, dispatcher: direct });
  const { url: proxy, noProxy } = network.proxy;
  const proxied = keepingAlive(
    new EnvHttpProxyAgent({
      ...timeouts,
      connect,
      httpProxy: proxy,
      httpsProxy: proxy,
      noProxy: "",
      requestTls: tls,
      proxyTls: tls,
    }),
  );
  const isDirect = parseNoProxy([noProxy, ...Object.keys(network.routes)].join(","));
  return (url, init) => fetch(url, { ...init, dispatcher: isDirect(new URL(url)) ? direct : proxied });
}

/** By default undici closes a connection after each HEAD, the request that is made most often here. */
function keepingAlive(agent: Dispatcher): Dispatcher {
  return agent.compose((dispatch) => (options, handler) => dispatch({ ...options, reset: false }, handler));
}

/** One context for all connections: reading some hundred certificates for each would take longer than the rest. */
function trusting(ca: string | undefined): SecureContext {
  const known = [...getCACertificates("default"), ...getCACertificates("system")];
  return createSecureContext({ ca: [...new Set(known), ...(ca === undefined ? [] : [requirePem(ca)])] });
}

/** Node takes any text for certificates and ignores what is none. */
function requirePem(ca: string): string {
  try {
    new X509Certificate(ca);
    return ca;
  } catch {
    throw new InputError({
      subject: "certificate authorities to trust",
      expected: "certificates in PEM form",
      given: ca.slice(0, 40),
      fix: "Check network.caFile",
    });
  }
}

function routed(
  connector: buildConnector.connector,
  routes: Record<string, Route>,
): buildConnector.connector {
  return (options, callback) => {
    const port = options.port || (options.protocol === "https:" ? "443" : "80");
    const names = [`${options.hostname}:${port}`, options.hostname];
    const route = names.filter((name) => Object.hasOwn(routes, name)).map((name) => routes[name])[0];
    if (route === undefined) return connector(options, callback);
    const target = { ...options, hostname: route.hostname, host: route.hostname, port: String(route.port) };
    return connector({ ...target, servername: options.servername ?? options.hostname }, callback);
  };
}
