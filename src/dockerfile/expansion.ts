import { InputError } from "../errors.js";
import { type Budget, mostComparisons } from "./budget.js";
import { costOf, removePrefix, removeSuffix, replacePattern } from "./shell-pattern.js";

/** What variables stand for at one place of a Dockerfile. */
export interface Scope {
  variables: Pick<ReadonlyMap<string, string>, "get">;
  /** The character that the escape directive sets. */
  escapeChar: string;
  /** For messages: the line. */
  subject: string;
  /** What all words of the Dockerfile may take together. */
  budget: Budget;
}

/** Replaces variables, and takes off quotes and escapes (Dockerfile reference, "Environment replacement"). */
export function expandWord(word: string, scope: Scope): string {
  return new Expander(word, scope, true).run();
}

/** Replaces variables in a heredoc, where quotes are text and the escape character is a backslash. */
export function expandText(text: string, scope: Scope): string {
  return new Expander(text, { ...scope, escapeChar: "\\" }, false).run();
}

type Modifier = (value: string | undefined, word: string, name: string, refuse: Refusal) => string;
type Refusal = (expected: string) => never;

const modifiers: Readonly<Record<string, Modifier>> = {
  "-": (value, word) => value ?? word,
  ":-": (value, word) => value || word,
  "+": (value, word) => (value === undefined ? "" : word),
  ":+": (value, word) => (value ? word : ""),
  "?": (value, word, name, refuse) => value ?? refuse(word || `a value of ${name}`),
  ":?": (value, word, name, refuse) => value || refuse(word || `a value of ${name} that is not empty`),
  "#": (value = "", word) =>
    word.startsWith("#")
      ? removePrefix(value, word.slice(1), "longest")
      : removePrefix(value, word, "shortest"),
  "%": (value = "", word) =>
    word.startsWith("%")
      ? removeSuffix(value, word.slice(1), "longest")
      : removeSuffix(value, word, "shortest"),
};

// Dockerfiles as they are found stay far below each of them.
const bounds = {
  /** Characters that variables add to a word. */
  growth: 1 << 20,
  /** Variables inside of one another. */
  depth: 100,
};

/** Reads a word from left to right, after BuildKit's `shell.Lex`. */
class Expander {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(
    private readonly text: string,
    private readonly scope: Scope,
    private readonly quotes: boolean,
  ) {
    this.#chars = [...text];
  }

  run(): string {
    const { budget, subject } = this.scope;
    budget.take(this.text.length, subject, this.text);
    const result = this.#until(undefined, false);
    budget.take(result.length, subject, this.text);
    return result;
  }

  /** Everything up to `end`, which is consumed; a raw part keeps its escape characters. */
  #until(end: string | undefined, raw: boolean): string {
    let result = "";
    for (let char = this.#next(); char !== end; char = this.#next()) {
      if (char === undefined) return this.#refuse(`a ${end} that ends the variable`);
      if (char === "$") result = this.#join(result, this.#variable());
      else if (this.quotes && char === "'") result += this.#singleQuoted();
      else if (this.quotes && char === '"') result += this.#doubleQuoted(raw);
      else if (char === this.scope.escapeChar) result += (raw ? char : "") + (this.#next() ?? "");
      else result += char;
    }
    return result;
  }

  #singleQuoted(): string {
    let result = "";
    for (let char = this.#next(); char !== "'"; char = this.#next())
      result += char ?? this.#refuse("a ' that ends the quoted text");
    return result;
  }

  /** Only quotes, dollars and the escape character itself are escaped in here; elsewhere it stays. */
  #doubleQuoted(raw: boolean): string {
    let result = "";
    for (let char = this.#next(); char !== '"'; char = this.#next()) {
      if (char === undefined) return this.#refuse('a " that ends the quoted text');
      if (char === "$") result = this.#join(result, this.#variable());
      else if (char !== this.scope.escapeChar) result += char;
      else if ([`"`, "$", char].includes(this.#peek() ?? "")) result += (raw ? char : "") + this.#next();
      else if (this.#peek() !== undefined) result += char;
    }
    return result;
  }

  /** What follows a dollar sign: `name`, `{name}` or `{name` with a modifier. */
  #variable(): string {
    if (this.#peek() !== "{") {
      const name = this.#name();
      return name === "" ? "$" : (this.scope.variables.get(name) ?? "");
    }
    this.#next();
    if (["{", "}", ":", undefined].includes(this.#peek())) return this.#refuse("a name after ${");
    const name = this.#name();
    const value = this.scope.variables.get(name);
    const operator = this.#operator();
    if (operator === "}") return value ?? "";
    this.#depth += 1;
    if (this.#depth > bounds.depth)
      return this.#refuse(`at most ${bounds.depth} variables inside of one another`);
    const result = operator === "/" ? this.#replaced(value ?? "") : this.#modified(name, value, operator);
    this.#depth -= 1;
    return result;
  }

  #modified(name: string, value: string | undefined, operator: string): string {
    const modifier =
      modifiers[operator] ?? this.#refuse(`one of } ${Object.keys(modifiers).join(" ")} / after $\{${name}`);
    const isPattern = operator === "#" || operator === "%";
    const word = this.#until("}", isPattern);
    if (isPattern) this.#compare(value ?? "", word);
    return modifier(value, word, name, (expected) => this.#refuse(expected));
  }

  #operator(): string {
    const char = this.#next() ?? this.#refuse("a } that ends the variable");
    return char === ":" ? `:${this.#next() ?? ""}` : char;
  }

  /** `${name/pattern/text}` replaces the first match, `${name//pattern/text}` all. */
  #replaced(value: string): string {
    const all = this.#peek() === "/";
    if (all) this.#next();
    const pattern = this.#until("/", true);
    const replacement = this.#until("}", true);
    this.#compare(value, pattern);
    let result = "";
    for (const part of replacePattern(value, pattern, replacement, all)) result = this.#join(result, part);
    return result;
  }

  #join(text: string, added: string): string {
    if (text.length + added.length > this.text.length + bounds.growth)
      return this.#refuse(`variables that add at most ${bounds.growth} characters`);
    return text + added;
  }

  #compare(value: string, pattern: string): void {
    if (!this.scope.budget.compares(costOf(value, pattern)))
      this.#refuse(`patterns that take at most ${mostComparisons} comparisons with values in all stages`);
  }

  /** Letters, digits and `_`; a number and the shell's special parameters are names as well. */
  #name(): string {
    const first = this.#peek() ?? "";
    if (/^[@*#?$!-]$/.test(first)) return this.#next() ?? "";
    const part = /^\p{Nd}$/u.test(first) ? /^\p{Nd}$/u : /^[\p{L}\p{Nd}_]$/u;
    let name = "";
    for (let char = this.#peek(); char !== undefined && part.test(char); char = this.#peek()) {
      name += char;
      this.#at += 1;
    }
    return name;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string | undefined {
    const char = this.#chars[this.#at];
    this.#at += 1;
    return char;
  }

  #refuse(expected: string): never {
    throw new InputError({ subject: this.scope.subject, expected, given: this.text });
  }
}
