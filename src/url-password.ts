/**
 * Whether a text has a URL with a password. One that is written as it is may hold `/`, `?` and `#` as well: then what
 * stands in the place of a port is none, and an `@` follows. Of `https://me:80/a@b` nobody can tell, and it is taken for
 * a path.
 */
export function holdsUrlPassword(text: string): boolean {
  return [text, withoutEscapes(text)].some((reading) => reading.split(/\s+/).some(isWithPassword));
}

// Those that make a part of one URL another.
const escapes: Readonly<Record<string, string>> = { "%3a": ":", "%2f": "/", "%40": "@" };

function withoutEscapes(text: string): string {
  return text.replace(/%(?:3a|2f|40)/gi, (written) => escapes[written.toLowerCase()] ?? written);
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
  return authoritiesIn(word).some(({ authority, end }) => at > end && !isHost(authority));
}

/** A host with or without a port, for which there may be a placeholder; what follows a user may be a path, as in Git. */
function isHost(text: string): boolean {
  const [before = "", after] = text.replace(/^\[[^\]]*\]/, "").split(/:(.*)/s);
  return after === undefined || before.includes("@") || /^(?:\d+|\$?\{\w+\})$/.test(after);
}

/** What follows `://`, up to where a path, a query or a fragment begins: each ends before the next, so all take one walk. */
function authoritiesIn(word: string): { authority: string; end: number }[] {
  return [...word.matchAll(/:\/\/(?=([^/?#]*))/g)].map(({ index, 1: authority = "" }) => ({
    authority,
    end: index + 3 + authority.length,
  }));
}

/** Where the last `@` stands that begins no digest; -1 where there is none. */
function lastAt(text: string): number {
  let at = text.lastIndexOf("@");
  while (at > 0 && text.startsWith("sha256:", at + 1)) at = text.lastIndexOf("@", at - 1);
  return at;
}
