import { bare, bareReading, type Reading, readingsOf } from "./readings.js";

/** A part of a text, from one index to before another. */
type Span = readonly [from: number, to: number];

/** What stands where a secret was: a word that markdown, JSON and the value of a variable hold as it is. */
const mask = "REDACTED";

// Shorter ones are in every text.
const shortest = 4;
// Below this a secret may be a part of a word, as `test` is of `latest`: it counts as a word of its own only.
const shortestPart = 8;
// Letters and digits in a row, whatever stands between them: fewer could be those of several words.
const shortestBare = 12;
// Whoever issues a token chooses it, and could choose a word of the report.
const shortestToken = 16;

/**
 * What shows a secret of this process, which serves one call: as it is written, and its letters and digits alone. In
 * lower case, which URLs make of hosts.
 */
const forms = { written: new Set<string>(), bare: new Set<string>() };

// Characters that one of a secret takes where it is encoded, and that again.
const widest = 12;

/** Remembers a secret, so that no text leaves the process with it. */
export function keepSecret(secret: string): void {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= shortestPart);
  const spellings = [secret, secret.replace(/\s+/g, " ").trim(), secret.replaceAll(" ", "+"), ...lines];
  // What looks encoded in the secret itself is resolved in a text together with what the text encodes.
  const resolved = readingsOf(secret).map(({ text }) => text);
  const written = [...resolved, ...spellings.flatMap(formsOf)].filter((form) => form.length >= shortest);
  for (const form of [...written, ...bareFormsOf(secret)].map(bare))
    if (form.length >= shortestBare) forms.bare.add(lowerCase(form));
  for (const form of written.map(lowerCase)) if (!forms.bare.has(form)) forms.written.add(form);
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
  return redactUntil(text, text.length);
}

/**
 * The same of the beginning of a text, of which no more than `most` characters are looked at. What was cut off may be
 * the end of a secret, which is not known by its beginning: as much as the longest takes is left out before the cut.
 */
export function redactBeginning(text: string, most: number, isCut = text.length > most): string {
  const longest = Math.max(0, ...[...forms.written, ...forms.bare].map(({ length }) => length));
  const end = Math.min(text.length, most);
  return redactUntil(text.slice(0, end), isCut ? Math.max(end - longest * widest, 0) : end);
}

function redactUntil(text: string, until: number): string {
  if (forms.written.size + forms.bare.size === 0) return text.slice(0, until);
  const spans = readingsOf(text)
    .flatMap((reading) => [...spansIn(reading, forms.written), ...spansIn(bareReading(reading), forms.bare)])
    .toSorted(([a], [b]) => a - b);
  let redacted = "";
  let end = 0;
  for (const [from, to] of spans) {
    if (from >= until) break;
    if (from >= end) redacted += text.slice(end, from) + mask;
    end = Math.max(end, to);
  }
  return redacted + text.slice(end, until);
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

function formsOf(text: string): string[] {
  return [text, ...encodedFormsOf(text)];
}

/** In hexadecimal, and in base64. */
function encodedFormsOf(text: string): string[] {
  return [Buffer.from(text).toString("hex"), ...base64FormsOf(text)];
}

/** What is long enough to be found by letters and digits only: bytes as decimal numbers, and what is encoded twice. */
function bareFormsOf(text: string): string[] {
  const bytes = [...Buffer.from(text)].map(String);
  const padded = bytes.map((byte) => byte.padStart(3, "0"));
  const once = encodedFormsOf(text);
  const inCapitals = Buffer.from(text).toString("hex").toUpperCase();
  return [bytes.join(""), padded.join(""), ...[...once, inCapitals].flatMap(encodedFormsOf)];
}

/** In both alphabets, also where other bytes stand before it. */
function base64FormsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const behind = [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    // What other bytes around it have a part in is left out.
    const own = (encoded: string) =>
      encoded.slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
    return (["base64", "base64url"] as const).map((alphabet) => own(all.toString(alphabet)));
  });
  return [bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url"), ...behind];
}

function spansIn(reading: Reading, forms: ReadonlySet<string>): Span[] {
  const text = lowerCase(reading.text);
  return [...forms]
    .flatMap((form) => occurrencesOf(form, text))
    .map(([from, to]) => [reading.beginOf(from), reading.endOf(to - 1)] as const);
}

function occurrencesOf(form: string, text: string): Span[] {
  const isShort = form.length < shortestPart;
  const found: Span[] = [];
  for (let from = text.indexOf(form); from >= 0; ) {
    const to = isShort ? from + form.length : endOfRun(form, text, from);
    if (!isShort || !isPartOfWord(text, from, to)) found.push([from, to]);
    from = text.indexOf(form, to - form.length + 1);
  }
  return found;
}

/** A form that repeats itself overlaps itself in even steps: to compare all of it at each would be quadratic. */
function endOfRun(form: string, text: string, from: number): number {
  let end = from + form.length;
  const step = text.slice(from + 1, end + form.length - 1).indexOf(form) + 1;
  if (step === 0) return end;
  for (const repeated = form.slice(-step); text.startsWith(repeated, end); ) end += step;
  return end;
}

function isPartOfWord(text: string, from: number, to: number): boolean {
  const isLetter = (char = "") => /[0-9a-z]/.test(char);
  return isLetter(text[from - 1]) || isLetter(text[to]);
}

/** Of ASCII only, so that every character keeps its place. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
