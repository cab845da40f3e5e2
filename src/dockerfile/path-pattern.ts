/** A part of a pattern. Patterns match paths without a leading slash, whole. */
type Token =
  | { kind: "char"; char: string }
  /** The start of the path, where no character is: `^` to moby/patternmatcher, which makes a regular expression. */
  | { kind: "start" }
  /** `?`: one character that is no slash. */
  | { kind: "one" }
  /** `*`: characters without a slash. */
  | { kind: "many" }
  /** `[a-z]` and `[^a-z]`: one character, which may be a slash, as in Go. */
  | { kind: "class"; negated: boolean; ranges: readonly (readonly [string, string])[] }
  /** A double star before a name: directories, or none. */
  | { kind: "directories" }
  /** A double star elsewhere: anything. */
  | { kind: "anything" };

/** `|` and `{`, which moby/patternmatcher means to escape in that expression, and does not. */
interface Operator {
  kind: "operator";
  char: "|" | "{";
}

/** A token that is one character. */
type SingleToken = Extract<Token, { kind: "char" | "one" | "class" }>;

/** A compiled pattern. */
export interface PathPattern {
  matches(path: string): boolean;
  /** What the comparison takes, in tokens. */
  effort(path: string): number;
}

/** Compiles a pattern of Go's filepath.Match; undefined where it is malformed. */
export function parsePattern(text: string): PathPattern | undefined {
  const tokens = readTokens([...text], false);
  return tokens && compile(tokens.map(withoutOperator));
}

/**
 * Compiles a pattern of moby/patternmatcher, which adds the double star; undefined where it is malformed, or means something
 * else in the regular expression that is made of it.
 */
export function parseIgnorePattern(text: string): PathPattern | undefined {
  const tokens = readTokens([...text], true);
  if (tokens === undefined) return undefined;
  if (isCompared(text)) return compile(tokens.map(literally));
  return tokens.some((_, at) => isRepetition(tokens, at)) ? undefined : compileAlternatives(tokens);
}

/** Only the start of the first alternative is that of the path, and only the end of the last one its end. */
function compileAlternatives(tokens: readonly (Token | Operator)[]): PathPattern {
  const bars = [...tokens.keys()].filter((at) => isOperator(tokens[at], "|"));
  const patterns = [...bars, tokens.length].map((end, at) =>
    compile([
      ...(at === 0 ? [] : [anything]),
      ...tokens.slice((bars[at - 1] ?? -1) + 1, end).map(withoutOperator),
      ...(at === bars.length ? [] : [anything]),
    ]),
  );
  return {
    matches: (path) => patterns.some((pattern) => pattern.matches(path)),
    effort: (path) => patterns.reduce((sum, pattern) => sum + pattern.effort(path), 0),
  };
}

const anything: Token = { kind: "anything" };

function isOperator(token: Token | Operator | undefined, char: Operator["char"]): boolean {
  return token?.kind === "operator" && token.char === char;
}

/** Whether a brace begins a number of repetitions, as in `{2}` or `{1,3}`: no other means anything. */
function isRepetition(tokens: readonly (Token | Operator)[], brace: number): boolean {
  if (!isOperator(tokens[brace], "{")) return false;
  const charAt = (at: number) => (tokens[at]?.kind === "char" ? tokens[at].char : "");
  let end = brace + 1;
  while (/^[\d,]$/.test(charAt(end))) end += 1;
  const between = Array.from({ length: end - brace - 1 }, (_, at) => charAt(brace + 1 + at)).join("");
  return charAt(end) === "}" && /^\d+(?:,\d*)?$/.test(between);
}

/** Whether it compares a pattern with the beginning, the end or all of a path instead. */
function isCompared(text: string): boolean {
  return !/[*?[\]\\]/.test(text.replace(/^\*\*\/?|\*\*$/, ""));
}

function literally(token: Token | Operator): Token {
  return token.kind === "start" ? { kind: "char", char: "^" } : withoutOperator(token);
}

function withoutOperator(token: Token | Operator): Token {
  return token.kind === "operator" ? { kind: "char", char: token.char } : token;
}

/** Whether a path holds characters that filepath.Match gives a meaning to. */
export function isPattern(path: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(path);
}

function compile(tokens: readonly Token[]): PathPattern {
  const runs = literalRuns(tokens);
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return { matches: (path) => path === only, effort: () => 0 };
  const mayMatch = filterOf(runs);
  // Each class is compared with all characters of a path.
  const classes = tokens.filter(({ kind }) => kind === "class").length;
  const effortOf = (length: number) => tokens.length * (1 + length / 512) + (classes * length) / 16 + 5;
  return {
    matches: (path) => mayMatch(path) && matchesAll(tokens, [...path]),
    effort: (path) => (mayMatch(path) ? effortOf(path.length) : 0),
  };
}

/** The characters before, between and after what is no character. */
function literalRuns(tokens: readonly Token[]): string[] {
  const runs = [""];
  for (const token of tokens) {
    if (token.kind === "char") runs.push(runs.pop() + token.char);
    else runs.push("");
  }
  return runs;
}

/** Whether a path can match at all: what few do is told from the characters that a pattern begins and ends with. */
function filterOf(runs: readonly string[]): (path: string) => boolean {
  const [start = ""] = runs;
  const end = runs.at(-1) ?? "";
  const longest = runs.reduce((known, run) => (run.length > known.length ? run : known));
  return (path) => path.endsWith(end) && path.startsWith(start) && path.includes(longest);
}

/** Places of a path, a bit for each: the one before its first character is the lowest. */
type Places = bigint;

/** Token by token, for all ways to share the path among stars at once. */
function matchesAll(tokens: readonly Token[], chars: readonly string[]): boolean {
  const before = placesIn(chars);
  let reached: Places = 1n;
  for (const token of tokens) {
    if (reached === 0n) return false;
    reached = step(token, reached, before, chars.length);
  }
  return reached >> BigInt(chars.length) === 1n;
}

/** The places of a path that a token leads to from others; `before` knows those before a character that fits. */
function step(token: Token, from: Places, before: (token: SingleToken) => Places, length: number): Places {
  const { kind } = token;
  if (kind === "char" || kind === "one" || kind === "class") return (from & before(token)) << 1n;
  if (kind === "start") return from & 1n;
  if (kind === "many") {
    // The sum carries each place through the name that it is in, up to the next slash.
    const names = before({ kind: "one" });
    return (((from & names) + names) ^ names) | from;
  }
  const onwards = (1n << BigInt(length + 1)) - (from & -from);
  return kind === "anything" ? onwards : from | (onwards & (before(slash) << 1n));
}

const slash = { kind: "char", char: "/" } as const;

/** Finds the places before a character that a token fits, each kind of token once for a path. */
function placesIn(chars: readonly string[]): (token: SingleToken) => Places {
  const known = new Map<string, Places>();
  return (token) => {
    const key = token.kind === "char" ? token.char : token.kind;
    const found = token.kind === "class" ? undefined : known.get(key);
    if (found !== undefined) return found;
    const bits = chars.map((char) => (fits(token, char) ? "1" : "0")).toReversed();
    const places = BigInt(`0b0${bits.join("")}`);
    known.set(key, places);
    return places;
  };
}

/** Whether a token that is one character is this one. */
function fits(token: SingleToken, char: string): boolean {
  if (token.kind === "char") return token.char === char;
  return token.kind === "one" ? char !== "/" : inClass(token, char);
}

function inClass({ negated, ranges }: Token & { kind: "class" }, char: string): boolean {
  const point = pointOf(char);
  const within = ranges.some(([from, to]) => pointOf(from) <= point && point <= pointOf(to));
  return within !== negated;
}

function readTokens(chars: readonly string[], toRegex: boolean): (Token | Operator)[] | undefined {
  const tokens: (Token | Operator)[] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? "";
    if (char === "*" && toRegex && chars[at + 1] === "*") {
      const slash = chars[at + 2] === "/";
      at += slash ? 2 : 1;
      tokens.push({ kind: isSuffix(chars, at, slash) ? "anything" : "directories" });
    } else if (char === "*") tokens.push({ kind: "many" });
    else if (char === "?") tokens.push({ kind: "one" });
    else if (char === "^" && toRegex) tokens.push({ kind: "start" });
    else if ((char === "|" || char === "{") && toRegex) tokens.push({ kind: "operator", char });
    else if (char === "[") {
      const read = readClass(chars, at + 1, toRegex);
      if (read === undefined) return undefined;
      tokens.push(read.token);
      at = read.end;
    } else if (char === "\\") {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined || (toRegex && !meansItself(escaped))) return undefined;
      tokens.push({ kind: "char", char: escaped });
    } else tokens.push({ kind: "char", char });
  }
  return tokens;
}

/**
 * Whether a double star that ends at `at` matches anything: at the end of a pattern, and at its start before a
 * plain name without a slash, where moby/patternmatcher compares the ends of paths.
 */
function isSuffix(chars: readonly string[], at: number, slash: boolean): boolean {
  const rest = chars.slice(at + 1);
  return rest.length === 0 || (at === 1 && !slash && !rest.some((char) => "*?[]\\".includes(char)));
}

/** Whether a character behind a backslash is that character in Go's regular expressions: letters and digits are not. */
function meansItself(char: string): boolean {
  return /^[\0-\x7f]$/.test(char) && !/\w/.test(char.replace("_", ""));
}

function pointOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** Reads what follows `[`, up to the `]`; each end of a range may be escaped. */
function readClass(
  chars: readonly string[],
  start: number,
  toRegex: boolean,
): { token: Token; end: number } | undefined {
  const negated = chars[start] === "^";
  const ranges: [string, string][] = [];
  let at = negated ? start + 1 : start;
  const next = (): string | undefined => {
    if (chars[at] === "-" || (chars[at] === "]" && ranges.length === 0)) return undefined;
    const isEscaped = chars[at] === "\\";
    if (isEscaped) at += 1;
    const char = chars[at] ?? "";
    at += 1;
    const isPlain = isEscaped ? meansItself(char) : !"*?[".includes(char);
    return toRegex && !isPlain ? undefined : chars[at - 1];
  };
  while (chars[at] !== "]" || ranges.length === 0) {
    const from = next();
    if (from === undefined) return undefined;
    let to: string | undefined = from;
    if (chars[at] === "-") {
      at += 1;
      to = next();
    }
    if (to === undefined || (toRegex && pointOf(from) > pointOf(to))) return undefined;
    ranges.push([from, to]);
  }
  return { token: { kind: "class", negated, ranges }, end: at };
}
