import { InputError } from "../errors.js";
import { markdownTable, type Report } from "../report.js";

/** What was observed of a CI image in use; all are whole numbers, and what was not observed is left out. */
export interface RollbackFigures {
  pulls?: number | undefined;
  pullFailures?: number | undefined;
  /** Jobs in which a tool of the image (Go, mise, golangci-lint, GoReleaser) failed by itself. */
  toolErrors?: number | undefined;
  /** Duration of the build before this image, in seconds. */
  baselineSeconds?: number | undefined;
  /** Duration of the build with this image, in seconds. */
  buildSeconds?: number | undefined;
}

/** One documented condition of a rollback, beside the figure it was held against. */
export interface Assessment {
  condition: string;
  /** The figure in words, or what was missing to assess the condition. */
  figure: string;
  threshold: string;
  /** Whether the condition for a rollback is met; undefined where it was not assessed. */
  holds: boolean | undefined;
}

/** The advice: one condition that holds is enough for a rollback. */
export interface Verdict {
  rollback: boolean;
  /** One sentence for each condition, whether it holds or not. */
  reasons: string[];
  assessments: Assessment[];
}

/** The conditions of a rollback: more than 5 % of pulls fail, any tool error, builds more than 20 % longer. */
export const ROLLBACK_THRESHOLDS = { pullFailurePercent: 5, toolErrors: 0, slowdownPercent: 20 } as const;

/**
 * Holds the figures against the documented conditions. Throws an InputError where figures contradict each
 * other or where none of the conditions can be assessed: no observation is no reason to keep an image.
 */
export function assessRollback(figures: RollbackFigures): Verdict {
  requireSensible(figures);
  const assessments = [assessPulls(figures), assessTools(figures), assessDuration(figures)];
  if (assessments.every(({ holds }) => holds === undefined)) {
    throw new InputError({
      subject: "rollback figures",
      expected: "the figures of at least one condition",
      given: figures,
      fix: "Pass --pulls with --pull-failures, --tool-errors, or --baseline-seconds with --build-seconds",
    });
  }
  return {
    rollback: assessments.some(({ holds }) => holds),
    reasons: assessments.map(describe),
    assessments,
  };
}

/** The advice, then a table of all conditions. */
export function reportVerdict(verdict: Verdict): Report {
  const rows = verdict.assessments.map(({ condition, figure, threshold, holds }) => [
    condition,
    figure,
    threshold,
    answer(holds),
  ]);
  const advice = verdict.rollback ? "**Roll back.**" : "**No rollback.**";
  const table = markdownTable(["condition", "figure", "threshold", "holds"], rows);
  return { markdown: `${advice}\n\n${table}`, data: verdict, outputs: { ROLLBACK: verdict.rollback } };
}

// Percentages are compared by cross-multiplication: exact at the boundary, where a quotient may round.
function assessPulls({ pulls, pullFailures }: RollbackFigures): Assessment {
  const { pullFailurePercent: percent } = ROLLBACK_THRESHOLDS;
  const row = { condition: "pull failures", threshold: `more than ${percent} %` };
  if (pulls === undefined || pullFailures === undefined) {
    return { ...row, figure: missing({ pulls, pullFailures }), holds: undefined };
  }
  if (pulls === 0) return { ...row, figure: "no pulls", holds: undefined };
  return { ...row, figure: `${pullFailures} of ${pulls} pulls`, holds: pullFailures * 100 > pulls * percent };
}

function assessTools({ toolErrors }: RollbackFigures): Assessment {
  const { toolErrors: limit } = ROLLBACK_THRESHOLDS;
  const row = { condition: "tool errors", threshold: `more than ${limit}` };
  if (toolErrors === undefined) return { ...row, figure: missing({ toolErrors }), holds: undefined };
  return { ...row, figure: String(toolErrors), holds: toolErrors > limit };
}

function assessDuration({ baselineSeconds, buildSeconds }: RollbackFigures): Assessment {
  const { slowdownPercent: percent } = ROLLBACK_THRESHOLDS;
  const row = { condition: "build duration", threshold: `more than ${percent} % longer` };
  if (baselineSeconds === undefined || buildSeconds === undefined) {
    return { ...row, figure: missing({ baselineSeconds, buildSeconds }), holds: undefined };
  }
  return {
    ...row,
    figure: `${buildSeconds} s, before ${baselineSeconds} s`,
    holds: buildSeconds * 100 > baselineSeconds * (100 + percent),
  };
}

function describe({ condition, figure, threshold, holds }: Assessment): string {
  if (holds === undefined) return `${condition}: not assessed, ${figure}`;
  return `${condition}: ${figure}, ${holds ? "" : "not "}${threshold}`;
}

function answer(holds: boolean | undefined): string {
  if (holds === undefined) return "not assessed";
  return holds ? "yes" : "no";
}

type Figure = keyof RollbackFigures;

const OPTIONS: Record<Figure, string> = {
  pulls: "--pulls",
  pullFailures: "--pull-failures",
  toolErrors: "--tool-errors",
  baselineSeconds: "--baseline-seconds",
  buildSeconds: "--build-seconds",
};

const FIGURES = Object.keys(OPTIONS) as Figure[];

function missing(figures: RollbackFigures): string {
  const names = FIGURES.filter((name) => name in figures && figures[name] === undefined);
  return `${names.map((name) => OPTIONS[name]).join(" and ")} not given`;
}

function requireSensible(figures: RollbackFigures): void {
  for (const name of FIGURES)
    requireAtLeast(OPTIONS[name], figures[name], name === "baselineSeconds" ? 1 : 0);
  const { pulls, pullFailures } = figures;
  if (pulls !== undefined && pullFailures !== undefined && pullFailures > pulls) {
    throw new InputError({
      subject: OPTIONS.pullFailures,
      expected: `at most the ${pulls} pulls of ${OPTIONS.pulls}`,
      given: pullFailures,
      fix: "Count failed pulls among the pulls",
    });
  }
}

function requireAtLeast(option: string, figure: number | undefined, minimum: number): void {
  if (figure === undefined || (Number.isSafeInteger(figure) && figure >= minimum)) return;
  throw new InputError({
    subject: option,
    expected: `a whole number, ${minimum} or more`,
    given: figure,
    fix: "Leave the option out where nothing was observed",
  });
}
