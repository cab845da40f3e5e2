/** How a result is given: for people, or for programs. */
export enum ReportFormat {
  Markdown = "Markdown",
  Json = "Json",
}

/** A result before it is text. */
export interface Report {
  markdown: string;
  data: unknown;
}

/** The text of a report, with a line end. */
export function render({ markdown, data }: Report, format: ReportFormat): string {
  return `${format === ReportFormat.Json ? JSON.stringify(data, undefined, 2) : markdown.trimEnd()}\n`;
}

/** A table in GitHub-flavoured markdown; what a cell holds cannot break out of it. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

/** Bytes in MB (10^6 bytes), to a tenth. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A fraction in percent, to a tenth, rounded down: what misses a threshold never reads as if it met it. */
export function percent(fraction: number): string {
  // The epsilon keeps what is a whole tenth in decimals from being rounded down in binary.
  return `${Math.floor(fraction * 1000 + 1e-9) / 10} %`;
}

function cell(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\|]/g, "\\$&").trim();
}
