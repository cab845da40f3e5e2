import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type GithubCall,
  type GithubWorkflow,
  githubCommands,
  gitlabCommands,
  parseGithubWorkflow,
  readGithubWorkflow,
  readGitlabPipeline,
} from "./support/ci-files.js";
import { type Grammar, parseCommand } from "./support/command.js";
import { readContract, root } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import { githubEvents, jobsOfRun } from "./support/github-events.js";
import { gitlabEvents, jobsOfPipeline } from "./support/gitlab-events.js";
import type { InputValue } from "./support/gitlab-template.js";
import { documentedFiles } from "./support/markdown.js";

interface Include {
  local?: string;
  remote?: string;
  component?: string;
  rules?: { if: string }[];
  inputs?: Record<string, InputValue>;
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const shown = (page: string) => documentedFiles(read(page), "yaml");
const isGithub = (text: string) => text.startsWith("name: ");
const includesOf = (text: string) => (parse(text, { merge: true }) as { include: Include[] }).include;

const github = shown("README.md").filter(isGithub);
const gitlab = shown("README.md").filter((text) => text.startsWith("include:"));
const caller = parseGithubWorkflow(github[0] ?? "");
const inputs = includesOf(gitlab[0] ?? "")[0]?.inputs ?? {};

/** The functions that they call. */
const checks = ["lint-report", "module-cache", "test-report"];
const pullRequest = ["build", "check-cache-key", ...checks, "verify-ci-image"];
const release = ["build", "lint-report", "module-cache", "plan", "release", "test-report"];

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

/** The functions that commands call, each once. */
function functionsOf(commands: readonly string[]): string[] {
  const names = commands.flatMap((command) =>
    parseCommand(command, grammar)
      .chain.map(({ name }) => name)
      .filter((name) => !["with-registry-auth", "export"].includes(name)),
  );
  return [...new Set(names)].sort();
}

const onGithub = (workflow: GithubWorkflow, event: keyof typeof githubEvents, vars = {}) =>
  functionsOf(
    jobsOfRun(workflow, { event: githubEvents[event], vars }).flatMap(({ job }) => githubCommands(job)),
  );

function onGitlab(given: Record<string, InputValue>, event: keyof typeof gitlabEvents): string[] {
  const pipeline = readGitlabPipeline(given);
  const names = jobsOfPipeline(pipeline, gitlabEvents[event]);
  return functionsOf(names.flatMap((name) => gitlabCommands(pipeline.jobs[name] as never)));
}

describe("the callers of the README", () => {
  it("are one for each platform, of at most 20 lines, and those of docs/ci.md", () => {
    expect([github.length, gitlab.length]).toEqual([1, 1]);
    for (const text of [...github, ...gitlab]) {
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
      expect(shown("docs/ci.md")).toContain(text);
    }
  });

  it.each<[keyof typeof githubEvents, keyof typeof gitlabEvents, string[]]>([
    ["pullRequest", "mergeRequest", pullRequest],
    ["main", "main", release],
    ["version", "version", release],
  ])("call the same for %s and %s, which the README explains", (event, counterpart, functions) => {
    expect(onGithub(caller, event)).toEqual(functions);
    expect(onGitlab(inputs, counterpart)).toEqual(functions);
    const explained = read("README.md");
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(explained))).toEqual([]);
  });

  it.each<[keyof typeof gitlabEvents, string[]]>([
    ["branch", []],
    ["schedule", checks],
    ["preRelease", []],
    ["preReleaseByHand", release],
    ["otherTag", []],
  ])("call nothing for %s that is not meant", (event, functions) => {
    expect(onGitlab(inputs, event)).toEqual(functions);
  });

  it("leave pre-releases to a run by hand on GitHub as well", () => {
    expect(caller.on.push).toEqual({ branches: ["main"], tags: ["v*", "!v*-*"] });
  });

  it.each(["lint", "test"])("release nothing where %s fails", (failing) => {
    const run = { event: githubEvents.version, failing: [failing] };
    const ran = jobsOfRun(caller, run).map(({ path }) => path);
    expect(ran).toContain(`release / checks / ${failing}`);
    expect(ran).toContain("release / build-binaries");
    expect(ran).not.toContain("release / release");
  });

  it("name jobs by what calls them", () => {
    const ran = jobsOfRun(caller, { event: githubEvents.pullRequest }).map(({ path }) => path);
    expect(ran).toEqual(
      ["build-ci-image", "setup", "check-cache-key", "lint", "test", "build"].map((job) => `ci / ${job}`),
    );
  });
});

describe("a caller with another choice", () => {
  const source = parseGithubWorkflow((github[0] ?? "").replace("from: binaries", "from: source"));
  const joined = [
    "build-platform",
    "dependency-cache",
    "join",
    "lint-report",
    "module-cache",
    "plan",
    "test-report",
  ];

  it("builds from source, on both", () => {
    expect(onGithub(source, "main")).toEqual(joined);
    expect(onGitlab({ ...inputs, release_from: "source" }, "main")).toEqual(joined);
  });

  it("releases a project in another language, and waits for nothing of Go", () => {
    const text = (github[0] ?? "").replace("from: binaries", "from: source\n      skip_checks: true");
    const unchecked = joined.filter((name) => !/-report|module-cache/.test(name));
    expect(onGithub(parseGithubWorkflow(text), "main")).toEqual(unchecked);
    expect(onGitlab({ ...inputs, release_from: "source", skip_checks: true }, "main")).toEqual(unchecked);
    expect(onGitlab({ ...inputs, release_from: "source", skip_checks: true }, "mergeRequest")).toEqual([]);
  });

  it("checks branches where a project has no pipelines of merge requests", () => {
    const given = { ...inputs, branch_pipelines: true };
    expect(onGitlab(given, "branch")).toEqual(pullRequest);
    expect(onGitlab(given, "mergeRequest")).toEqual([]);
    expect(onGitlab(given, "main")).toEqual(release);
  });

  it("publishes the CI image from the default branch", () => {
    expect(onGitlab({ publish_ci_image: true }, "main")).toContain("publish-ci-image");
    expect(onGitlab({ publish_ci_image: true }, "mergeRequest")).not.toContain("publish-ci-image");
    expect(onGitlab({}, "main")).not.toContain("publish-ci-image");
  });
});

const callers: [string, GithubWorkflow][] = [
  ["the README", caller],
  ["pipeline.yml", readGithubWorkflow("pipeline.yml")],
];

describe.each(callers)("the GitHub caller of %s", (_, { calls }) => {
  it.each(Object.entries(calls))("passes to %s what it takes, and grants what it asks for", (_job, call) => {
    const called = readGithubWorkflow(call.uses.split("@")[0]?.split("/").at(-1));
    const declared = called.called.inputs ?? {};
    expect(Object.keys(declared)).toEqual(expect.arrayContaining(Object.keys(call.with ?? {})));
    expect(Object.keys(called.called.secrets ?? {})).toEqual(
      expect.arrayContaining(Object.keys(call.secrets ?? {})),
    );
    const required = Object.keys(declared).filter((name) => declared[name]?.required);
    expect(Object.keys(call.with ?? {})).toEqual(expect.arrayContaining(required));
    expect(missingRights(call, called)).toEqual([]);
  });
});

describe("the GitLab pipeline of this repository", () => {
  const own = includesOf(read(".gitlab-ci.yml"));

  it("includes its own template, once for each choice", () => {
    expect(
      own.map(({ local, rules, inputs: given }) => [local, rules?.[0]?.if, given?.release_from]),
    ).toEqual([
      ["templates/pipeline.yml", "$RELEASE_FROM == null", undefined],
      ["templates/pipeline.yml", '$RELEASE_FROM == "binaries"', "binaries"],
      ["templates/pipeline.yml", '$RELEASE_FROM == "source"', "source"],
    ]);
  });

  it("gives it stages that it has", () => {
    const { stages } = parse(read(".gitlab-ci.yml"), { merge: true }) as { stages: string[] };
    for (const { inputs: given } of own)
      for (const { stage } of Object.values(readGitlabPipeline(given).jobs)) expect(stages).toContain(stage);
  });

  it("calls what that of GitHub calls", () => {
    const pipeline = readGithubWorkflow("pipeline.yml");
    for (const { inputs: given = {} } of own) {
      const vars = { RELEASE_FROM: String(given.release_from ?? "") };
      expect(onGithub(pipeline, "main", vars)).toEqual(onGitlab(given, "main"));
      expect(onGithub(pipeline, "pullRequest", vars)).toEqual(onGitlab(given, "mergeRequest"));
    }
  });
});

const strength = { read: 1, write: 2 } as Record<string, number>;

/** What jobs of a workflow ask for, at most. GitHub refuses a call that does not grant it. */
function rightsAskedFor({ permissions, jobs, calls }: GithubWorkflow): Record<string, string> {
  const asked = [permissions, ...Object.values({ ...jobs, ...calls }).map((job) => job.permissions ?? {})];
  const pairs = asked.flatMap((rights) => Object.entries(rights));
  return Object.fromEntries(pairs.sort(([, a], [, b]) => (strength[a] ?? 0) - (strength[b] ?? 0)));
}

function missingRights({ permissions }: GithubCall, called: GithubWorkflow): string[] {
  return Object.entries(rightsAskedFor(called))
    .filter(([name, right]) => (strength[permissions[name] ?? ""] ?? 0) < (strength[right] ?? 0))
    .map(([name, right]) => `${name}: ${right}`);
}
