/** A name with its value, as ENV, LABEL and ARG take them; quotes and variables are still in it. */
export interface Assignment {
  name: string;
  /** Absent where there is no `=`, which only ARG allows. */
  value?: string;
}

interface Word {
  text: string;
  /** Whether it had quotes, so that it counts even where it is empty. */
  quoted: boolean;
}

/**
 * Takes the leading words that start with `--` off the rest of a line (BuildKit: parser, extractBuilderFlags).
 * Quotes and escapes in them are resolved; a word `--` ends them.
 */
export function splitFlags(rest: string, escapeChar: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let remaining = rest.trimStart();
  while (remaining.startsWith("--")) {
    const length = wordLength(remaining, escapeChar);
    const flag = unquote(remaining.slice(0, length), escapeChar);
    remaining = remaining.slice(length).trimStart();
    if (flag === "--") break;
    flags.push(flag);
  }
  return { flags, rest: remaining.trim() };
}

/** Words between blanks, which quotes hold together; quotes and escapes stay (BuildKit: parser, parseWords). */
export function splitQuoted(rest: string, escapeChar: string): string[] {
  const words: Word[] = [];
  for (let remaining = rest.trimStart(); remaining !== ""; ) {
    const length = wordLength(remaining, escapeChar);
    const text = remaining.slice(0, length);
    // An escape character at the very end escapes nothing.
    const dangling = length === remaining.length && endsInEscape(text, escapeChar);
    words.push({ text: dangling ? text.slice(0, -1) : text, quoted: /["']/.test(text) });
    remaining = remaining.slice(length).trimStart();
  }
  return words.filter(({ text, quoted }) => quoted || text !== "").map(({ text }) => text);
}

/** Words between blanks, whatever is in them. */
export function splitBlank(rest: string): string[] {
  return rest.split(/[\t\v\f\r ]+/).filter((word) => word !== "");
}

/** The strings of a JSON array; undefined where the text is none, and so means a command for the shell. */
export function parseList(rest: string): string[] | "not strings" | undefined {
  if (!rest.trimStart().startsWith("[")) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.every((item) => typeof item === "string") ? list : "not strings";
}

/**
 * Assignments of ENV and LABEL: `name=value …`, or the old form `name value`, where the value is all that
 * follows. Undefined where they are neither.
 */
export function parseAssignments(
  rest: string,
  escapeChar: string,
): (Assignment & { value: string })[] | undefined {
  const words = splitQuoted(rest, escapeChar);
  if (words[0] === undefined) return undefined;
  if (!words[0].includes("=")) {
    const [, name, value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(rest) ?? [];
    return name === undefined || value === undefined ? undefined : [{ name, value }];
  }
  const assignments = words.map(parseAssignment);
  return assignments.every((assignment) => isAssigned(assignment)) ? assignments : undefined;
}

/** Declarations of ARG: `name` or `name=value`, as many as there are. */
export function parseDeclarations(rest: string, escapeChar: string): Assignment[] | undefined {
  const declarations = splitQuoted(rest, escapeChar).map(parseAssignment);
  return declarations.length === 0 || declarations.some(({ name }) => name === "") ? undefined : declarations;
}

/** A variable as an image configuration holds it, `NAME=value`. */
export function splitVariable(variable: string): [name: string, value: string] {
  const { name, value = "" } = parseAssignment(variable);
  return [name, value];
}

function parseAssignment(word: string): Assignment {
  const equals = word.indexOf("=");
  return equals === -1 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}

function isAssigned(assignment: Assignment): assignment is Assignment & { value: string } {
  return assignment.name !== "" && assignment.value !== undefined;
}

/** Length of the word that the text starts with: up to a blank outside of quotes that is not escaped. */
function wordLength(text: string, escapeChar: string): number {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === escapeChar && quote !== "'") at += 1;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (/\s/.test(char)) return at;
  }
  return text.length;
}

function endsInEscape(text: string, escapeChar: string): boolean {
  const run = [...text].reverse().findIndex((char) => char !== escapeChar);
  return (run === -1 ? text.length : run) % 2 === 1;
}

function unquote(word: string, escapeChar: string): string {
  let quote = "";
  let text = "";
  for (let at = 0; at < word.length; at += 1) {
    const char = word.charAt(at);
    if (char === escapeChar) {
      at += 1;
      text += word.charAt(at);
    } else if (quote !== "" ? char === quote : char === '"' || char === "'") {
      quote = quote === "" ? char : "";
    } else text += char;
  }
  return text;
}
