import { parseJson } from "./json.js";

/** Whom a URL names, and where that ends in its text. */
interface Authority {
  authority: string;
  end: number;
  overSsh: boolean;
}

/**
 * Whether a text has a URL with a password. One that is written as it is may hold `/`, `?` and `#` as well: then what
 * stands in the place of a port is none, and an `@` follows. Of `https://me:80/a@b` nobody can tell, and it is taken for
 * a path.
 */
export function holdsUrlPassword(text: string): boolean {
  return partsOf(text)
    .flatMap(readingsOf)
    .flatMap((reading) => [reading, asParsed(reading)])
    .some((reading) => reading.split(/\s+/).some(isWithPassword));
}

/** Whether a text has a URL with a user, as the token of a proxy may be one. */
export function holdsUrlUser(text: string): boolean {
  return [text, asParsed(text)].some((reading) => /:\/\/[^/?#\s"]*@/.test(reading));
}

/**
 * A text as parsers of URLs take it (WHATWG): tabs and line breaks are not there, and what users or passwords are for may
 * begin with any number of slashes, of either kind. A line that ends with a port is one of several.
 */
function asParsed(text: string): string {
  return text.replace(/(?<!:\d+)[\t\r\n]+/g, "").replace(/(https?|wss?|ftp):[/\\]*/gi, "$1://");
}

/** The strings of JSON, each for itself: what stands between them belongs to no URL. */
function partsOf(text: string): string[] {
  if (parseJson(text) === undefined) return [text];
  return [...text.matchAll(/"([^"\\]*(?:\\.[^"\\]*)*)"/g)].map(([, string = ""]) => string);
}

// Those that make a part of one URL another, and of JSON what may stand in one.
const escapes: Readonly<Record<string, string>> = {
  "%25": "%",
  "%3a": ":",
  "%2f": "/",
  "%40": "@",
  "\\/": "/",
  "\\t": "\t",
  "\\n": "\n",
  "\\r": "\r",
};

// More than anybody escapes what is escaped.
const mostReadings = 5;

/** A text as it is written, and as those read it who undo its escapes, of JSON and of URLs, once or several times. */
function readingsOf(text: string): string[] {
  const readings = [text];
  for (
    let reading = withoutEscapes(text);
    readings.length < mostReadings;
    reading = withoutEscapes(reading)
  ) {
    if (reading === readings.at(-1)) break;
    readings.push(reading);
  }
  return readings;
}

function withoutEscapes(text: string): string {
  return text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/%(?:25|3a|2f|40)|\\[/tnr]/gi, (written) => escapes[written.toLowerCase()] ?? written);
}

function isWithPassword(word: string): boolean {
  const isPlain = authoritiesIn(word).some(({ authority }) => {
    const colon = authority.indexOf(":");
    return colon !== -1 && colon < lastAt(authority);
  });
  return isPlain || word.split(/["<>`]/).some(isWithOddPassword);
}

function isWithOddPassword(word: string): boolean {
  const at = lastAt(word);
  return authoritiesIn(word).some((found) => at > found.end && !isHost(found));
}

/** A host with or without a port, for which there may be a placeholder; what follows a user may be a path, as in Git. */
function isHost({ authority, overSsh }: Authority): boolean {
  const [before = "", after] = authority.replace(/^\[[^\]]*\]/, "").split(/:(.*)/s);
  return after === undefined || (overSsh && before.includes("@")) || /^(?:\d+|\$?\{\w+\})$/.test(after);
}

/**
 * What follows `://`, up to where a path, a query or a fragment begins, or after a comma another URL: each ends before the
 * next, so all take one walk.
 */
function authoritiesIn(word: string): Authority[] {
  return [...word.matchAll(/:\/\/(?=([^/?#]*))/g)].map(({ index, 1: found = "" }) => {
    const start = index + 3;
    const isNext = word.startsWith("//", start + found.length);
    const authority = isNext ? found.replace(/,[a-z][a-z\d+.-]*:$/i, "") : found;
    const overSsh = word.slice(Math.max(index - 3, 0), index).toLowerCase() === "ssh";
    return { authority, end: start + authority.length, overSsh };
  });
}

/** Where the last `@` stands that begins no digest; -1 where there is none. */
function lastAt(text: string): number {
  let at = text.lastIndexOf("@");
  while (at > 0 && text.startsWith("sha256:", at + 1)) at = text.lastIndexOf("@", at - 1);
  return at;
}
