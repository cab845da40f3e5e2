import { expect, it } from "vitest";
import { VerificationError } from "../../src/errors.js";
import { reportChecks, runChecks } from "../../src/go/checks.js";
import { ReportFormat, render } from "../../src/report.js";
import { errorThrownBy } from "../support/thrown.js";

const execError = Object.assign(new Error("exit code: 2"), {
  name: "ExecError",
  exitCode: 2,
  stdout: "--- FAIL: TestX\n",
  stderr: "exit status 1\n",
});

it("runs all checks to their end, and says of each how it ended", async () => {
  const ended: string[] = [];
  const outcomes = await runChecks(() => 0, {
    lint: async () => {
      throw execError;
    },
    test: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended.push("test");
      return "ok";
    },
  });
  expect(ended).toEqual(["test"]);
  const error = await errorThrownBy(() => reportChecks(outcomes));
  expect(error).toBeInstanceOf(VerificationError);
  expect((error as Error).message.split("\n")).toEqual([
    "lint:",
    "--- FAIL: TestX",
    "exit status 1",
    "exit code 2",
    "",
    "",
    "| check | result | took |",
    "|---|---|---|",
    "| lint | **failed** | 0.0 s |",
    "| test | passed | 0.0 s |",
  ]);
});

it("is a table where all pass", async () => {
  const outcomes = await runChecks(() => 0, { lint: async () => "0 issues." });
  expect(render(reportChecks(outcomes), ReportFormat.Markdown)).toBe(
    "| check | result | took |\n|---|---|---|\n| lint | passed | 0.0 s |\n",
  );
  expect(render(reportChecks(outcomes), ReportFormat.Dotenv)).toBe("");
});
