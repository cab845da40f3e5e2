import { describe, expect, it } from "vitest";
import { buildFailure } from "../src/engine.js";

describe("a build that failed is told by", () => {
  const failed = (command: object) =>
    buildFailure("Containerfile", Object.assign(new Error("process did not complete"), command)).message;

  it.each<[string, object, string]>([
    [
      "the command and the last lines that it printed",
      {
        cmd: ["/bin/sh", "-c", "make"],
        exitCode: 2,
        stdout: "out",
        stderr: "1\n2\nthe cause\n\n4\nmake: *** [all]\n",
      },
      "Containerfile: exit code 2 of RUN make; it printed last:\n  2\n  the cause\n  4\n  make: *** [all]",
    ],
    [
      "what it printed elsewhere, where it printed no error",
      { cmd: ["/bin/sh", "-c", "x"], exitCode: 7, stdout: "the reason\n", stderr: "" },
      "Containerfile: exit code 7 of RUN x; it printed last:\n  the reason",
    ],
    [
      "its exit code alone, where it printed nothing",
      { cmd: ["false"], exitCode: 1, stdout: "", stderr: " \n" },
      "Containerfile: exit code 1 of RUN false, which printed nothing.",
    ],
    [
      "its own words, where it names itself",
      { cmd: ["x"], exitCode: 1, stdout: "", stderr: "noise\nContainerfile: mise 1.0 is not there\n" },
      "Containerfile: mise 1.0 is not there",
    ],
    ["the engine's words, where no command failed", {}, "Containerfile: process did not complete"],
  ])("%s", (_, command, message) => {
    expect(failed(command)).toBe(message);
  });
});
