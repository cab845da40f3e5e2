/** Whether a pattern takes as little as it can, or as much. */
type Extent = "shortest" | "longest";

/** A character as it is, or `?`, which is any. */
type Place = { char: string } | "any";

/** The parts of a pattern between its stars. */
type Parts = readonly (readonly Place[])[];

/** `${value#pattern}` and `${value##pattern}`: without the part at the start that matches. */
export function removePrefix(value: string, pattern: string, extent: Extent): string {
  const chars = [...value];
  const end = endOfMatch(chars, 0, partsOf(pattern), extent);
  return end === undefined ? value : chars.slice(end).join("");
}

/** `${value%pattern}` and `${value%%pattern}`: without the part at the end that matches. */
export function removeSuffix(value: string, pattern: string, extent: Extent): string {
  const chars = [...value];
  const parts = partsOf(pattern)
    .map((part) => part.toReversed())
    .toReversed();
  const length = endOfMatch(chars.toReversed(), 0, parts, extent);
  return length === undefined ? value : chars.slice(0, chars.length - length).join("");
}

/**
 * `${value/pattern/replacement}`, and with two slashes all matches; a pattern takes as much as it can. The parts of
 * the result one after the other, so that whoever joins them may stop.
 */
export function* replacePattern(
  value: string,
  pattern: string,
  replacement: string,
  all: boolean,
): Generator<string> {
  const chars = [...value];
  const parts = partsOf(pattern);
  let done = 0;
  let lastEnd: number | undefined;
  for (let at = 0; at <= chars.length; ) {
    const start = find(chars, at, parts[0] ?? []);
    const end = start === undefined ? undefined : endOfMatch(chars, start, parts, "longest");
    // What does not follow here does not follow later either.
    if (start === undefined || end === undefined) break;
    // As in Go, an empty match right after another one is none.
    if (end > start || start !== lastEnd) {
      yield chars.slice(done, start).join("");
      yield replacement;
      done = end;
      lastEnd = end;
    }
    if (!all) break;
    at = Math.max(end, start + 1);
  }
  yield chars.slice(done).join("");
}

/** How many comparisons a pattern may take at most. */
export function costOf(value: string, pattern: string): number {
  return (value.length + 1) * (pattern.length + 1);
}

/** `*` is any text and `?` any character; a backslash makes either of them plain text. */
function partsOf(pattern: string): Parts {
  const parts: Place[][] = [[]];
  for (const [char, escaped] of pattern.matchAll(/\\(.)|[\s\S]/gsu)) {
    if (escaped === undefined && char === "*") parts.push([]);
    else parts.at(-1)?.push(escaped === undefined && char === "?" ? "any" : { char: escaped ?? char });
  }
  return parts;
}

/**
 * Where a match ends that starts at a place. Each part is taken at the first place that it fits, which leaves the most
 * for those after it; the last one at its first place for the shortest match, and at its last for the longest.
 */
function endOfMatch(
  chars: readonly string[],
  start: number,
  [first = [], ...others]: Parts,
  extent: Extent,
): number | undefined {
  if (!fits(chars, start, first)) return undefined;
  let end = start + first.length;
  for (const [at, part] of others.entries()) {
    const isLast = at === others.length - 1;
    const found = isLast && extent === "longest" ? findLast(chars, end, part) : find(chars, end, part);
    if (found === undefined) return undefined;
    end = found + part.length;
  }
  return end;
}

function find(chars: readonly string[], from: number, part: readonly Place[]): number | undefined {
  for (let at = from; at + part.length <= chars.length; at += 1) if (fits(chars, at, part)) return at;
  return undefined;
}

function findLast(chars: readonly string[], from: number, part: readonly Place[]): number | undefined {
  for (let at = chars.length - part.length; at >= from; at -= 1) if (fits(chars, at, part)) return at;
  return undefined;
}

function fits(chars: readonly string[], at: number, part: readonly Place[]): boolean {
  return part.every((place, offset) => {
    const char = chars[at + offset];
    return char !== undefined && (place === "any" || place.char === char);
  });
}
