import { describe, expect, it } from "vitest";
import { assessRollback, type RollbackFigures, reportVerdict } from "../../src/ci-image/assess.js";
import { InputError } from "../../src/errors.js";

const healthy = { pulls: 100, pullFailures: 0, toolErrors: 0, baselineSeconds: 100, buildSeconds: 100 };

describe("assessRollback", () => {
  it.each<[string, Partial<RollbackFigures>, boolean]>([
    ["nothing wrong", {}, false],
    ["exactly 5 % of pulls fail", { pullFailures: 5 }, false],
    ["one pull more than 5 %", { pullFailures: 6 }, true],
    ["just above 5 % of many", { pulls: 1_000_000, pullFailures: 50_001 }, true],
    ["exactly 5 % of many", { pulls: 1_000_000, pullFailures: 50_000 }, false],
    ["5 % of a number of pulls that is no multiple of 20", { pulls: 39, pullFailures: 2 }, true],
    ["one of twenty pulls", { pulls: 20, pullFailures: 1 }, false],
    ["one of nineteen pulls", { pulls: 19, pullFailures: 1 }, true],
    ["all pulls fail", { pullFailures: 100 }, true],
    ["one tool error", { toolErrors: 1 }, true],
    ["exactly 20 % longer", { buildSeconds: 120 }, false],
    ["one second more than 20 % longer", { buildSeconds: 121 }, true],
    ["20 % of a baseline that is no multiple of 5", { baselineSeconds: 7, buildSeconds: 9 }, true],
    ["below 20 % of such a baseline", { baselineSeconds: 7, buildSeconds: 8 }, false],
    ["shorter", { buildSeconds: 0 }, false],
    ["all at once", { pullFailures: 50, toolErrors: 3, buildSeconds: 300 }, true],
  ])("%s", (_, figures, rollback) => {
    expect(assessRollback({ ...healthy, ...figures }).rollback).toBe(rollback);
  });

  it("gives one reason for each condition, whether it holds or not", () => {
    expect(assessRollback({ ...healthy, pullFailures: 6, buildSeconds: 120 }).reasons).toEqual([
      "pull failures: 6 of 100 pulls, more than 5 %",
      "tool errors: 0, not more than 0",
      "build duration: 120 s, before 100 s, not more than 20 % longer",
    ]);
  });

  it.each<[RollbackFigures, boolean, string]>([
    [{ toolErrors: 0 }, false, "pull failures: not assessed, --pulls and --pull-failures not given"],
    [{ toolErrors: 1, pulls: 10 }, true, "pull failures: not assessed, --pull-failures not given"],
    [{ toolErrors: 0, pullFailures: 3 }, false, "pull failures: not assessed, --pulls not given"],
    [{ toolErrors: 0, pulls: 0, pullFailures: 0 }, false, "pull failures: not assessed, no pulls"],
    [{ pulls: 10, pullFailures: 0 }, false, "tool errors: not assessed, --tool-errors not given"],
    [{ toolErrors: 0, buildSeconds: 9 }, false, "build duration: not assessed, --baseline-seconds not given"],
    [{ toolErrors: 0, baselineSeconds: 9 }, false, "build duration: not assessed, --build-seconds not given"],
  ])("does not assess what was not given: %j", (figures, rollback, reason) => {
    const verdict = assessRollback(figures);
    expect(verdict.rollback).toBe(rollback);
    expect(verdict.reasons).toContain(reason);
  });

  it.each<[RollbackFigures, string]>([
    [
      { ...healthy, pullFailures: 101 },
      "--pull-failures: expected at most the 100 pulls of --pulls, got 101.",
    ],
    [{ ...healthy, pulls: -1 }, "--pulls: expected a whole number, 0 or more, got -1."],
    [{ ...healthy, toolErrors: -2 }, "--tool-errors: expected a whole number, 0 or more, got -2."],
    [{ ...healthy, toolErrors: 0.5 }, "--tool-errors: expected a whole number, 0 or more, got 0.5."],
    [{ ...healthy, pullFailures: Number.NaN }, "--pull-failures: expected a whole number, 0 or more"],
    [{ ...healthy, baselineSeconds: 0 }, "--baseline-seconds: expected a whole number, 1 or more, got 0."],
    [{ ...healthy, buildSeconds: Number.POSITIVE_INFINITY }, "--build-seconds: expected a whole number"],
    [{}, "rollback figures: expected the figures of at least one condition, got {}."],
    [{ pulls: 10, buildSeconds: 3 }, "rollback figures: expected the figures of at least one condition"],
    [{ pulls: 0, pullFailures: 0 }, "rollback figures: expected the figures of at least one condition"],
  ])("refuses %j", (figures, message) => {
    const assess = () => assessRollback(figures);
    expect(assess).toThrow(InputError);
    expect(assess).toThrow(message);
  });
});

describe("reportVerdict", () => {
  it("advises, then lists every condition", () => {
    expect(reportVerdict(assessRollback({ pulls: 100, pullFailures: 6, toolErrors: 0 })).markdown).toBe(
      [
        "**Roll back.**",
        "",
        "| condition | figure | threshold | holds |",
        "|---|---|---|---|",
        "| pull failures | 6 of 100 pulls | more than 5 % | yes |",
        "| tool errors | 0 | more than 0 | no |",
        "| build duration | --baseline-seconds and --build-seconds not given | more than 20 % longer | not assessed |",
      ].join("\n"),
    );
  });

  it("says so where no condition holds", () => {
    expect(reportVerdict(assessRollback(healthy)).markdown).toMatch(/^\*\*No rollback\.\*\*\n/);
  });

  it.each([
    [{ toolErrors: 1 }, true],
    [{ toolErrors: 0 }, false],
  ])("tells later jobs of %j", (figures, ROLLBACK) => {
    expect(reportVerdict(assessRollback(figures)).outputs).toEqual({ ROLLBACK });
  });
});
