import { styleText } from "node:util";

/** What `npm start` shows, on standard output but for errors. */
export interface Screen {
  /** Begins a part. */
  title(text: string): void;
  /** A command, as one would type it. */
  command(text: string): void;
  /** A report, or a sentence; a digest is as long as it takes to tell two apart. */
  say(text: string): void;
  /** What was refused, or broke off, as it should. */
  refusal(text: string): void;
  /** What ends it. */
  fail(text: string): void;
}

type Style = Parameters<typeof styleText>[0];

/** What stands out in a report. */
const marks: readonly [pattern: RegExp, style: Style][] = [
  [/\bsha256:[0-9a-f]+…?/g, "dim"],
  [/\b(pushed|copied|created|moved|existed|deleted)\b/g, "green"],
  [/^\|[-|]+\|$/gm, "dim"],
];

/** Colours where the stream is a terminal that has them and NO_COLOR is not set; plain text elsewhere. */
export function makeScreen(): Screen {
  const { stdout, stderr } = process;
  const paint = (style: Style, text: string) => styleText(style, text, { stream: stdout });
  return {
    title: (text) => console.log(`\n${paint(["bold", "cyan"], text)}\n`),
    command: (text) => console.log(`${paint("yellow", `$ ${text}`)}\n`),
    say: (text) => console.log(`${emphasized(cut(text), paint)}\n`),
    refusal: (text) => console.log(`${paint("red", cut(text))}\n`),
    fail: (text) => console.error(styleText("red", text, { stream: stderr })),
  };
}

function emphasized(text: string, paint: (style: Style, text: string) => string): string {
  return marks.reduce((said, [pattern, style]) => said.replace(pattern, (mark) => paint(style, mark)), text);
}

function cut(text: string): string {
  return text.replace(/\b(sha256:[0-9a-f]{8})[0-9a-f]{56}\b/g, "$1…");
}
