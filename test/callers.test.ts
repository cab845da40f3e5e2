import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { callersOf, functionsOnGithub, functionsOnGitlab, readCallers } from "./support/callers.js";
import {
  type GithubCall,
  type GithubWorkflow,
  parseGithubWorkflow,
  readGithubWorkflow,
  readGitlabPipeline,
} from "./support/ci-files.js";
import type { Grammar } from "./support/command.js";
import { readContract, root } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import { githubEvents, jobsOfRun } from "./support/github-events.js";
import { gitlabEvents, jobsOfPipeline } from "./support/gitlab-events.js";

const shown = callersOf("README.md");
const { github: caller, gitlab: inputs } = readCallers();

/** The functions that they call. */
const checks = ["lint-report", "module-cache", "test-report"];
const pullRequest = ["build", "check-cache-key", ...checks, "verify-ci-image"];
const release = ["build", "lint-report", "module-cache", "plan", "release", "test-report"];

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

describe("the callers of the README", () => {
  it("are one for each platform, of at most 20 lines, and those of docs/ci.md", () => {
    expect([shown.github.length, shown.gitlab.length]).toEqual([1, 1]);
    expect(callersOf("docs/ci.md")).toEqual(shown);
    for (const text of [...shown.github, ...shown.gitlab])
      expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
  });

  it.each<[keyof typeof githubEvents, keyof typeof gitlabEvents, string[]]>([
    ["pullRequest", "mergeRequest", pullRequest],
    ["main", "main", release],
    ["version", "version", release],
  ])("call the same for %s and %s, which the README explains", (event, counterpart, functions) => {
    expect(functionsOnGithub(grammar, caller, event)).toEqual(functions);
    expect(functionsOnGitlab(grammar, inputs, counterpart)).toEqual(functions);
    const explained = readFileSync(join(root, "README.md"), "utf8");
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(explained))).toEqual([]);
  });

  it.each<[keyof typeof gitlabEvents, string[]]>([
    ["branch", []],
    ["schedule", checks],
    ["preRelease", []],
    ["preReleaseByHand", release],
    ["otherTag", []],
  ])("call nothing for %s that is not meant", (event, functions) => {
    expect(functionsOnGitlab(grammar, inputs, event)).toEqual(functions);
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
  const [github = ""] = shown.github;
  const source = parseGithubWorkflow(github.replace("from: binaries", "from: source"));
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
    expect(functionsOnGithub(grammar, source, "main")).toEqual(joined);
    expect(functionsOnGitlab(grammar, { ...inputs, release_from: "source" }, "main")).toEqual(joined);
  });

  it("releases a project in another language, and waits for nothing of Go", () => {
    const text = github.replace("from: binaries", "from: source\n      skip_checks: true");
    const unchecked = joined.filter((name) => !/-report|module-cache/.test(name));
    expect(functionsOnGithub(grammar, parseGithubWorkflow(text), "main")).toEqual(unchecked);
    expect(
      functionsOnGitlab(grammar, { ...inputs, release_from: "source", skip_checks: true }, "main"),
    ).toEqual(unchecked);
    expect(
      functionsOnGitlab(grammar, { ...inputs, release_from: "source", skip_checks: true }, "mergeRequest"),
    ).toEqual([]);
  });

  it("checks branches where a project has no pipelines of merge requests", () => {
    const given = { ...inputs, branch_pipelines: true };
    expect(functionsOnGitlab(grammar, given, "branch")).toEqual(pullRequest);
    expect(functionsOnGitlab(grammar, given, "mergeRequest")).toEqual([]);
    expect(functionsOnGitlab(grammar, given, "main")).toEqual(release);
  });

  it("publishes the CI image from the default branch", () => {
    expect(functionsOnGitlab(grammar, { publish_ci_image: true }, "main")).toContain("publish-ci-image");
    expect(functionsOnGitlab(grammar, { publish_ci_image: true }, "mergeRequest")).not.toContain(
      "publish-ci-image",
    );
    expect(functionsOnGitlab(grammar, {}, "main")).not.toContain("publish-ci-image");
  });
});

describe("a caller with binaries of its own", () => {
  const text = readFileSync(join(root, "examples/rust-prebuilt/.github/workflows/slipway.yml"), "utf8");
  const own = parseGithubWorkflow(text);

  it("has them released, and nothing else built or checked", () => {
    const ran = jobsOfRun(own, { event: githubEvents.version }).map(({ path }) => path);
    expect(ran).toEqual(["build", "release / prepare", "release / release"]);
  });

  it.each(["build", "prepare"])("releases nothing where %s fails", (failing) => {
    const ran = jobsOfRun(own, { event: githubEvents.version, failing: [failing] }).map(({ path }) => path);
    expect(ran).not.toContain("release / release");
  });

  it("names the artifact that its job leaves, which has no right but to read", () => {
    const { build } = own.jobs;
    const upload = build?.steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    expect(upload?.with).toMatchObject({ name: own.calls.release?.with?.artifact, path: "dist.tar" });
    expect(build?.permissions).toEqual({ contents: "read" });
  });

  it("takes no artifact for the way from source", () => {
    const other = parseGithubWorkflow(text.replace("from: binaries", "from: source"));
    const ran = jobsOfRun(other, { event: githubEvents.version }).map(({ path }) => path);
    expect(ran).toEqual(["build", ...["prepare", "build-platform", "join"].map((job) => `release / ${job}`)]);
  });

  it("puts a job of its own in the place of the template's, without a Docker service", () => {
    const given = parse(readFileSync(join(root, "examples/rust-prebuilt/.gitlab-ci.yml"), "utf8"));
    const [{ inputs: passed }] = given.include;
    const job = "slipway-build-binaries";
    const pipeline = readGitlabPipeline({ prefix: "slipway-", ...passed });
    expect(Object.keys(given)).toEqual(["include", job]);
    expect(jobsOfPipeline(pipeline, gitlabEvents.version)).toEqual([
      "slipway-prepare",
      job,
      "slipway-release",
    ]);
    const { image, services, before_script, script } = given[job];
    expect([image, services, before_script]).toEqual([expect.stringMatching(/^rust:/), [], []]);
    expect(script).toBe("./cross-build.sh");
    expect(pipeline.jobs[job]?.artifacts?.paths).toEqual(["dist/"]);
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
