import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { askVersion, type VersionOutput } from "../../src/binaries/version-output.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

async function programOf(content: string | Uint8Array): Promise<string> {
  const path = join(makeTemporaryDirectory().path, "hello");
  await writeFile(path, content, { mode: 0o755 });
  return path;
}

const script = (text: string) => `#!/bin/sh\n${text}\n`;
const other = process.arch === "x64" ? "arm64" : "amd64";
const own = process.arch === "x64" ? "amd64" : "arm64";

describe("askVersion", () => {
  it.each<[string, string | Uint8Array, VersionOutput]>([
    ["a program for this machine", tinyProgram(own), { output: "hello\n" }],
    [
      "a dynamic program without its loader",
      script("exit 0").replace("/bin/sh", "/nowhere/loader"),
      { unknown: expect.stringMatching(/^it cannot be run here \(.*ENOENT.*\)$/) },
    ],
    ["what it is asked", script('echo "hello $*"'), { output: "hello --version\n" }],
    ["a version on standard error", script("echo hello 1.2.3 >&2"), { output: "hello 1.2.3\n" }],
    ["one that refuses the option", script("exit 2"), { unknown: "it ends with exit code 2 for --version" }],
    ["one that crashes", script("kill -SEGV $$"), { unknown: "it ends with SIGSEGV for --version" }],
    [
      "one that prints without end",
      script("while :; do echo hello; done"),
      { unknown: "it prints more than a version for --version" },
    ],
    ["no environment", script('echo "$HOME$SLIPWAY_TEST"'), { output: "\n" }],
  ])("%s", async (_, content, expected) => {
    process.env.SLIPWAY_TEST = "secret";
    expect(await askVersion(await programOf(content), own)).toEqual(expected);
  });

  it("does not run a program for another machine", async () => {
    expect(await askVersion(await programOf(script("echo 1.2.3")), other)).toEqual({
      unknown: `it is for ${other}, and cannot be run on ${own} for its --version`,
    });
  });

  it("stops one that serves, with what it started, and names the time", async () => {
    const mark = `slipway-${process.pid}-${Date.now()}`;
    const program = await programOf(script(`sh -c 'sleep 300; : ${mark}' & sleep 300`));
    expect(await askVersion(program, own, 1500)).toEqual({
      unknown: "it does not end within 1.5 s of --version",
    });
    const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
    expect(stdout).not.toContain(mark);
  });

  it.runIf(process.getuid?.() === 0)("runs it as nobody", async () => {
    expect(await askVersion(await programOf(script("id -u")), own)).toEqual({ output: "65534\n" });
  });
});
