/** How much JSON is parsed: what it becomes takes many times the memory of its text, and deep nesting the stack. */
export interface JsonLimit {
  depth: number;
  /** Values altogether, those in others included. */
  values: number;
}

/** More than any settings, manifest or answer of an API has. */
export const jsonLimit: JsonLimit = { depth: 100, values: 100_000 };

/** JSON of a text; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON of a text from outside; undefined where it is none, or more than the limit. */
export function parseBounded(text: string, limit: JsonLimit): unknown {
  return limitPassedBy(text, limit) === undefined ? parseJson(text) : undefined;
}

/** What a parser found in place of JSON, with the line where it says which. */
export function faultOf(text: string, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const position = / at position (\d+).*/.exec(said);
  if (text.trim() === "") return "an empty file";
  if (position === null) return said;
  const number = text.slice(0, Number(position[1])).split("\n").length;
  return `line ${number}, ${text.split("\n")[number - 1]?.trim()}: ${said.slice(0, position.index)}`;
}

/** The limit that the JSON of a text is beyond, as what was expected; undefined where it is within. */
export function limitPassedBy(text: string, limit: JsonLimit = jsonLimit): string | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === ",") values += 1;
    else if (character === "[" || character === "{") {
      depth += 1;
      values += 1;
    } else if (character === "]" || character === "}") depth -= 1;
    if (depth > limit.depth) return `JSON nested at most ${limit.depth} deep`;
    if (values > limit.values) return `JSON of at most ${limit.values} values`;
  }
  return undefined;
}

/** A name that an object of a JSON text has twice: programs differ in which of its values they take. */
export function repeatedName(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "{" || character === "[") open.push(new Set());
    else if (character === "}" || character === "]") open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      const name = isName(text, end + 1) ? (JSON.parse(text.slice(at, end + 1)) as string) : undefined;
      if (name !== undefined && open.at(-1)?.has(name)) return name;
      if (name !== undefined) open.at(-1)?.add(name);
      at = end;
    }
  }
  return undefined;
}

/**
 * The same JSON, with what is of no form that a manifest has in the place of each number that is not written in digits
 * alone: `1.0` and `1e2` are no integers to Go, which reads what is published.
 */
export function withNumbersInDigits(text: string): string {
  const parts: string[] = [];
  const number = /\d+(?:[.eE][\d.eE+-]*)?/y;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') at = endOfString(text, at);
    number.lastIndex = at;
    const found = number.exec(text)?.[0] ?? "";
    const end = at + found.length;
    if (/[.eE]/.test(found)) {
      const from = text[at - 1] === "-" ? at - 1 : at;
      parts.push(text.slice(start, from), "[[]]");
      start = end;
    }
    at = Math.max(at, end - 1);
  }
  return start === 0 ? text : [...parts, text.slice(start)].join("");
}

/** The same JSON without comments, and without commas at the ends of lists: some write it with them. */
export function withoutComments(text: string): string {
  const parts: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const end = isLastComma(text, at) ? at + 1 : endOfComment(text, at);
    if (end > at) {
      parts.push(text.slice(start, at));
      start = end;
      at = end;
    } else at = text[at] === '"' ? endOfString(text, at) + 1 : at + 1;
  }
  return start === 0 ? text : [...parts, text.slice(start)].join("");
}

/** Whether a comma is here that nothing follows in its list. */
function isLastComma(text: string, at: number): boolean {
  if (text[at] !== ",") return false;
  let next = at + 1;
  while (next < text.length) {
    const end = " \t\n\r".includes(text[next] as string) ? next + 1 : endOfComment(text, next);
    if (end === next) break;
    next = end;
  }
  return text[next] === "]" || text[next] === "}";
}

/** Where the comment ends that begins here; here where none does. */
function endOfComment(text: string, start: number): number {
  if (text[start] !== "/") return start;
  const [close] = [
    ["//", "\n"],
    ["/*", "*/"],
  ].flatMap(([open = "", end = ""]) => (text.startsWith(open, start) ? [end] : []));
  if (close === undefined) return start;
  const end = text.indexOf(close, start + 2);
  return end < 0 ? text.length : end + close.length;
}

/** Whether what ends here is followed by a value of its own. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (at < text.length && " \t\n\r".includes(text[at] as string)) at += 1;
  return text[at] === ":";
}

/** Where the string ends that begins at a quotation mark. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
