import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parseElf } from "../src/image/elf.js";
import { root } from "./support/contract.js";
import { tinyProgram } from "./support/tiny-program.js";

const run = promisify(execFile);

it("npm start releases twice, and writes once", { timeout: 60_000 }, async () => {
  const { stdout } = await run("npm", ["start", "--silent"], { cwd: root });
  expect(stdout).toMatch(/^First call: [\d.]+ s, [1-9]\d* requests that write\n/);
  expect(stdout).toMatch(/\nSecond call: [\d.]+ s, 0 requests that write\n/);
  expect(stdout.match(/\| pushed, /g)).toHaveLength(2);
  expect(stdout.match(/\| existed \|/g)).toHaveLength(2);
});

it("npm start fails where a release does", { timeout: 60_000 }, async () => {
  const failed = run("npm", ["start", "--silent", "--", "--ref", "v1.2.3"], { cwd: root });
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'git ref: expected a full ref, as in refs/heads/main or refs/tags/v1.2.3, got "v1.2.3".',
    ),
  });
});

it.each(["amd64", "arm64"] as const)("releases a static program for %s", (architecture) => {
  expect(parseElf(tinyProgram(architecture), "program")).toEqual({
    bits: 64,
    architecture,
    type: "EXEC",
    dynamic: false,
  });
});
