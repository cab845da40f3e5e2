import { httpUrl } from "./http-url.js";

/** How a registry wants to be asked. */
export type Challenge = { scheme: "basic" } | BearerChallenge;

/** By a token of this service. */
export interface BearerChallenge {
  scheme: "bearer";
  /** URL of the service. */
  realm: string;
  service?: string;
}

/** Parses `WWW-Authenticate` (RFC 9110 section 11.6.1), as far as registries use it. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null) return undefined;
  if (/^basic\b/i.test(header)) return { scheme: "basic" };
  if (!/^bearer\b/i.test(header)) return undefined;
  const parameters = new Map(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name.toLowerCase(), value]),
  );
  const realm = parameters.get("realm");
  const service = parameters.get("service");
  if (realm === undefined || httpUrl(realm) === undefined) return undefined;
  return { scheme: "bearer", realm, ...(service === undefined ? {} : { service }) };
}
