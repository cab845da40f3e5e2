import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parseElf } from "../src/binaries/elf.js";
import { root } from "./support/contract.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";
import { tinyProgram } from "./support/tiny-program.js";

const run = promisify(execFile);

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  return run("npm", ["start", "--silent", "--", ...args], { cwd: root, env: { ...process.env, ...env } });
}

describe("npm start", { timeout: 180_000 }, () => {
  it("releases the Go fixture twice, and writes once", async () => {
    const { stdout, stderr } = await start();
    expect(stderr).toBe("");
    expect(stdout.match(/\| pushed, [\d.]+ MB sent/g)).toHaveLength(2);
    expect(stdout.match(/\| existed \|/g)).toHaveLength(2);
    expect(stdout).toMatch(/\nRehearsal: the second release, 0\.0 MB sent\n/);
    expect(stdout).toMatch(/\nRequests of the second release that write: 0\n$/);
  });

  it("needs neither Go nor git", async () => {
    // A go that cannot build anything, before the real one.
    const { path } = makeTemporaryDirectory();
    await promisify(execFile)("ln", ["-s", "/bin/false", `${path}/go`]);
    const { stdout, stderr } = await start([], { PATH: `${path}:${process.env.PATH}` });
    expect(stderr).toMatch(/^Programs of a few bytes take the place of the Go fixture/);
    expect(stdout).toMatch(/\nRequests of the second release that write: 0\n$/);
  });

  it("fails where a release does", async () => {
    await expect(start(["--ref", "v1.2.3"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'git ref: expected a full ref, as in refs/heads/main or refs/tags/v1.2.3, got "v1.2.3".',
      ),
    });
  });
});

it.each(["amd64", "arm64"] as const)("a program of a few bytes is static, for %s", (architecture) => {
  expect(parseElf(tinyProgram(architecture), "program")).toEqual({
    bits: 64,
    architecture,
    type: "EXEC",
    dynamic: false,
  });
});
