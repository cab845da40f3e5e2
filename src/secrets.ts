import { type Reading, readingsOf } from "./readings.js";

/** A part of a text, from one index to before another. */
type Span = readonly [from: number, to: number];

/** What stands where a secret was: a word that markdown, JSON and the value of a variable hold as it is. */
const mask = "REDACTED";

// Shorter ones are in every text.
const shortest = 4;
// Below this a secret may be a part of a word, as `test` is of `latest`: it counts as a word of its own only.
const shortestPart = 8;
// Whoever issues a token chooses it, and could choose a word of the report.
const shortestToken = 16;

/** What shows a secret of this process, which serves one call; in lower case, which URLs make of hosts. */
const forms = new Set<string>();

/** Remembers a secret, so that no text leaves the process with it. */
export function keepSecret(secret: string): void {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= shortestPart);
  const spellings = [secret, secret.replace(/\s+/g, " ").trim(), secret.replaceAll(" ", "+"), ...lines];
  // What looks encoded in the secret itself is resolved in a text together with what the text encodes.
  const resolved = readingsOf(secret).map(({ text }) => text);
  for (const form of [...resolved, ...spellings.flatMap(formsOf)])
    if (form.length >= shortest) forms.add(lowerCase(form));
}

/** Remembers a token that a service issued. */
export function keepToken(token: string): void {
  if (token.length >= shortestToken) keepSecret(token);
}

/** Remembers the password of an account, which is sent together with the name. */
export function keepPassword(username: string, password: string): void {
  keepSecret(password);
  if (password !== "") keepSecret(`${username}:${password}`);
}

/** The text of a secret, less the line end that files have; it is remembered. */
export async function reveal(secret: { plaintext(): Promise<string> }): Promise<string> {
  const text = (await secret.plaintext()).trim();
  keepSecret(text);
  return text;
}

/** Replaces every secret of this process in a text, in whatever way it is written there. */
export function redact(text: string): string {
  if (forms.size === 0) return text;
  const spans = readingsOf(text)
    .flatMap(spansIn)
    .toSorted(([a], [b]) => a - b);
  let redacted = "";
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= end) redacted += text.slice(end, from) + mask;
    end = Math.max(end, to);
  }
  return redacted + text.slice(end);
}

/** The same for every text in a value of JSON. Names of fields stay: they are Slipway's own. */
export function redactAll<T>(value: T): T;
export function redactAll(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactAll(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [isField(name) ? name : redact(name), redactAll(held)]),
  );
}

function isField(name: string): boolean {
  return /^[A-Za-z]\w*$/.test(name);
}

/** As it is, in hexadecimal, and in both alphabets of base64, also where other bytes stand before it. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    // What other bytes around it have a part in is left out.
    const own = (encoded: string) =>
      encoded.slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
    return (["base64", "base64url"] as const).map((alphabet) => own(all.toString(alphabet)));
  });
  return [
    text,
    bytes.toString("hex"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    ...base64,
  ];
}

function spansIn({ text, at }: Reading): Span[] {
  const searched = lowerCase(text);
  const spans: Span[] = [];
  for (const form of forms)
    for (let from = searched.indexOf(form); from >= 0; from = searched.indexOf(form, from + 1)) {
      const to = from + form.length;
      if (form.length >= shortestPart || !isPartOfWord(searched, from, to)) spans.push([at(from), at(to)]);
    }
  return spans;
}

function isPartOfWord(text: string, from: number, to: number): boolean {
  const isLetter = (char = "") => /[0-9a-z]/.test(char);
  return isLetter(text[from - 1]) || isLetter(text[to]);
}

/** Of ASCII only, so that every character keeps its place. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
