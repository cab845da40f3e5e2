import { beforeAll, describe, expect, it } from "vitest";
import {
  githubCommands,
  gitlabCommands,
  readGithubWorkflow,
  readGitlabPipeline,
} from "./support/ci-files.js";
import { type Command, type Grammar, parseCommand } from "./support/command.js";
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
const goJobs: readonly string[] = ["setup", "lint", "test", "build"];
const byDigest = /^[^@\s]+:[^@\s]+@sha256:[0-9a-f]{64}$/;

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

/** What a command does, whatever the platform calls its registry, its user and its token. */
function workOf(command: Command): unknown {
  const { source } = command.options;
  const { "github-token": _, ...options } = command.options;
  const chain = command.chain.filter(({ name }) => name !== "with-registry-auth");
  return { source, options, chain, signsIn: chain.length < command.chain.length };
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
      [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name).filter((name) => name !== "archive");
    const scripts = (job: string) => commandsOf(job);
    const onGitlab = [
      ...gitlab.default.before_script,
      ...jobs.flatMap((job) => scripts(job).gitlab),
      ...Object.values(gitlab.jobs).flatMap(({ rules = [] }) => rules.map((rule) => rule.if)),
    ];
    const onGithub = Object.values(github.jobs).flatMap(({ steps }) => steps.map(({ run = "" }) => run));
    const gitlabDefines = /^CI_(COMMIT_BRANCH|DEFAULT_BRANCH|PIPELINE_SOURCE|REGISTRY(_USER|_PASSWORD)?)$/;
    const undefinedNames = [
      ...onGitlab
        .flatMap(used)
        .filter((name) => !(name in gitlab.variables) && !gitlabDefines.test(name) && name !== optIn),
      ...onGithub.flatMap(used).filter((name) => !(name in github.env) && name !== "GITHUB_ACTOR"),
    ];
    expect(undefinedNames).toEqual([]);
  });
});

/** What a project sets once it wants its CI image published. */
const optIn = "PUBLISH_CI_IMAGE";

describe("the GitLab pipeline", () => {
  const { image, services } = gitlab.default;

  it("takes its images by digest, client and daemon of one version", () => {
    const [service] = services.map(({ name }) => name);
    expect(image).toMatch(byDigest);
    expect(service).toMatch(byDigest);
    const version = /^docker:([\d.]+)-/;
    expect(version.exec(image)?.[1]).toBe(version.exec(service ?? "")?.[1]);
  });

  it("speaks TLS with the Docker service", () => {
    expect(gitlab.variables).toMatchObject({
      DOCKER_HOST: "tcp://docker:2376",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_TLS_CERTDIR: "/certs",
      DOCKER_CERT_PATH: "/certs/client",
    });
  });

  it.each(goJobs)("keys the cache of %s by .cache-key alone", (job) => {
    expect(gitlab.jobs[job]?.cache).toEqual({
      key: { files: [".cache-key"] },
      paths: [".go-mod-cache/"],
      policy: job === "setup" ? "pull-push" : "pull",
    });
  });

  it("gives no other job a cache", () => {
    const cached = Object.entries(gitlab.jobs).filter(([, { cache }]) => cache !== undefined);
    expect(cached.map(([name]) => name).sort()).toEqual(goJobs.toSorted());
  });

  it("writes the cache, and publishes, in one job at a time", () => {
    const groups = Object.entries(gitlab.jobs).flatMap(([name, { resource_group: group }]) =>
      group === undefined ? [] : [[name, group]],
    );
    expect(groups).toEqual([
      ["publish-ci-image", "publish_ci_image"],
      ["setup", "cache_updates"],
    ]);
  });

  it("publishes on the default branch only, where it is wanted", () => {
    expect(gitlab.jobs["publish-ci-image"]?.rules).toEqual([
      { if: `$${optIn} == "true" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH` },
    ]);
  });

  it("keeps artifacts for 24 hours", () => {
    const artifacts = Object.values(gitlab.jobs).flatMap((job) => job.artifacts ?? []);
    expect(artifacts.length).toBeGreaterThan(0);
    expect(artifacts.filter(({ expire_in }) => expire_in !== "24 hours")).toEqual([]);
  });
});

describe("the GitHub workflow", () => {
  const steps = Object.values(github.jobs).flatMap((job) => job.steps);

  it("runs for pull requests with what forks get: no secret, and a token that reads", () => {
    expect(Object.keys(github.on).sort()).toEqual(["pull_request", "push"]);
    expect(github.text).not.toContain("secrets.");
    expect(github.permissions).toEqual({ contents: "read", packages: "read" });
  });

  it("writes packages in the job that publishes from main, and in no other", () => {
    const own = Object.entries(github.jobs).filter(([, { permissions }]) => permissions !== undefined);
    expect(own.map(([name, { permissions }]) => [name, permissions])).toEqual([
      ["publish-ci-image", { contents: "read", packages: "write" }],
    ]);
    expect(github.on.push).toEqual({ branches: ["main"] });
    expect(github.jobs["publish-ci-image"]).toMatchObject({
      if: `github.event_name == 'push' && vars.${optIn} == 'true'`,
      concurrency: { group: "publish-ci-image", "cancel-in-progress": false },
    });
  });

  it("takes actions by commit, with the version beside it", () => {
    const uses = github.text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("lets no expression reach a shell", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("leaves no credentials in the checkout", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts).toHaveLength(jobs.length);
    expect(checkouts.filter((step) => step.with?.["persist-credentials"] !== false)).toEqual([]);
  });

  it("prepares a job in two ways only", () => {
    expect(new Set(steps.flatMap(({ name }) => name ?? []))).toEqual(
      new Set([
        "Install the Dagger CLI",
        "Make the directory that --module-cache takes where there is no cache yet",
      ]),
    );
  });

  it("writes the module cache in setup only", () => {
    const caching = Object.entries(github.jobs).flatMap(([name, job]) =>
      job.steps.flatMap(({ uses, with: inputs }) =>
        uses?.startsWith("actions/cache") ? [[name, uses.split("@")[0], inputs?.key, inputs?.path]] : [],
      ),
    );
    const key = `go-modules-\${{ hashFiles('.cache-key') }}`;
    expect(caching).toEqual(
      goJobs.map((job) => [
        job,
        job === "setup" ? "actions/cache" : "actions/cache/restore",
        key,
        ".go-mod-cache",
      ]),
    );
  });

  it("ends by itself", () => {
    const minutes = Object.values(github.jobs).map((job) => job["timeout-minutes"]);
    expect(minutes.filter((limit) => !(limit > 0 && limit <= 60))).toEqual([]);
  });

  it("keeps artifacts for a day", () => {
    const uploads = steps.filter(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
    expect(uploads.length).toBeGreaterThan(0);
    expect(uploads.filter((step) => step.with?.["retention-days"] !== 1)).toEqual([]);
  });
});
