import { markdownTable } from "../../src/report.js";

/** A table of a page of ours, where an address is one: nobody else wrote it, so that it may be a link. */
export function documentedTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(header, rows).replaceAll(":\\//", "://");
}
