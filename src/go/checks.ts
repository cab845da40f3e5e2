import { printedBy } from "../command.js";
import { type Clock, type Timed, timed } from "../phases.js";
import { markdownTable, type Report, requireSuccess, seconds } from "../report.js";

/** How a check of the project ended. */
export interface CheckOutcome {
  check: string;
  ok: boolean;
  /** What it printed. */
  output: string;
}

/** Runs all checks at once, each to its end. */
export function runChecks(
  now: Clock,
  checks: Readonly<Record<string, () => Promise<string>>>,
): Promise<Timed<CheckOutcome>[]> {
  return Promise.all(
    Object.entries(checks).map(([check, run]) =>
      timed(now, async (): Promise<CheckOutcome> => {
        try {
          return { check, ok: true, output: await run() };
        } catch (error) {
          return { check, ok: false, output: printedBy(error) };
        }
      }),
    ),
  );
}

/** One line for each check. Throws the same report as an error, with what the checks that failed printed. */
export function reportChecks(outcomes: readonly Timed<CheckOutcome>[]): Report {
  const failed = outcomes.filter(({ ok }) => !ok);
  const rows = outcomes.map(({ check, ok, milliseconds }) => [
    check,
    ok ? "passed" : { strong: "failed" },
    seconds(milliseconds),
  ]);
  return requireSuccess(
    failed.flatMap(({ check, output }) => [`${check}:`, ...output.trimEnd().split("\n"), ""]),
    {
      markdown: markdownTable(["check", "result", "took"], rows),
      data: outcomes,
      outputs: { FAILED: failed.map(({ check }) => check) },
    },
  );
}
