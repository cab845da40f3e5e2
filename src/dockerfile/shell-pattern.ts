/** Whether a pattern takes as little as it can, or as much. */
type Extent = "shortest" | "longest";

/** `${value#pattern}` and `${value##pattern}`: without the part at the start that matches. */
export function removePrefix(value: string, pattern: string, extent: Extent): string {
  const whole = new RegExp(`^(?:${sourceOf(pattern)})$`, "su");
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length);
  if (extent === "longest") lengths.reverse();
  const found = lengths.find((length) => whole.test(value.slice(0, length)));
  return found === undefined ? value : value.slice(found);
}

/** `${value%pattern}` and `${value%%pattern}`: without the part at the end that matches. */
export function removeSuffix(value: string, pattern: string, extent: Extent): string {
  const whole = new RegExp(`^(?:${sourceOf(pattern)})$`, "su");
  const starts = Array.from({ length: value.length + 1 }, (_, start) => start);
  if (extent === "shortest") starts.reverse();
  const found = starts.find((start) => whole.test(value.slice(start)));
  return found === undefined ? value : value.slice(0, found);
}

/** `${value/pattern/replacement}`, and with two slashes all matches; a pattern takes as much as it can. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string {
  return value.replace(new RegExp(sourceOf(pattern), all ? "gsu" : "su"), () => replacement);
}

/** `*` is any text and `?` any character; a backslash makes either of them plain text. */
function sourceOf(pattern: string): string {
  return pattern.replace(/\\(.)|[\s\S]/gu, (char, escaped?: string) => {
    if (escaped !== undefined) return literal(escaped);
    return { "*": ".*", "?": "." }[char] ?? literal(char);
  });
}

function literal(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
