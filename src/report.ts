import { VerificationError } from "./errors.js";
import { type Outputs, renderOutputs } from "./outputs.js";
import { redactAll } from "./secrets.js";
import { asJson, asMarkdown } from "./text.js";

/**
 * How a result is given: for people, for programs, or as NAME=value lines for later jobs of a pipeline.
 *
 * Pipeline is for a job that wants both of one call: what people read, then each line of Dotenv as a comment, which no
 * page shows: <!-- NAME=value -->
 *
 * A call that fails has no result: its error is the report for people, whatever the format.
 */
export enum ReportFormat {
  Markdown = "Markdown",
  Json = "Json",
  Dotenv = "Dotenv",
  Pipeline = "Pipeline",
}

/** A result before it is text. */
export interface Report {
  markdown: string;
  data: unknown;
  /** What a later job of a pipeline wants to know. */
  outputs: Outputs;
}

const markdownOf = ({ markdown }: Report) => `${markdown.trimEnd()}\n`;

const forms: Record<ReportFormat, (report: Report) => string> = {
  [ReportFormat.Markdown]: markdownOf,
  [ReportFormat.Json]: ({ data }) => `${asJson(data)}\n`,
  [ReportFormat.Dotenv]: ({ outputs }) => renderOutputs(outputs),
  [ReportFormat.Pipeline]: (report) =>
    `${markdownOf(report)}\n${renderOutputs(report.outputs).replace(/^.+$/gm, "<!-- $& -->")}`,
};

/** The text of a report, with a line end and without secrets. */
export function render(report: Report, format: ReportFormat): string {
  return forms[format](redactAll(report));
}

/** The report, or an error with what failed, a line each, and the report for people below it. */
export function requireSuccess(errors: readonly string[], report: Report): Report {
  if (errors.length === 0) return report;
  throw new VerificationError([...errors, "", ...report.markdown.split("\n")]);
}

/** What a cell of a table holds: a text that is shown as it is, or one in bold. */
export type Cell = string | { strong: string };

/** A table in GitHub-flavoured markdown; what a cell holds cannot break out of it. */
export function markdownTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map(cellText).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

/** A list in markdown; what an item holds cannot break out of it. */
export function markdownList(items: readonly string[]): string {
  return items.map((item) => `- ${asMarkdown(item)}`).join("\n");
}

/** Bytes in MB (10^6 bytes), to a tenth. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Milliseconds in seconds, to a tenth. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A fraction in percent, to a tenth, rounded down: what misses a threshold never reads as if it met it. */
export function percent(fraction: number): string {
  // The epsilon keeps what is a whole tenth in decimals from being rounded down in binary.
  return `${Math.floor(fraction * 1000 + 1e-9) / 10} %`;
}

function cellText(cell: Cell): string {
  return typeof cell === "string" ? asMarkdown(cell).trim() : `**${asMarkdown(cell.strong)}**`;
}
