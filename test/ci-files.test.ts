import { beforeAll, describe, expect, it } from "vitest";
import {
  byDigest,
  githubCommands,
  gitlabCommands,
  goJobs,
  optIn,
  readGithubWorkflow,
  readGitlabPipeline,
  workOf,
} from "./support/ci-files.js";
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

describe("both pipelines", () => {
  it("have the same jobs", () => {
    expect(Object.keys(gitlab.jobs).sort()).toEqual(jobs.toSorted());
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
      expect(chain[1]?.options).toEqual({ "ci-image": ["$CI_IMAGE"], "module-cache": [".go-mod-cache"] });
    }
  });

  it.each([
    ["gitlab", gitlab.text],
    ["github", github.text],
  ])("pin the CI image in one line (%s)", (_, text) => {
    expect(text.match(/^ {2}CI_IMAGE: "[^"]*"$/gm)).toHaveLength(1);
    expect(text.match(/CI_IMAGE:/g)).toHaveLength(1);
  });

  it("install the same Dagger CLI, and call the same module with the same engine", () => {
    const shared = Object.entries(gitlab.variables).filter(([name]) => !name.startsWith("DOCKER_"));
    expect(github.env).toEqual(Object.fromEntries(shared));
  });

  it("check the Dagger CLI of each architecture by a SHA-256 of its version", () => {
    const { DAGGER_SHA256 = "", DAGGER_VERSION } = gitlab.variables;
    const lines = DAGGER_SHA256.trim().split("\n");
    expect(lines.map((line) => line.replace(/^[0-9a-f]{64} {2}/, ""))).toEqual([
      `dagger_v${DAGGER_VERSION}_linux_amd64.tar.gz`,
      `dagger_v${DAGGER_VERSION}_linux_arm64.tar.gz`,
    ]);
    const preparations = [
      gitlab.default.before_script.join("\n"),
      ...Object.values(github.jobs).map(({ steps }) => steps[1]?.run ?? ""),
    ];
    for (const script of preparations) {
      expect(script).toMatch(/sha256sum -c SHA256[\s\S]*\btar -xzf/);
      expect(script).not.toMatch(/\|\s*(ba)?sh\b/);
    }
  });

  it("take the engine by digest", () => {
    const host = gitlab.variables._EXPERIMENTAL_DAGGER_RUNNER_HOST ?? "";
    expect(host.replace(/^image:\/\//, "")).toMatch(byDigest);
  });

  it.each([
    ["gitlab", gitlab.text, gitlab.variables],
    ["github", github.text, github.env],
  ])("say of every variable what it is (%s)", (_, text, variables) => {
    const paragraphs = text.split("\n\n");
    const undocumented = Object.keys(variables).filter((name) => {
      const paragraph = paragraphs.find((lines) => lines.includes(`\n  ${name}:`)) ?? "";
      const [, comment = ""] = /^(?:\w+:\n)?((?: +#.*\n)*)/.exec(paragraph) ?? [];
      return comment === "";
    });
    expect(Object.keys(variables)).toContain("CI_IMAGE");
    expect(undocumented).toEqual([]);
  });

  it("use no variable that neither they nor the platform define", () => {
    const used = (text: string) =>
      [...text.matchAll(/\$\{?(\w+)/g)]
        .map(([, name = ""]) => name)
        .filter((name) => !["archive", "downloads"].includes(name));
    const scripts = (job: string) => commandsOf(job);
    const onGitlab = [
      ...gitlab.default.before_script,
      ...jobs.flatMap((job) => scripts(job).gitlab),
      ...Object.values(gitlab.jobs).flatMap(({ rules = [] }) => rules.map((rule) => rule.if)),
    ];
    const onGithub = Object.values(github.jobs).flatMap(({ steps }) => steps.map(({ run = "" }) => run));
    const gitlabDefines =
      /^CI_(COMMIT_BRANCH|COMMIT_TAG|DEFAULT_BRANCH|PIPELINE_SOURCE|REGISTRY(_USER|_PASSWORD)?)$/;
    const githubDefines = /^(GITHUB_(ACTOR|OUTPUT|STEP_SUMMARY)|RUNNER_TEMP)$/;
    const undefinedNames = [
      ...onGitlab
        .flatMap(used)
        .filter((name) => !(name in gitlab.variables) && !gitlabDefines.test(name) && name !== optIn),
      ...onGithub.flatMap(used).filter((name) => !(name in github.env) && !githubDefines.test(name)),
    ];
    expect(undefinedNames).toEqual([]);
  });
});
