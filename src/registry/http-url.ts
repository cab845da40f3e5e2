/** A URL that can be asked: of HTTP, and without a user name and a password, which `fetch` refuses. */
export function httpUrl(text: string, base?: string): URL | undefined {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === ""
    ? url
    : undefined;
}
