/** A file written in the Dockerfile itself (Dockerfile reference, "Here-documents"). */
export interface Heredoc {
  /** The word after `<<`, which is the name of the file where the destination is a directory. */
  name: string;
  content: string;
  /** Whether variables in it are replaced: not where the word is quoted. */
  expand: boolean;
}

interface Opening {
  name: string;
  expand: boolean;
  /** `<<-`: leading tabs are taken off each line. */
  tabs: boolean;
}

/** The opening that a word is; `undefined` for any other word, `"malformed"` for `<<` without a plain word. */
export function parseOpening(word: string): Opening | "malformed" | undefined {
  if (!/^\d*<</.test(word)) return undefined;
  const [, dash, quote, name] = /^\d*<<(-?)(["']?)([^\s"'<\\]+)\2$/.exec(word) ?? [];
  if (name === undefined) return "malformed";
  return { name, expand: quote === "", tabs: dash === "-" };
}

/**
 * Reads the bodies that follow a line, in the order of their openings. What is left of `lines` is returned as
 * well: none, where the parser ended the instruction where BuildKit does.
 */
export function readHeredocs(
  openings: readonly Opening[],
  lines: readonly string[],
): { heredocs: Heredoc[]; rest: readonly string[] } | "unterminated" {
  const heredocs: Heredoc[] = [];
  let rest = lines;
  for (const { name, expand, tabs } of openings) {
    const trim = (line: string) => (tabs ? line.replace(/^\t+/, "") : line);
    const end = rest.findIndex((line) => trim(line.replace(/[\r\n]+$/, "")) === name);
    if (end === -1) return "unterminated";
    heredocs.push({ name, content: rest.slice(0, end).map(trim).join(""), expand });
    rest = rest.slice(end + 1);
  }
  return { heredocs, rest };
}
