import type { Writable } from "node:stream";
import { styleText } from "node:util";
import { layOut, usualWidth } from "./layout.js";

/** What `npm start` shows, on standard output but for errors. */
export interface Screen {
  /** Begins a part: what it shows, and why that matters. */
  title(text: string): void;
  /** A command, as one would type it. */
  command(text: string): void;
  /** A report, or a sentence; a digest is as long as it takes to tell two apart. */
  say(text: string): void;
  /** What was refused, or broke off, as it should. */
  refusal(text: string): void;
  /** What a part has come to. */
  outcome(text: string): void;
  /** What ends it. */
  fail(text: string): void;
}

/** Where it is shown: a standard stream of the process. */
export type ScreenOutput = Writable & { columns?: number; isTTY?: boolean };

const eraseLine = "\r\u001b[2K";

type Style = Parameters<typeof styleText>[0];

/** What stands out in a report. */
const marks: readonly [pattern: RegExp, style: Style][] = [
  [/\bsha256:[0-9a-f]+…?/g, "dim"],
  [/\b(pushed|copied|created|moved|existed|deleted)\b/g, "green"],
  [/^\|[-|]+\|$/gm, "dim"],
];

/** Colours where the stream is a terminal that has them and NO_COLOR is not set; plain text elsewhere. */
export function makeScreen(
  stdout: ScreenOutput = process.stdout,
  stderr: ScreenOutput = process.stderr,
): Screen {
  const paint = (style: Style, text: string) => styleText(style, text, { stream: stdout });
  const laidOut = (text: string) => layOut(cut(text), stdout.columns || usualWidth);
  const print = (text: string) => {
    // The progress of an upload that broke off is still there.
    if (stderr.isTTY === true) stderr.write(eraseLine);
    stdout.write(`${text}\n\n`);
  };
  return {
    title: (text) => print(`\n${paint(["bold", "cyan"], laidOut(text))}`),
    command: (text) => print(paint("yellow", `$ ${text}`)),
    say: (text) => print(emphasized(laidOut(text), paint)),
    refusal: (text) => print(paint("red", laidOut(text))),
    outcome: (text) => print(paint("bold", laidOut(`=> ${text}`))),
    fail: (text) => stderr.write(`${styleText("red", text, { stream: stderr })}\n`),
  };
}

function emphasized(text: string, paint: (style: Style, text: string) => string): string {
  return marks.reduce((said, [pattern, style]) => said.replace(pattern, (mark) => paint(style, mark)), text);
}

function cut(text: string): string {
  return text.replace(/\b(sha256:[0-9a-f]{8})[0-9a-f]{56}\b/g, "$1…");
}
