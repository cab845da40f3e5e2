import type { Marks } from "../enclosed.js";

/** What a line of an input says, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** Lines of an input that hold something. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The attributes of a line: commas separate them, but for those in quotes and in expressions. */
export function attributesOf(line: string): Attributes {
  const pairs = partsOf(line).map((part): [string, string] => {
    const at = part.indexOf("=");
    const [key, value] = at < 0 ? ["value", part] : [part.slice(0, at), part.slice(at + 1)];
    return [key.trim().replace(/^"/, ""), value.trim().replace(/^"|"$/g, "")];
  });
  return Object.fromEntries(pairs);
}

// What a comma separates nothing in.
const enclosures: readonly Marks[] = [
  { begin: "{{", end: "}}" },
  { begin: '"', end: '"' },
];

function partsOf(line: string): string[] {
  // Behind the last end nothing is enclosed: it is looked for no further, however often something begins.
  const ended = enclosures.map((marks) => ({ ...marks, last: line.lastIndexOf(marks.end) }));
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < line.length; ) {
    const around = ended.find(({ begin, last }) => line.startsWith(begin, at) && at + begin.length <= last);
    if (around !== undefined) {
      at = line.indexOf(around.end, at + around.begin.length) + around.end.length;
      continue;
    }
    if (line[at] === ",") {
      parts.push(line.slice(from, at));
      from = at + 1;
    }
    at += 1;
  }
  return [...parts, line.slice(from)].filter((part) => part !== "");
}
