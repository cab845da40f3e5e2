import { beforeAll, describe, expect, it } from "vitest";
import { address } from "./support/address.js";
import {
  byDigest,
  githubCommands,
  gitlabCommands,
  goJobs,
  readGithubWorkflow,
  readGitlabPipeline,
  workOf,
} from "./support/ci-files.js";
import { expression, gitlabNames } from "./support/ci-release.js";
import { type Grammar, parseCommand } from "./support/command.js";
import { readContract } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";

const gitlab = readGitlabPipeline();
const github = readGithubWorkflow();
const jobs = [
  "build-ci-image",
  "publish-ci-image",
  "setup",
  "check-cache-key",
  "lint",
  "test",
  "build",
] as const;

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

function commandsOf(job: string): Record<"gitlab" | "github", string[]> {
  const onGitlab = gitlab.jobs[job];
  const onGithub = github.jobs[job];
  if (onGitlab === undefined || onGithub === undefined) throw new Error(`no job ${job}`);
  return { gitlab: gitlabCommands(onGitlab), github: githubCommands(onGithub) };
}

/** What a variable is where no input is passed. */
function defaultOf(value: string): string {
  const [, name] = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value) ?? [];
  return name === undefined ? value : (github.called.inputs?.[name]?.default ?? "");
}

describe("both pipelines", () => {
  it("have the same jobs", () => {
    expect(Object.keys(gitlab.jobs)).toEqual([...jobs, ...gitlabNames]);
    expect(Object.keys(github.jobs).sort()).toEqual(jobs.toSorted());
  });

  it.each(jobs)("run nothing in %s but one call that the module understands, the same on both", (job) => {
    const commands = commandsOf(job);
    expect(commands.gitlab).toHaveLength(1);
    expect(commands.github).toHaveLength(1);
    const [onGitlab, onGithub] = [commands.gitlab, commands.github].map(([command = ""]) =>
      parseCommand(command, grammar),
    );
    expect(onGitlab?.options.source).toHaveLength(1);
    expect(onGithub && workOf(onGithub)).toEqual(onGitlab && workOf(onGitlab));
  });

  it.each(goJobs)("run %s in the pinned image with the module cache", (job) => {
    for (const [command = ""] of Object.values(commandsOf(job))) {
      const { options, chain } = parseCommand(command, grammar);
      expect(options.source).toEqual(["$GO_PROJECT"]);
      const { "path-prefix": prefix, ...given } = chain[1]?.options ?? {};
      expect(given).toEqual({ "ci-image": ["$CI_IMAGE"], "module-cache": [".go-mod-cache"] });
      // What platforms read has the paths of the repository.
      expect(prefix).toEqual(["lint", "test"].includes(job) ? ["$GO_PROJECT"] : undefined);
    }
  });

  it("install the same Dagger CLI, and call the same module with the same engine", () => {
    const { lint } = gitlab.jobs;
    const { MODULE, ...env } = github.env;
    const resolved = Object.entries(env).map(([name, value]) => [name, defaultOf(value)]);
    const shared = Object.entries(lint?.variables ?? {}).filter(([name]) => !/^DOCKER_|_MODULE$/.test(name));
    expect(Object.fromEntries(resolved)).toEqual(Object.fromEntries(shared));
    expect(MODULE).toBe(expression("inputs.module"));
    expect(github.called.inputs?.module).not.toHaveProperty("default");
    expect(gitlab.inputs.module?.default).toBe(`github.com/${address.repository}@v${address.version}`);
  });

  it("check the Dagger CLI of each architecture by a SHA-256 of its version", () => {
    const { DAGGER_SHA256 = "", DAGGER_VERSION } = gitlab.jobs.lint?.variables ?? {};
    const lines = DAGGER_SHA256.trim().split("\n");
    expect(lines.map((line) => line.replace(/^[0-9a-f]{64} {2}/, ""))).toEqual([
      `dagger_v${DAGGER_VERSION}_linux_amd64.tar.gz`,
      `dagger_v${DAGGER_VERSION}_linux_arm64.tar.gz`,
    ]);
    const preparations = [
      ...Object.values(gitlab.jobs).map(({ before_script: script }) => script.join("\n")),
      ...Object.values(github.jobs).map(({ steps }) => steps[1]?.run ?? ""),
    ];
    for (const script of preparations) {
      expect(script).toMatch(/sha256sum -c SHA256[\s\S]*\btar -xzf/);
      expect(script).not.toMatch(/\|\s*(ba)?sh\b/);
    }
  });

  it("take the engine by digest", () => {
    expect(String(gitlab.inputs.engine?.default).replace(/^image:\/\//, "")).toMatch(byDigest);
  });

  it("say of every input what it is", () => {
    const inputs = [...Object.entries(gitlab.inputs), ...Object.entries(github.called.inputs ?? {})];
    expect(inputs.map(([name]) => name)).toContain("ci_image");
    expect(inputs.filter(([, { description }]) => !/^[A-Z].*\.$/.test(description))).toEqual([]);
  });

  it("use no variable that neither they nor the platform define", () => {
    const used = (text: string) =>
      [...text.matchAll(/\$\{?(\w+)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !["archive", "scratch", "module"].includes(name));
    const scripts = (job: string) => commandsOf(job);
    const onGitlab = [
      ...jobs.flatMap((job) => gitlab.jobs[job]?.before_script ?? []),
      ...jobs.flatMap((job) => scripts(job).gitlab),
      ...jobs.flatMap((job) => gitlab.jobs[job]?.rules.map((rule) => rule.if) ?? []),
    ];
    const onGithub = Object.values(github.jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run = "", env = {} }) => used(run).filter((name) => !(name in env))),
    );
    const variables = gitlab.jobs.lint?.variables ?? {};
    const gitlabDefines =
      /^CI_(COMMIT_BRANCH|COMMIT_TAG|DEFAULT_BRANCH|PIPELINE_SOURCE|PROJECT_DIR|REGISTRY(_USER|_PASSWORD)?)$/;
    const githubDefines =
      /^(GITHUB_(ACTOR|ENV|OUTPUT|STEP_SUMMARY)|ACTIONS_ID_TOKEN_REQUEST_(TOKEN|URL)|RUNNER_TEMP)$/;
    const undefinedNames = [
      ...onGitlab.flatMap(used).filter((name) => !(name in variables) && !gitlabDefines.test(name)),
      ...onGithub.filter((name) => !(name in github.env) && !githubDefines.test(name)),
    ];
    expect(undefinedNames).toEqual([]);
  });
});
