import { execFile } from "node:child_process";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { parseElf } from "../../src/binaries/elf.js";
import { address } from "../support/address.js";
import { parseCommand } from "../support/command.js";
import { readContract } from "../support/contract.js";
import { readCoreApi } from "../support/core-api.js";
import { perWorker } from "../support/per-worker.js";
import { root } from "../support/root.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

const run = promisify(execFile);

function start(args: readonly string[] = [], given: NodeJS.ProcessEnv = {}) {
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  return run("npm", ["start", "--silent", "--", ...args], { cwd: root, env: { ...env, ...given } });
}

/** The demonstration, which all tests look at: it takes seconds. No program of this machine helps it, and no Dagger. */
const demonstration = () =>
  perWorker("demonstration", async () => {
    const { path } = makeTemporaryDirectory();
    for (const name of ["go", "git", "docker", "dagger", "docker-registry", "registry"])
      await symlink("/bin/false", join(path, name));
    const hooks = `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      if (url.includes("/@dagger.io/")) throw new Error(url + " is loaded");
      return next(url, context);
    } });`;
    return start([], {
      PATH: `${path}:${process.env.PATH}`,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hooks)}`,
    });
  });

/** The same with a directory of one's own. */
const ownProject = () =>
  perWorker("own project", async () =>
    start([await writeProject(), "--ref", "refs/tags/v1.2.3"], { NO_COLOR: "1" }),
  );

/** A project as somebody has it: settings, a Dockerfile that copies, and programs for both platforms. */
async function writeProject(
  dockerfile = "FROM scratch\nCOPY notes.txt app /\n",
  others: object = {},
): Promise<string> {
  const { path } = makeTemporaryDirectory();
  await mkdir(join(path, "dist"));
  const settings = { release: { repositories: [{ repository: "ghcr.io/acme/app" }] }, ...others };
  await writeFile(join(path, "slipway.json"), JSON.stringify(settings));
  await writeFile(join(path, "Dockerfile"), dockerfile);
  await writeFile(join(path, "notes.txt"), "notes");
  for (const architecture of ["amd64", "arm64"] as const)
    await writeFile(join(path, "dist", `app-linux-${architecture}`), tinyProgram(architecture), {
      mode: 0o755,
    });
  return path;
}

/** What goes before the first part, then all that are numbered. */
function partsOf(stdout: string): string[] {
  return stdout.split(/\n(?=\d\. )/);
}

describe("npm start", { timeout: 180_000 }, () => {
  it("shows a signed release, its repeat, an interruption, a refusal and a clean-up, and what to type next, with Node alone", async () => {
    const { stdout, stderr } = await demonstration();
    expect(stderr).toBe("");
    expect(stdout).toBe(stripVTControlCharacters(stdout));
    const parts = partsOf(stdout);
    expect(parts.map((part) => part.slice(0, 2))).toEqual([
      "Sl",
      ...Array.from({ length: 8 }, (_, at) => `${at + 1}.`),
    ]);
    const [, plan, first, attached, again, broken, completed, refused, cleaned] = parts;
    expect(plan).toMatch(/\| mirror\.example\/acme\/hello +\| latest \| create \|/);
    expect(first?.match(/\| pushed,/g)).toHaveLength(2);
    expect(first).toMatch(/^=> 2 repositories with 1 digest; 8 documents attached, 8 signed\.$/m);
    expect(again?.match(/\| existed \|/g)).toHaveLength(2);
    expect(again).toMatch(/^=> Requests of the second release that write: 0$/m);
    expect(again).toMatch(/^=> Documents that were found: 8 of 8\. None was attached twice\.$/m);
    expect(broken).toMatch(/^mirror\.example\/acme\/hello: .*the connection was reset/m);
    expect(broken).toMatch(
      /^=> mirror\.example\/acme\/hello has the tags 1\.2\.3, latest, and none of half an image\.$/m,
    );
    expect(completed).toMatch(/\| mirror\.example\/acme\/hello +\| copied,/);
    expect(completed).toMatch(/provenance \(copied\)/);
    expect(refused).toMatch(/^registry\.example\/acme\/hello:1\.2\.3: exists as sha256:/m);
    expect(refused).toMatch(/^=> registry\.example\/acme\/hello:1\.2\.3 is still sha256:/m);
    expect(cleaned).toMatch(/: 7 of 28 manifests were to go: 7 deleted\./);
    expect(cleaned).toMatch(
      /^=> Read back after it to the last layer, and whole: 1\.2\.3, 1\.3\.0, latest$/m,
    );
    expect(cleaned).toContain(
      `dagger call -m github.com/${address.repository}@v${address.version} --source .`,
    );
    expect(attached).toMatch(/ is whole: sha256:[\s\S]*\| signature +\| the key sha256:/);
  });

  it("shows what is attached, which holds for the key of the run and for no other", async () => {
    const { stdout } = await demonstration();
    const attached = partsOf(stdout)[3] ?? "";
    const key = /^Signed by the (key sha256:\S+…)\.$/m.exec(partsOf(stdout)[2] ?? "")?.[1] ?? "none";
    expect(attached).toMatch(new RegExp(`\\| provenance +\\| the ${key} \\|`));
    expect(attached).toMatch(/^ +"name": "golang\.org\/x\/text",\n +"versionInfo": "v0\.31\.0"$/m);
    expect(attached).toMatch(/^registry\.example\/acme\/hello@sha256:\S+: no signature holds\.$/m);
  });

  it("prints what the README says", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const lines = readme.match(/^=> .*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    expect((await demonstration()).stdout.split("\n")).toEqual(expect.arrayContaining(lines));
  });

  it("shows calls that the module has", async () => {
    const grammar = { contract: await readContract(), core: readCoreApi() };
    const shown = [await demonstration(), await ownProject()];
    const calls = shown.flatMap(({ stdout }) => [...stdout.matchAll(/^\$ (dagger call [^|\n]*)/gm)]);
    expect(calls.length).toBeGreaterThan(20);
    for (const [, call = ""] of calls) parseCommand(call.trim(), grammar);
  });

  it("is in colour on a terminal, and plain where NO_COLOR asks for it", async () => {
    const { stdout } = await start([await writeProject()], { FORCE_COLOR: "1" });
    expect(stdout).not.toBe(stripVTControlCharacters(stdout));
    const plain = (await ownProject()).stdout;
    expect(plain).toBe(stripVTControlCharacters(plain));
  });

  it("takes a project as it lies in a directory, with its settings and its Dockerfile, through all of it", async () => {
    const { stdout, stderr } = await ownProject();
    expect(stderr).toBe("");
    const parts = partsOf(stdout);
    const [introduction, plan, first, attached, again, broken, completed, refused, cleaned] = parts;
    expect(parts).toHaveLength(9);
    expect(introduction).toContain("one.localhost/ghcr.io/acme/app is what ghcr.io/acme/app will be");
    expect(plan).toMatch(/^Plan for the tag v1\.2\.3$/m);
    expect(first).toMatch(/\/ghcr\.io\/acme\/app +\| pushed, /);
    expect(attached).toMatch(/"fileName": "\.\/notes\.txt"/);
    expect(again).toMatch(/^=> Requests of the second release that write: 0$/m);
    expect(broken).toMatch(
      /^=> one\.localhost\/ghcr\.io\/acme\/app has no tag, so that nobody pulls half an image\.$/m,
    );
    expect(completed).toMatch(/^=> Whole in one\.localhost\/ghcr\.io\/acme\/app\./m);
    expect(refused).toMatch(/:1\.2\.3 is still sha256:/);
    expect(cleaned).toMatch(/^=> Read back after it to the last layer, and whole: 1\.2\.3, try$/m);
    expect(cleaned).toMatch(/ plan --ref refs\/tags\/v1\.2\.3\n/);
  });

  it.each([
    ["without a version, nothing is refused", {}, "refs/heads/main", /one\.localhost/, /A refusal/],
    [
      "with settings that attach nothing, nothing is verified",
      { attest: { sbom: [], provenance: false, signature: "never" } },
      "refs/tags/v1.2.3",
      /; nothing attached\./,
      /What is attached/,
    ],
    [
      "with settings that sign nothing, no key is asked for",
      { attest: { signature: "never" } },
      "refs/tags/v1.2.3",
      /^Unsigned: attest\.signature is never\.$/m,
      /--signed-by/,
    ],
    [
      "with a transparency log, none is asked",
      { attest: { rekor: "https://rekor.invalid" } },
      "refs/tags/v1.2.3",
      /3 signed\.|4 signed\./,
      /rekor/,
    ],
  ])("of a project %s", async (_, settings, ref, shown, absent) => {
    const { stdout, stderr } = await start([await writeProject(undefined, settings), "--ref", ref]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(shown);
    expect(stdout).not.toMatch(absent);
    expect(stdout).toMatch(/^=> Read back after it/m);
  });

  it("rehearses by hand what publishes versions alone, and shows what those set", async () => {
    const release = { repositories: [{ repository: "ghcr.io/acme/app", latest: "highest" }] };
    const { stdout } = await start([await writeProject(undefined, { release })]);
    expect(stdout).toMatch(/^\| ghcr\.io\/acme\/app +\| nothing +\| 1\.2\.3, latest \|$/m);
    expect(stdout).toMatch(/^\$ dagger call .* release .*--ref refs\/heads\/main .*--as rehearsal$/m);
    expect(stdout).not.toMatch(/latest (created|\| create)/);
  });

  it.each([
    ["asks for a pre-release in its calls", {}, true],
    [
      "asks for none where the settings publish them",
      { release: { repositories: ["ghcr.io/acme/app"], preReleases: true } },
      false,
    ],
  ])("%s", async (_, settings, asks) => {
    const { stdout } = await start([
      await writeProject(undefined, settings),
      "--ref",
      "refs/tags/v1.2.3-rc.1",
    ]);
    const calls = stdout.match(/dagger call .* (?:plan|release) .*--ref .*$/gm) ?? [];
    expect(calls.length).toBeGreaterThan(5);
    expect(calls.filter((call) => call.includes("--pre-release"))).toHaveLength(asks ? calls.length : 0);
  });

  it("says of a ref that publishes nothing which one would", async () => {
    const failure = start([await writeProject(), "--ref", "refs/heads/feature"]);
    await expect(failure).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^The first release published nothing, .* pass a --ref that publishes\.$/m,
      ),
    });
  });

  it("fits 120 columns where it is no terminal, but for what is to be copied", async () => {
    const { stdout } = await ownProject();
    const wide = stdout.split("\n").filter((line) => line.length > 120 && !/^(\$| {2})/.test(line));
    expect(wide).toEqual([]);
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

  it.each([
    [
      "options and no directory",
      ["--ref", "refs/heads/main"],
      "npm start: expected one directory beside its options, got nothing.",
    ],
    ["two directories", [".", "docs"], 'npm start: expected one directory beside its options, got ". docs".'],
    [
      "an option that it does not have",
      [".", "--tag", "v1.2.3"],
      "npm start: Unknown option '--tag'.\n\nnpm start  ",
    ],
    [
      "a directory that is not there",
      ["nowhere"],
      'npm start: expected the directory of a project, got "nowhere".',
    ],
    ["a file", ["package.json"], 'npm start: expected the directory of a project, got "package.json".'],
    [
      "settings that are not there",
      [".", "--config", "no.json"],
      '--config: expected a file in the directory, got "no.json".',
    ],
  ])("fails with %s", async (_, args, stderr) => {
    await expect(start(args)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(stderr) });
  });

  it("says which options it has", async () => {
    expect((await start(["--help"])).stdout).toMatch(/^npm start .*\n(?:.*\n)*--binaries /);
  });

  it("takes binaries from the directory that is named, and says where it found none", async () => {
    const path = await writeProject();
    await rename(join(path, "dist"), join(path, "out"));
    const { stdout } = await start([path, "--binaries", "out"]);
    expect(stdout).toMatch(/^\$ dagger call .* plan --binaries out /m);
    await expect(start([path])).rejects.toMatchObject({
      stdout: expect.stringMatching(/^No binaries are passed: .* --binaries names/ms),
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
