/** A part of a pattern. Patterns match paths without a leading slash, whole. */
type Token =
  | { kind: "char"; char: string }
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

/** A compiled pattern. */
export interface PathPattern {
  matches(path: string): boolean;
}

/** Compiles a pattern of Go's filepath.Match; undefined where it is malformed. */
export function parsePattern(text: string): PathPattern | undefined {
  return compile(readTokens([...text], false));
}

/** Compiles a pattern of moby/patternmatcher, which adds the double star; undefined where it is malformed. */
export function parseIgnorePattern(text: string): PathPattern | undefined {
  return compile(readTokens([...text], true));
}

/** Whether a path holds characters that filepath.Match gives a meaning to. */
export function isPattern(path: string): boolean {
  return /(^|[^\\])(\\\\)*[*?[]/.test(path);
}

function compile(tokens: readonly Token[] | undefined): PathPattern | undefined {
  if (tokens === undefined) return undefined;
  return {
    matches(path) {
      const chars = [...path];
      let reached = new Set([0]);
      for (const token of tokens) reached = new Set([...reached].flatMap((at) => step(token, chars, at)));
      return reached.has(chars.length);
    },
  };
}

/** The places that a token can lead to from one place of a path. */
function step(token: Token, chars: readonly string[], at: number): number[] {
  const char = chars[at];
  switch (token.kind) {
    case "char":
      return char === token.char ? [at + 1] : [];
    case "one":
      return char !== undefined && char !== "/" ? [at + 1] : [];
    case "class":
      return char !== undefined && inClass(token, char) ? [at + 1] : [];
    case "many": {
      const slash = chars.indexOf("/", at);
      return range(at, slash === -1 ? chars.length : slash);
    }
    case "directories":
      return [at, ...range(at + 1, chars.length).filter((to) => chars[to - 1] === "/")];
    case "anything":
      return range(at, chars.length);
  }
}

function inClass({ negated, ranges }: Token & { kind: "class" }, char: string): boolean {
  const point = char.codePointAt(0) ?? 0;
  const within = ranges.some(
    ([from, to]) => (from.codePointAt(0) ?? 0) <= point && point <= (to.codePointAt(0) ?? 0),
  );
  return within !== negated;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

function readTokens(chars: readonly string[], doubleStar: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? "";
    if (char === "*" && doubleStar && chars[at + 1] === "*") {
      const slash = chars[at + 2] === "/";
      at += slash ? 2 : 1;
      tokens.push({ kind: isSuffix(chars, at, slash) ? "anything" : "directories" });
    } else if (char === "*") tokens.push({ kind: "many" });
    else if (char === "?") tokens.push({ kind: "one" });
    else if (char === "[") {
      const read = readClass(chars, at + 1);
      if (read === undefined) return undefined;
      tokens.push(read.token);
      at = read.end;
    } else if (char === "\\") {
      at += 1;
      const escaped = chars[at];
      if (escaped === undefined) return undefined;
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

/** Reads what follows `[`, up to the `]`; each end of a range may be escaped. */
function readClass(chars: readonly string[], start: number): { token: Token; end: number } | undefined {
  const negated = chars[start] === "^";
  const ranges: [string, string][] = [];
  let at = negated ? start + 1 : start;
  const next = (): string | undefined => {
    if (chars[at] === "-" || (chars[at] === "]" && ranges.length === 0)) return undefined;
    if (chars[at] === "\\") at += 1;
    at += 1;
    return chars[at - 1];
  };
  while (chars[at] !== "]" || ranges.length === 0) {
    const from = next();
    if (from === undefined) return undefined;
    let to: string | undefined = from;
    if (chars[at] === "-") {
      at += 1;
      to = next();
    }
    if (to === undefined) return undefined;
    ranges.push([from, to]);
  }
  return { token: { kind: "class", negated, ranges }, end: at };
}
