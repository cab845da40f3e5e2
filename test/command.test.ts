import { describe, expect, it } from "vitest";
import { failureOf } from "../src/command.js";

describe("failureOf", () => {
  it.each([
    [{ exitCode: 139, stdout: "", stderr: "" }, "exit code 139"],
    [
      { exitCode: 1, stdout: "", stderr: 'exec: "mise": executable file not found in $PATH\n' },
      'exit code 1: exec: "mise": executable file not found in $PATH',
    ],
    [
      { exitCode: 2, stdout: "usage\n", stderr: "panic: x\n\n\tmain.go:3\n" },
      "exit code 2: panic: x main.go:3",
    ],
    [{ exitCode: 2, stdout: "only on stdout\n", stderr: " \n" }, "exit code 2: only on stdout"],
    [{ exitCode: 0, stdout: "Debian 12\n", stderr: "" }, "exit code 0: Debian 12"],
    [{ exitCode: 1, stdout: "", stderr: "x".repeat(300) }, `exit code 1: ${"x".repeat(200)}…`],
  ])("%j", (result, text) => {
    expect(failureOf(result)).toBe(text);
  });
});
