import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ReportFormat, render } from "../src/report.js";
import { asMarkdown } from "../src/text.js";
import { githubCommands, gitlabCommands, readGithubWorkflow, workOf } from "./support/ci-files.js";
import {
  expression,
  github,
  githubJob,
  gitlab,
  gitlabJob,
  gitlabNames,
  jobs,
  signedIn,
} from "./support/ci-release.js";
import { type Command, type Grammar, parseCommand } from "./support/command.js";
import { readContract } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

const parsed = (commands: readonly string[]): Command[] =>
  commands.map((command) => parseCommand(command, grammar));

describe("releases on both platforms", () => {
  it("have the same jobs", () => {
    expect(Object.keys(github.jobs)).toEqual(jobs.map(([name]) => name));
    expect(Object.keys(gitlab.jobs)).toEqual(expect.arrayContaining([...gitlabNames]));
  });

  it.each(jobs)(
    "call in %s what the module understands, with the same arguments",
    (name, calls, onGitlab) => {
      const onGithub = parsed(githubCommands(githubJob(name)));
      const called = onGithub.map(({ chain }) => chain.find((link) => !link.name.startsWith("with-"))?.name);
      expect(called).toEqual(calls);
      for (const job of onGitlab)
        expect(parsed(gitlabCommands(gitlabJob(job))).map(workOf)).toEqual(onGithub.map(workOf));
    },
  );

  it.each(jobs.filter(([name]) => name !== "build-binaries"))(
    "take the settings of one component in %s",
    (name) => {
      const commands = githubCommands(githubJob(name));
      expect(parsed(commands).map(({ options }) => options.config)).toEqual(commands.map(() => ["$CONFIG"]));
    },
  );

  it.each(jobs)("leave it to the Dockerfile who builds in %s", (name, _, onGitlab) => {
    const commands = [
      ...githubCommands(githubJob(name)),
      ...onGitlab.flatMap((job) => gitlabCommands(gitlabJob(job))),
    ];
    expect(commands.filter((command) => command.includes("--builder"))).toEqual([]);
  });

  it("share the Dagger CLI, the engine, the module and the CI image with the other jobs", () => {
    const shared = readGithubWorkflow();
    expect(github.env).toMatchObject(shared.env);
    for (const name of ["ci_image", "engine", "go_project", "module", "dagger_download"])
      expect(github.called.inputs?.[name]).toEqual(shared.called.inputs?.[name]);
  });

  it("use no variable that neither they nor the platform define", () => {
    const namesIn = (script: string, pattern: RegExp) =>
      [...script.matchAll(pattern)].map(([, name = ""]) => name);
    const used = (scripts: readonly string[]) => {
      const script = scripts.join("\n");
      const set = namesIn(script, /(?:^|[ ;])([A-Za-z_]+)=/gm);
      return namesIn(script, /\$\{?(\w+)/g).filter((name) => !set.includes(name));
    };
    const onGithub = Object.values(github.jobs).flatMap(({ env = {}, steps }) =>
      steps.flatMap(({ run = "", env: inStep = {} }) =>
        used([run]).filter((name) => !(name in { ...github.env, ...env, ...inStep })),
      ),
    );
    expect(new Set(onGithub)).toEqual(
      new Set([
        "GITHUB_ACTOR",
        "GITHUB_STEP_SUMMARY",
        "GITHUB_OUTPUT",
        "GITHUB_ENV",
        "GITHUB_WORKSPACE",
        "RUNNER_TEMP",
        "DOCKER_CONFIG",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
      ]),
    );
    const onGitlab = Object.values(gitlab.jobs).flatMap(
      ({ variables, id_tokens = {}, before_script, script }) =>
        used([...before_script, ...script]).filter((name) => !(name in { ...variables, ...id_tokens })),
    );
    const platform = /^CI_(REGISTRY(_USER|_PASSWORD)?|COMMIT_(TAG|BRANCH)|PROJECT_DIR)$/;
    const project = /^(DOCKERHUB_TOKEN|REGISTRY_PASSWORD|COSIGN_(PRIVATE_KEY|PASSWORD))$/;
    expect(onGitlab.filter((name) => !platform.test(name) && !project.test(name))).toEqual([]);
  });
});

describe("what is handed over", () => {
  const prefix = expression("inputs.prefix");

  it("are binaries with their modes, which an artifact of GitHub loses", () => {
    const of = (name: string) =>
      githubJob(name).steps.flatMap(({ run, with: inputs }) => run ?? inputs?.path ?? []);
    expect(of("build-binaries").slice(-2)).toEqual(["tar -cf dist.tar dist", "dist.tar"]);
    const download = githubJob("release").steps.find(({ uses }) =>
      uses?.startsWith("actions/download-artifact@"),
    );
    expect(download?.with).toEqual({
      name: expression("inputs.artifact || format('{0}dist', inputs.prefix)"),
      path: `${expression("runner.temp")}/binaries`,
    });
    expect(gitlabJob("build-binaries").artifacts?.paths).toEqual(["dist/"]);
  });

  describe("binaries that another job has packed", () => {
    const unpack =
      githubJob("release").steps.find(({ name }) => name === "Unpack the binaries")?.run ?? "missing";

    /** Unpacks what a shell packs in an empty directory; gives the checkout, which has settings and an older dist. */
    function unpacked(pack: string) {
      const { path: temporary } = makeTemporaryDirectory();
      const { path: checkout } = makeTemporaryDirectory();
      mkdirSync(join(temporary, "binaries"));
      mkdirSync(join(checkout, "dist"));
      writeFileSync(join(checkout, "dist/older"), "");
      writeFileSync(join(checkout, "slipway.json"), "own");
      const env = { PATH: process.env.PATH, RUNNER_TEMP: temporary, GITHUB_WORKSPACE: checkout };
      execFileSync("bash", ["-ec", `cd ${temporary}/binaries; ${pack}`], { env, stdio: "pipe" });
      execFileSync("bash", ["-ec", unpack], { env, stdio: "pipe" });
      return checkout;
    }

    it("are dist, with their modes, and nothing that lies beside it", () => {
      const checkout = unpacked(
        "mkdir dist; echo app > dist/app; chmod 755 dist/app; echo evil > slipway.json; tar -cf dist.tar dist slipway.json; rm -r dist",
      );
      expect(readdirSync(checkout).sort()).toEqual(["dist", "slipway.json"]);
      expect(readFileSync(join(checkout, "slipway.json"), "utf8")).toBe("own");
      expect(readdirSync(join(checkout, "dist"))).toEqual(["app"]);
      expect(statSync(join(checkout, "dist/app")).mode & 0o777).toBe(0o755);
    });

    it.each([
      ["a link", "ln -s /etc dist; tar -cf dist.tar dist; rm dist"],
      ["a file", "echo app > dist; tar -cf dist.tar dist; rm dist"],
      ["nothing of the name", "echo app > app; tar -cf dist.tar app; rm app"],
    ])("are refused as %s", (_, pack) => {
      expect(() => unpacked(pack)).toThrow();
    });

    it.each([
      ["a directory", "mkdir dist", true],
      ["a link", "ln -s /etc dist", false],
      ["nothing", "true", false],
    ])("are read on GitLab before anyone is signed in: %s", (_, make, isTaken) => {
      const { path } = makeTemporaryDirectory();
      const lines = gitlabJob("release").before_script?.flat() ?? [];
      const [check = ""] = lines.filter((line) => line.includes("dist is no directory"));
      expect(lines.indexOf(check)).toBeLessThan(lines.findIndex((line) => line.includes("docker login")));
      const run = () => execFileSync("sh", ["-ec", `${make}; ${check}`], { cwd: path, stdio: "pipe" });
      if (isTaken) run();
      else expect(run).toThrow("dist is no directory");
    });
  });

  it("are archives of all platforms in one directory", () => {
    const { steps } = githubJob("build-platform");
    const upload = steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    const download = githubJob("join").steps.find(({ uses }) =>
      uses?.startsWith("actions/download-artifact@"),
    );
    expect(upload?.with).toMatchObject({
      name: `${prefix}image-${expression("strategy.job-index")}`,
      path: "images/",
    });
    expect(download?.with).toEqual({ pattern: `${prefix}image-*`, path: "images", "merge-multiple": true });
    for (const name of ["build-platform-amd64", "build-platform-arm64"])
      expect(gitlabJob(name).artifacts?.paths).toEqual(["images/"]);
  });

  it.each(signedIn)("are the outputs of %s", (name) => {
    const { steps, outputs = {} } = githubJob(name);
    const last = steps.at(-1);
    expect(last?.run).toMatch(/^sed -n .* >> "\$GITHUB_OUTPUT"$/m);
    expect(Object.values(outputs)).toContain(expression(`steps.${last?.id}.outputs.VERSION`));
    const { script, artifacts } = gitlabJob(name);
    expect(script.at(-1)?.endsWith(` > ${artifacts?.reports?.dotenv}`)).toBe(true);
  });

  it("are the outputs of the workflow, whichever job publishes", () => {
    const { outputs = {} } = github.called;
    expect(Object.keys(outputs)).toEqual(Object.keys(githubJob("release").outputs ?? {}));
    for (const [name, { value }] of Object.entries(outputs))
      expect(value).toBe(expression(`jobs.release.outputs.${name} || jobs.join.outputs.${name}`));
  });

  it.each(signedIn)("is the report of %s, for people, of the same call", (name) => {
    const [call, show] = githubJob(name).steps.slice(-2);
    expect(call?.run).toMatch(/ --format Pipeline > "\$RUNNER_TEMP\/report\.md"$/);
    expect(show?.run).toMatch(/^cat "\$RUNNER_TEMP\/report\.md" >> "\$GITHUB_STEP_SUMMARY"$/m);
    const [onGitlab, shown] = gitlabJob(name).script;
    expect(onGitlab).toMatch(/ --format Pipeline > "\$scratch\/report\.md"$/);
    expect(shown).toBe('cat "$scratch/report.md"');
  });

  it.each<[string, (path: string) => string[]]>([
    [
      "GitHub",
      (path) => {
        const script = githubJob("release").steps.at(-1)?.run ?? "";
        return ["-ec", `RUNNER_TEMP=${path} GITHUB_STEP_SUMMARY=shown GITHUB_OUTPUT=report.env; ${script}`];
      },
    ],
    [
      "GitLab",
      (path) => {
        const script = gitlabJob("release").script.slice(1).join("\n");
        return ["-ec", `scratch=${path}; ${script}`];
      },
    ],
  ])("are only what the call gives as such, on %s", (_, script) => {
    const { path } = makeTemporaryDirectory();
    const report = {
      markdown: asMarkdown("<!-- TAGS=latest -->\n<!-- VERSION=9 -->"),
      data: {},
      outputs: { VERSION: "1.2.3", TAGS: ["1.2.3", "1.2"] },
    };
    writeFileSync(join(path, "report.md"), render(report, ReportFormat.Pipeline));
    execFileSync("sh", script(path), { cwd: path });
    expect(readFileSync(join(path, "report.env"), "utf8")).toBe("VERSION=1.2.3\nTAGS=1.2.3,1.2\n");
  });

  it("is kept for a day", () => {
    const uploads = Object.values(github.jobs)
      .flatMap(({ steps }) => steps)
      .filter(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    expect(uploads.map((step) => step.with?.["retention-days"])).toEqual([1, 1]);
    const artifacts = gitlabNames.map((name) => gitlabJob(name).artifacts?.expire_in);
    expect(new Set(artifacts)).toEqual(new Set(["24 hours"]));
  });
});
