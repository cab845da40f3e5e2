import { httpUrl } from "./http-url.js";

/** How a registry wants to be asked. */
export type Challenge = { scheme: "basic" } | BearerChallenge | UnknownChallenge;

/** By a token of this service. */
export interface BearerChallenge {
  scheme: "bearer";
  /** URL of the service. */
  realm: string;
  service?: string;
}

/** In none of the ways that Slipway knows. */
export interface UnknownChallenge {
  scheme: "unknown";
  /** What it offers. */
  offered: readonly string[];
}

/** One way of several that a header offers. */
interface Offer {
  /** In lower case. */
  scheme: string;
  /** By name in lower case: each belongs to the scheme before it. */
  parameters: Map<string, string>;
}

// A value in quotes may hold commas, and what looks like another scheme.
const parameter = /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=]+))/y;
// What follows a scheme may be one long word in place of parameters (RFC 9110 section 11.2, token68).
const scheme = /([\w!#$%&'*+.^`|~-]+)(?:\s+[\w.~+/-]+=*(?=\s*(?:,|$)))?/y;
const separator = /[\s,]*/y;

/**
 * The way to ask that `WWW-Authenticate` leaves (RFC 9110 section 11.6.1, several headers joined with commas): by a
 * token before a password, in whatever order they come. Undefined where there is no header, or none that says anything.
 */
export function parseChallenge(header: string | null): Challenge | undefined {
  const offers = offersIn(header ?? "");
  const bearer = offers.map(bearerOf).find((challenge) => challenge !== undefined);
  if (bearer !== undefined) return bearer;
  if (offers.some((offer) => offer.scheme === "basic")) return { scheme: "basic" };
  const offered = offers.map((offer) => offer.scheme);
  return offered.length === 0 || offered.includes("bearer") ? undefined : { scheme: "unknown", offered };
}

function bearerOf({ scheme, parameters }: Offer): BearerChallenge | undefined {
  const realm = parameters.get("realm");
  const service = parameters.get("service");
  if (scheme !== "bearer" || realm === undefined || httpUrl(realm) === undefined) return undefined;
  return { scheme: "bearer", realm, ...(service === undefined ? {} : { service }) };
}

function offersIn(header: string): Offer[] {
  const offers: Offer[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    at += found?.[0].length ?? 0;
    return found;
  };
  for (take(separator); at < header.length; take(separator)) {
    const given = take(parameter);
    const [, name = "", quoted, plain = ""] = given ?? [];
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (given !== null) offers.at(-1)?.parameters.set(name.toLowerCase(), value);
    else {
      const named = take(scheme);
      // What is not of the grammar ends what can be read.
      if (named === null) break;
      offers.push({ scheme: (named[1] ?? "").toLowerCase(), parameters: new Map() });
    }
  }
  return offers;
}
