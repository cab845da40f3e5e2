/** The marks around a part of a text, as of an expression. */
export interface Marks {
  begin: string;
  end: string;
}

/** A text in parts: what is enclosed, without its marks, at odd places. A mark that nothing ends is text. */
export function splitAtEnclosed(text: string, { begin, end }: Marks): string[] {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const opened = text.indexOf(begin, from);
    const closed = opened < 0 ? -1 : text.indexOf(end, opened + begin.length);
    if (closed < 0) return [...parts, text.slice(from)];
    parts.push(text.slice(from, opened), text.slice(opened + begin.length, closed));
    from = closed + end.length;
  }
}
