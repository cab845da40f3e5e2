/** Columns of what is no terminal, or does not say how wide it is. */
export const usualWidth = 120;

// Between a number and its unit no line ends.
const unbroken = "\u00a0";
// Lines of a row. What is higher is read as a list.
const highest = 5;
const separator = /^\|[-|]+\|$/;

/**
 * Lays markdown out for people who read it as it is: no line is wider than `width` but what is to be copied, which is
 * indented. Tables get columns; one that has no room for them becomes a list of its rows.
 */
export function layOut(markdown: string, width: number): string {
  const blocks: string[][] = [];
  for (const line of markdown.split("\n")) {
    const last = blocks.at(-1);
    if (line.startsWith("|") && last?.[0]?.startsWith("|")) last.push(line);
    else blocks.push([line]);
  }
  const laidOut = blocks.flatMap((block) => layOutBlock(block, width)).join("\n");
  return laidOut.replaceAll(unbroken, " ");
}

function layOutBlock(lines: readonly string[], width: number): string[] {
  const [header = "", second, ...rows] = lines;
  if (second !== undefined && separator.test(second))
    return layOutTable([header, ...rows].map(cellsOf), width);
  return lines.flatMap((line) => layOutLine(line, width));
}

function layOutLine(line: string, width: number): string[] {
  if (/^[\s{}]/.test(line)) return [line];
  const text = unescaped(line);
  const indent = line.startsWith("- ") ? "  " : "";
  return wrapped(text, width - indent.length).map((part, at) => (at === 0 ? part : `${indent}${part}`));
}

function layOutTable(table: readonly string[][], width: number): string[] {
  const [header = []] = table;
  const room = width - (3 * header.length + 1);
  const columns = header.map((_, at) => table.map((cells) => cells[at] ?? ""));
  const widths = fitted(columns, room);
  return widths === undefined ? recordsOf(table, width) : gridOf(table, widths);
}

/** Widths of columns that have `room` together; undefined where a word would be cut for it, or a row be very high. */
function fitted(columns: readonly string[][], room: number): number[] | undefined {
  const widths = columns.map((cells) => Math.max(...cells.flatMap(wordLengths)));
  let spare = room - widths.reduce((total, width) => total + width, 0);
  if (spare < 0) return undefined;
  const heights = columns.map((cells, at) => heightOf(cells, widths[at] ?? 0));
  for (; spare > 0 && Math.max(...heights) > 1; spare -= 1) {
    const tallest = heights.indexOf(Math.max(...heights));
    const width = (widths[tallest] ?? 0) + 1;
    widths[tallest] = width;
    heights[tallest] = heightOf(columns[tallest] ?? [], width);
  }
  return Math.max(...heights) > highest ? undefined : widths;
}

function wordLengths(cell: string): number[] {
  return cell.split(" ").map(({ length }) => length);
}

function heightOf(cells: readonly string[], width: number): number {
  return Math.max(...cells.map((cell) => wrapped(cell, width).length));
}

function gridOf([header = [], ...rows]: readonly string[][], widths: readonly number[]): string[] {
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const linesOf = (cells: readonly string[]) => {
    const parts = widths.map((width, at) => wrapped(cells[at] ?? "", width));
    const height = Math.max(...parts.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) => {
      const shown = widths.map((width, at) => (parts[at]?.[line] ?? "").padEnd(width));
      return `| ${shown.join(" | ")} |`;
    });
  };
  const grid = rows.map(linesOf);
  // Where a row takes several lines, it has to be seen where the next one begins.
  const between = grid.some(({ length }) => length > 1) ? [rule] : [];
  return [
    ...linesOf(header),
    ...grid.flatMap((lines, at) => (at === 0 ? [rule, ...lines] : [...between, ...lines])),
  ];
}

function recordsOf([header = [], ...rows]: readonly string[][], width: number): string[] {
  const longest = Math.max(...header.map(({ length }) => length)) + 2;
  return rows.flatMap((cells) =>
    cells.flatMap((cell, at) => {
      if (cell === "") return [];
      const mark = at === 0 ? "- " : "  ";
      const [first = "", ...others] = wrapped(cell, Math.max(1, width - mark.length - longest));
      const name = `${header[at]}:`.padEnd(longest);
      return [`${mark}${name}${first}`, ...others.map((part) => " ".repeat(mark.length + longest) + part)];
    }),
  );
}

/** Broken between words; a word that is longer than a line is broken itself. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  return [...lines, line];
}

function cellsOf(row: string): string[] {
  return [...row.matchAll(/\|((?:\\.|[^|\\])*)(?=\|)/g)].map(([, cell = ""]) => unescaped(cell).trim());
}

/** What markdown shows as it is has a backslash before it; emphasis is for whoever renders it. */
function unescaped(text: string): string {
  return text
    .replace(/(?<!\\)\*\*/g, "")
    .replaceAll("&#8203;", "")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/(?<=\d) (?=(?:MB|s)\b)/g, unbroken);
}
