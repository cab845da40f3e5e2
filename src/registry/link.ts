/** A link of a `Link` header (RFC 8288 section 3). */
interface Link {
  target: string;
  /** Relation types, in lower case. */
  relations: readonly string[];
}

// A target in angle brackets, as the grammar has it, or bare, as some write it; then parameters, quoted or not.
const parameter = /\s*;\s*([^\s=;,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?/y;
const target = /\s*(?:<([^<>]+)>|([^\s<>;,"]+))/y;
const separator = /\s*(?:,|$)/y;

/** What a header links to as the next page: nothing, one target, or `"malformed"` where that cannot be told. */
export function nextLink(header: string): string | undefined | "malformed" {
  const links = parseLinks(header);
  if (links === undefined || links.some(({ relations }) => relations.length === 0)) return "malformed";
  return links.find(({ relations }) => relations.includes("next"))?.target;
}

/** The links of a header; undefined where it is not of the grammar. */
function parseLinks(header: string): Link[] | undefined {
  const links: Link[] = [];
  for (let at = 0; at < header.length; ) {
    const start = matchAt(target, header, at);
    if (start === undefined) return undefined;
    at += start[0].length;
    const relations: string[] = [];
    for (let found = matchAt(parameter, header, at); found; found = matchAt(parameter, header, at)) {
      at += found[0].length;
      // Only the first of several counts.
      if (found[1]?.toLowerCase() === "rel" && relations.length === 0)
        relations.push(
          ...unquoted(found[2] ?? "")
            .toLowerCase()
            .split(/\s+/)
            .filter(Boolean),
        );
    }
    const end = matchAt(separator, header, at);
    if (end === undefined) return undefined;
    at += end[0].length;
    links.push({ target: start[1] ?? start[2] ?? "", relations });
  }
  return links;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value.replace(/^'(.*)'$/, "$1");
}
