import type { Response } from "undici";
import { RegistryError } from "../errors.js";
import { httpUrl } from "./http-url.js";
import { nextLink } from "./link.js";
import { isDigest } from "./reference.js";

/** What of an answer says where to go on. */
interface Signpost {
  headers: { get(name: string): string | null };
  /** Where it came from, redirects followed. */
  url: string;
}

/** Media type of the body, without parameters. */
export function mediaTypeOf(response: Response): string {
  return (response.headers.get("content-type") ?? "").replace(/;.*$/, "").trim();
}

/** The digest that the registry says the body has; undefined where it gives none of the kind that Slipway reads. */
export function digestIn(response: Response): string | undefined {
  const digest = response.headers.get("docker-content-digest");
  return digest !== null && isDigest(digest) ? digest : undefined;
}

/**
 * Where a list continues: `Link` with rel="next" (RFC 8288), against the URL that answered. It has to be where the
 * list was asked for: that is what the credentials are for, and whose list it is.
 */
export function nextPage({ headers, url }: Signpost, home: URL, subject: string): URL | undefined {
  const link = nextLink(headers.get("link") ?? "");
  if (link === undefined) return undefined;
  // What cannot be read may be the way to the rest: a list is not at its end because of it.
  if (link === "malformed")
    throw new RegistryError(
      `${subject}: its Link header is not of RFC 8288, so where the list goes on is unknown.`,
      {
        failure: "invalid",
      },
    );
  const next = givenUrl(link, url, `${subject}: the link to its next page`);
  if (next.origin === home.origin) return next;
  throw new RegistryError(
    `${subject}: its next page is at ${next.origin} and not at ${home.origin}, and is not asked for.`,
    { failure: "invalid" },
  );
}

/** A URL that an answer gives; `subject` is what messages call it. What it holds may be signed and is not shown. */
export function givenUrl(text: string, base: string, subject: string): URL {
  const url = httpUrl(text, base);
  if (url !== undefined) return url;
  throw new RegistryError(`${subject} is no URL of HTTP without user name and password.`, {
    failure: "invalid",
  });
}
