import { beforeAll, describe, expect, it } from "vitest";
import {
  githubCommands,
  gitlabCommands,
  readGithubWorkflow,
  readGitlabPipeline,
  workOf,
} from "./support/ci-files.js";
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

const branches = readGitlabPipeline();

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

const parsed = (commands: readonly string[]): Command[] =>
  commands.map((command) => parseCommand(command, grammar));

describe("releases on both platforms", () => {
  it("have the same jobs", () => {
    expect(Object.keys(github.jobs)).toEqual(jobs.map(([name]) => name));
    expect(Object.keys(gitlab.jobs)).toEqual(gitlabNames);
  });

  it.each(jobs)(
    "call in %s what the module understands, with the same arguments",
    (name, calls, onGitlab) => {
      const onGithub = parsed(githubCommands(githubJob(name)));
      const called = onGithub.map(
        ({ chain }) => chain.find((link) => link.name !== "with-registry-auth")?.name,
      );
      expect(called).toEqual(calls);
      for (const job of onGitlab)
        expect(parsed(gitlabCommands(gitlabJob(job))).map(workOf)).toEqual(onGithub.map(workOf));
    },
  );

  it.each(jobs)("leave it to the Dockerfile who builds in %s", (name, _, onGitlab) => {
    const commands = [
      ...githubCommands(githubJob(name)),
      ...onGitlab.flatMap((job) => gitlabCommands(gitlabJob(job))),
    ];
    expect(commands.filter((command) => command.includes("--builder"))).toEqual([]);
  });

  it.each(signedIn)("take the outputs of %s from the same call once more", (name) => {
    const [first, second] = githubCommands(githubJob(name));
    expect(second).toBe(`${first} --format Dotenv`);
  });

  it("share the Dagger CLI, the engine, the module and the CI image with the other jobs", () => {
    const shared = Object.keys(readGithubWorkflow().env);
    expect(shared).toContain("CI_IMAGE");
    expect(Object.fromEntries(shared.map((name) => [name, github.env[name]]))).toEqual(
      readGithubWorkflow().env,
    );
    expect(Object.keys(gitlab.variables).filter((name) => shared.includes(name))).toEqual([]);
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
        "RUNNER_TEMP",
        "DOCKER_CONFIG",
      ]),
    );
    const onGitlab = Object.values(gitlab.jobs).flatMap(({ variables = {}, before_script = [], script }) =>
      used([...before_script, ...script]).filter(
        (name) => !(name in { ...branches.variables, ...gitlab.variables, ...variables }),
      ),
    );
    const platform = /^CI_(REGISTRY(_USER|_PASSWORD)?|COMMIT_(TAG|BRANCH)|JOB_ID)$/;
    const project = /^(RELEASE_FROM|(DOCKERHUB|REGISTRY)(_[A-Z]+)?)$/;
    expect(onGitlab.filter((name) => !platform.test(name) && !project.test(name))).toEqual([]);
  });

  it.each([
    ["github", github.text, github.env],
    ["gitlab", gitlab.text, gitlab.variables],
  ])("say of every variable what it is (%s)", (_, text, variables) => {
    const paragraphs = text.split("\n\n");
    const undocumented = Object.keys(variables).filter((name) => {
      const paragraph = paragraphs.find((lines) => `\n${lines}`.includes(`\n  ${name}:`)) ?? "";
      return !/^(?:\w+:\n)?(?: +#.*\n)+/.test(paragraph);
    });
    expect(Object.keys(variables)).toContain("PLATFORMS");
    expect(undocumented).toEqual([]);
  });
});

describe("what is handed over", () => {
  it("are binaries with their modes, which an artifact of GitHub loses", () => {
    const of = (name: string) =>
      githubJob(name).steps.flatMap(({ run, with: inputs }) => run ?? inputs?.path ?? []);
    expect(of("build-binaries").slice(-2)).toEqual(["tar -cf dist.tar dist", "dist.tar"]);
    expect(of("release")).toContain("tar -xf dist.tar");
    expect(gitlabJob("build-binaries").artifacts?.paths).toEqual(["dist/"]);
  });

  it("are archives of all platforms in one directory", () => {
    const { steps } = githubJob("build-platform");
    const upload = steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    const download = githubJob("join").steps.find(({ uses }) =>
      uses?.startsWith("actions/download-artifact@"),
    );
    expect(upload?.with).toMatchObject({
      name: `image-${expression("strategy.job-index")}`,
      path: "images/",
    });
    expect(download?.with).toEqual({ pattern: "image-*", path: "images", "merge-multiple": true });
    for (const name of ["build-platform-amd64", "build-platform-arm64"])
      expect(gitlabJob(name).artifacts?.paths).toEqual(["images/"]);
  });

  it.each(signedIn)("are the outputs of %s", (name) => {
    const { steps, outputs = {} } = githubJob(name);
    const last = steps.at(-1);
    expect(last?.run).toMatch(/ --format Dotenv >> "\$GITHUB_OUTPUT"$/);
    expect(Object.values(outputs)).toContain(expression(`steps.${last?.id}.outputs.VERSION`));
    const { script, artifacts } = gitlabJob(name);
    expect(script.at(-1)?.endsWith(`--format Dotenv > ${artifacts?.reports?.dotenv}`)).toBe(true);
  });

  it.each(signedIn)("is the report of %s, for people", (name) => {
    expect(githubJob(name).steps.at(-2)?.run).toMatch(/ >> "\$GITHUB_STEP_SUMMARY"$/);
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
