/** A text as somebody reads it who resolves what is encoded in it. */
export interface Reading {
  text: string;
  /** Where in the original the character at an index begins, and where it ends that stands before it. */
  at: (index: number) => number;
}

// One character each: of JSON and JavaScript, of shells and markdown, of URLs in UTF-8, of HTML.
const encoded = new RegExp(
  [
    String.raw`\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|[nrtbf]|[^0-9a-z\s])`,
    "%[0-7][0-9a-f]",
    "%[cd][0-9a-f]%[89ab][0-9a-f]",
    "%e[0-9a-f](?:%[89ab][0-9a-f]){2}",
    "%f[0-7](?:%[89ab][0-9a-f]){3}",
    "&#(?:[0-9]{1,7}|x[0-9a-f]{1,6});",
    "&(?:quot|apos|amp|lt|gt);",
  ].join("|"),
  "gi",
);

const named: Readonly<Record<string, string>> = {
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
  "\\b": "\b",
  "\\f": "\f",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
};

// A secret that looks encoded itself, in JSON, quoted in JSON, in a URL, in markdown.
const deepest = 6;

/** The text as it is, and as it reads with one layer of encodings after the other resolved. */
export function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [{ text, at: (index) => index }];
  for (let last = readings[0]; last !== undefined && readings.length <= deepest; ) {
    last = resolve(last);
    if (last !== undefined) readings.push(last);
  }
  return readings;
}

/** One layer resolved; undefined where nothing is encoded. */
function resolve({ text, at }: Reading): Reading | undefined {
  const starts: number[] = [];
  let resolved = "";
  let end = 0;
  const append = (part: string, startOf: (index: number) => number) => {
    for (let index = 0; index < part.length; index += 1) starts.push(startOf(index));
    resolved += part;
  };
  const keepUntil = (next: number) => {
    const from = end;
    append(text.slice(from, next), (index) => at(from + index));
  };
  for (const { 0: escaped, index } of text.matchAll(encoded)) {
    keepUntil(index);
    append(meaningOf(escaped), () => at(index));
    end = index + escaped.length;
  }
  if (end === 0) return undefined;
  keepUntil(text.length);
  starts.push(at(text.length));
  return { text: resolved, at: (index) => starts[index] ?? at(text.length) };
}

function meaningOf(escaped: string): string {
  if (escaped.startsWith("%")) return Buffer.from(escaped.replaceAll("%", ""), "hex").toString("utf8");
  const [, hex, decimal] = /^(?:(?:\\[ux]\{?|&#x)([0-9a-f]+)|&#([0-9]+))/i.exec(escaped) ?? [];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (!Number.isNaN(code)) return String.fromCodePoint(Math.min(code, 0x10ffff));
  return named[escaped.toLowerCase()] ?? escaped.slice(1);
}
