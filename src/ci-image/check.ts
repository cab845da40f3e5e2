import { markdownTable } from "../report.js";

/** Something that was expected of a CI image, beside what was found. */
export interface Check {
  name: string;
  expected: string;
  /** What was found, or why nothing could be, in the words of what failed. */
  found: string;
  ok: boolean;
}

/** Checks as a markdown table, failures first. */
export function renderChecks(checks: readonly Check[]): string {
  const sorted = [...checks.filter(({ ok }) => !ok), ...checks.filter(({ ok }) => ok)];
  return markdownTable(
    ["check", "expected", "found", "holds"],
    sorted.map(({ name, expected, found, ok }) => [name, expected, found, ok ? "yes" : { strong: "no" }]),
  );
}
