import { htmlNames } from "./html-names.js";

/** A text as somebody reads it who resolves what is encoded in it. */
export interface Reading {
  text: string;
  /** Where in the original the character at an index begins. */
  beginOf: (index: number) => number;
  /** Where in the original the character at an index ends. */
  endOf: (index: number) => number;
}

const named: Readonly<Record<string, string>> = {
  "\\n": "\n",
  "\\r": "\r",
  "\\t": "\t",
  "\\b": "\b",
  "\\f": "\f",
  "@&#8203;": "@",
};

// One character each: of JSON and JavaScript, of shells and markdown, of URLs in UTF-8, of HTML.
const encoded = new RegExp(
  [
    String.raw`\\(?:u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|[nrtbf]|[^0-9a-z\s])`,
    "%[0-7][0-9a-f]",
    "%[cd][0-9a-f]%[89ab][0-9a-f]",
    "%e[0-9a-f](?:%[89ab][0-9a-f]){2}",
    "%f[0-7](?:%[89ab][0-9a-f]){3}",
    "&#(?:0*[0-9]{1,7}|x0*[0-9a-f]{1,6});?",
    `&(?:${Object.keys(htmlNames).join("|")});`,
    // Those of old, which browsers read without a semicolon as well.
    "&(?:quot|amp|lt|gt)",
    "@&#8203;",
  ].join("|"),
  "gi",
);

// All but letters and digits, and the prefix of a byte in hexadecimal.
const marks = /\b0x(?=[0-9a-f]{2}\b)|[^0-9a-z]+/gi;

// A secret that looks encoded itself, in JSON, quoted in JSON, in a URL, in markdown.
const deepest = 6;

/** The text as it is, and as it reads with one layer of encodings after the other resolved. */
export function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [{ text, beginOf: (index) => index, endOf: (index) => index + 1 }];
  for (let last = readings[0]; last !== undefined && readings.length <= deepest; ) {
    last = replaceIn(last, encoded, meaningOf);
    if (last !== undefined) readings.push(last);
  }
  return readings;
}

/** The letters and digits of a reading: what stays of it however it is broken, spaced and punctuated. */
export function bareReading(reading: Reading): Reading {
  return replaceIn(reading, marks, () => "") ?? reading;
}

/** The same of a text. */
export function bare(text: string): string {
  return text.replace(marks, "");
}

/** Undefined where there is nothing to replace. */
function replaceIn(
  { text, beginOf, endOf }: Reading,
  pattern: RegExp,
  meaning: (match: string) => string,
): Reading | undefined {
  const begins: number[] = [];
  const ends: number[] = [];
  let replaced = "";
  let end = 0;
  const keepUntil = (next: number) => {
    for (let index = end; index < next; index += 1) {
      begins.push(beginOf(index));
      ends.push(endOf(index));
    }
    replaced += text.slice(end, next);
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    keepUntil(index);
    end = index + match.length;
    const meant = meaning(match);
    for (let unit = 0; unit < meant.length; unit += 1) {
      begins.push(beginOf(index));
      ends.push(endOf(end - 1));
    }
    replaced += meant;
  }
  if (end === 0) return undefined;
  keepUntil(text.length);
  return { text: replaced, beginOf: (index) => begins[index] ?? 0, endOf: (index) => ends[index] ?? 0 };
}

function meaningOf(escaped: string): string {
  if (escaped.startsWith("%")) return Buffer.from(escaped.replaceAll("%", ""), "hex").toString("utf8");
  const [, hex, decimal] = /^(?:(?:\\[ux]\{?|&#x)([0-9a-f]+)|&#([0-9]+))/i.exec(escaped) ?? [];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (!Number.isNaN(code)) return String.fromCodePoint(Math.min(code, 0x10ffff));
  const name = escaped.toLowerCase();
  return named[name] ?? htmlNames[name.replace(/^&|;$/g, "")] ?? escaped.slice(1);
}
