import { redactBeginning } from "./secrets.js";

// Control characters, those that are not seen or turn the direction of a text, and halves of pairs.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const lineBreaks = /[\t-\r\x85\u2028\u2029]+/g;
// A runner of GitHub, Forgejo or Azure takes commands that begin a line with ::, or with ## anywhere in it.
const commands = /^\s*(?=::)|#(?=#[\w.-]*\[)/g;

/** A text as one line of a terminal or of a log: it moves no cursor, and no runner of a pipeline obeys it. */
export function asLine(text: string): string {
  return text.replace(lineBreaks, " ").replace(unseen, escapeOf).replace(commands, "$&\\");
}

/** Several lines, each as one. */
export function asLines(text: string): string {
  return text.split(/\r?\n/).map(asLine).join("\n");
}

// What begins code, emphasis, HTML, entities and links, or ends a cell; then blocks; then links without a mark.
const inlineMarks = /[\\`*~<|[]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=#?\w+;)/g;
const blockMarks = /^(?:>|[-+](?=\s|$)|-(?=--)|#(?=[\s#]|$))|(?<=^\d{1,9})[.)](?=\s|$)/;
const bareLinks = /(?<=:)\/(?=\/)|(?<=(?<![A-Za-z0-9])www)\./gi;
// GitHub looks for them in what it has rendered, where a backslash or an entity for the mark itself is gone: only what
// stands between mark and name helps. The mark within a word, as of a digest, is none, unless an address is made of it.
const mentions = /(?<!\w)@(?=\\?\w)|@(?=[\w\\-]+(?:\.[\w\\-]+)*\.[A-Za-z])/g;

/** A text as a phrase of markdown, which shows it as it is: no markup, no HTML, no link, nobody mentioned. */
export function asMarkdown(text: string): string {
  return asLine(text)
    .replace(inlineMarks, "\\$&")
    .replace(blockMarks, "\\$&")
    .replace(bareLinks, "\\$&")
    .replace(mentions, "$&&#8203;");
}

/** A value as JSON that can be shown as well: what is not seen in it is written with escapes. */
export function asJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
    .replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => char.split("").map(escapeOf).join(""))
    .replace(/#(?=#[\w.-]*\[)/g, "\\u0023");
}

// Characters: what is behind them is not shown, whatever is taken out before it.
const mostRead = 1 << 16;

/** The beginning of a text. Secrets go first, since half of one is not known again. */
export function excerpt(text: string, length: number): string {
  const shown = beginningOf(text);
  return shown.length > length ? `${shown.slice(0, length)}…` : shown;
}

/** As much of a text as anything is made of that is shown, without secrets: what cuts it shorter cuts none. */
export function beginningOf(text: string): string {
  return redactBeginning(text, mostRead);
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
