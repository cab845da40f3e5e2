import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { parseElf } from "../../src/binaries/elf.js";
import { address } from "../support/address.js";
import { root } from "../support/contract.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

const run = promisify(execFile);

function start(args: readonly string[] = [], given: NodeJS.ProcessEnv = {}) {
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  return run("npm", ["start", "--silent", "--", ...args], { cwd: root, env: { ...env, ...given } });
}

/** A project as somebody has it: settings, a Dockerfile that copies, and programs for both platforms. */
async function writeProject(dockerfile = "FROM scratch\nCOPY notes.txt app /\n"): Promise<string> {
  const { path } = makeTemporaryDirectory();
  await mkdir(join(path, "dist"));
  const settings = { release: { repositories: [{ repository: "ghcr.io/acme/app" }] } };
  await writeFile(join(path, "slipway.json"), JSON.stringify(settings));
  await writeFile(join(path, "Dockerfile"), dockerfile);
  await writeFile(join(path, "notes.txt"), "notes");
  for (const architecture of ["amd64", "arm64"] as const)
    await writeFile(join(path, "dist", `app-linux-${architecture}`), tinyProgram(architecture), {
      mode: 0o755,
    });
  return path;
}

describe("npm start", { timeout: 180_000 }, () => {
  it("shows a plan, a release, an interruption, a refusal and a clean-up, and what to type next", async () => {
    const { stdout, stderr } = await start();
    expect(stderr).toBe("");
    expect(stdout).toBe(stripVTControlCharacters(stdout));
    const parts = stdout.split(/\n(?=\d\. )/);
    expect(parts.map((part) => part.slice(0, 2))).toEqual(["A ", "1.", "2.", "3.", "4.", "5.", "6.", "7."]);
    const [, plan, first, again, broken, completed, refused, cleaned] = parts;
    expect(plan).toMatch(/\| mirror\.example\/acme\/hello \| latest \| create \|/);
    expect(first?.match(/\| pushed, 2\.0 MB sent, 0\.0 MB there \|/g)).toHaveLength(2);
    expect(again?.match(/\| existed \|/g)).toHaveLength(2);
    expect(again).toMatch(/\nRequests of the second release that write: 0\n/);
    expect(broken).toMatch(/^mirror\.example\/acme\/hello: .*the connection was reset/m);
    expect(broken).toMatch(/^Tags of mirror\.example\/acme\/hello, .*: 1\.2\.3, latest$/m);
    expect(completed).toMatch(/\| mirror\.example\/acme\/hello \| copied, 0\.0 MB sent, 2\.0 MB there \|/);
    expect(refused).toMatch(/:1\.2\.3: exists as sha256:.* Nothing was overwritten/);
    expect(cleaned).toMatch(/: 3 of 12 manifests were to go: 3 deleted\./);
    expect(cleaned).toContain(
      `dagger call -m github.com/${address.repository}@v${address.version} --source .`,
    );
  });

  it("needs neither Go, git, Docker nor an installed registry", async () => {
    const { path } = makeTemporaryDirectory();
    for (const name of ["go", "git", "docker", "dagger", "docker-registry", "registry"])
      await symlink("/bin/false", join(path, name));
    const { stdout, stderr } = await start([], { PATH: `${path}:${process.env.PATH}` });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/3 deleted/);
  });

  it.each([
    ["in colour", { FORCE_COLOR: "1" }, true],
    ["plain where NO_COLOR asks for it", { NO_COLOR: "1" }, false],
  ])("is %s", async (_, env, coloured) => {
    const { stdout } = await start([await writeProject(), "--ref", "refs/tags/v1.2.3"], env);
    expect(stdout !== stripVTControlCharacters(stdout)).toBe(coloured);
  });

  it("takes a project as it lies in a directory, with its settings and its Dockerfile", async () => {
    const { stdout, stderr } = await start([await writeProject(), "--ref", "refs/tags/v1.2.3"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Plan for the tag v1\.2\.3\n/);
    expect(stdout).toMatch(/\/ghcr\.io\/acme\/app \| pushed, /);
    expect(stdout).toMatch(/\nRehearsal: the second release, 0\.0 MB sent\n/);
    expect(stdout).toMatch(/\nRequests of the second release that write: 0\n/);
    expect(stdout).toMatch(/ plan --ref refs\/tags\/v1\.2\.3\n/);
  });

  it.each([
    [
      "where a Dockerfile runs something",
      "FROM scratch\nRUN ./build\n",
      [],
      3,
      /^Dockerfile:2: .*\nnpm start has no engine\. .* rehearse\n$/,
    ],
    [
      "where a release does",
      undefined,
      ["--ref", "v1.2.3"],
      1,
      /git ref: expected a full ref, .* got "v1\.2\.3"/,
    ],
  ])("fails %s", async (_, dockerfile, args, code, stderr) => {
    const failure = start([await writeProject(dockerfile), ...args]);
    await expect(failure).rejects.toMatchObject({ code, stderr: expect.stringMatching(stderr) });
  });

  it("fails with options and no directory, which they are about", async () => {
    await expect(start(["--ref", "refs/heads/main"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm start: expected a directory beside its options"),
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
