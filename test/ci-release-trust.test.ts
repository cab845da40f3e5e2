import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGithubWorkflow } from "./support/ci-files.js";
import {
  expression,
  github,
  githubJob,
  gitlab,
  gitlabJob,
  gitlabNames,
  signedIn,
} from "./support/ci-release.js";
import { type GitRepository, makeGitRepository } from "./support/git-repository.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";

const stepsOf = (name: string) => githubJob(name).steps;
const preparationOf = (name: string) => gitlabJob(name).before_script ?? [];

describe("a release of GitLab", () => {
  const computed = preparationOf("build-binaries").at(-1) ?? "";
  let repository: GitRepository;

  beforeAll(async () => {
    repository = await makeGitRepository();
    // As the runner leaves it: HEAD detached at main, with the remote branch, a tag there and an older one.
    await repository.run(
      [
        "git commit --quiet --allow-empty --message=1",
        "git tag v1.2.2",
        "git commit --quiet --allow-empty --message=2",
        "git tag --annotate --message=1.2.3 v1.2.3",
        "git update-ref refs/remotes/origin/main HEAD",
        "git checkout --quiet --detach",
        "git commit --quiet --allow-empty --message=aside",
        "git tag aside",
        "git checkout --quiet v1.2.3",
      ].join(" && "),
    );
  });

  afterAll(() => repository.remove());

  const decide = (variables: Record<string, string>, at = "v1.2.3") =>
    repository.run(
      `set -eu; git checkout --quiet ${at}\n${computed}\necho "$REF $FROM_TAG $([ "$REVISION" = "$(git rev-parse HEAD)" ] && echo HEAD)"`,
      { CI_COMMIT_TAG: "", CI_COMMIT_BRANCH: "", ...variables },
    );

  it.each<[string, Record<string, string>, string]>([
    ["a branch", { CI_COMMIT_BRANCH: "main" }, "refs/heads/main false HEAD"],
    ["a tag", { CI_COMMIT_TAG: "v1.2.3" }, "refs/tags/v1.2.3 true HEAD"],
    [
      "a branch, whatever a manual variable says",
      { CI_COMMIT_BRANCH: "main", REF: "refs/tags/v9.9.9", FROM_TAG: "true", REVISION: "0".repeat(40) },
      "refs/heads/main false HEAD",
    ],
    [
      "a tag, whatever a manual variable says",
      { CI_COMMIT_TAG: "v1.2.3", REF: "refs/heads/main", FROM_TAG: "false", CI_COMMIT_SHA: "0".repeat(40) },
      "refs/tags/v1.2.3 true HEAD",
    ],
  ])("is of %s", async (_, variables, released) => {
    expect(await decide(variables)).toBe(`${released}\n`);
  });

  it("is of an older commit of the branch, where its pipeline runs again", async () => {
    expect(await decide({ CI_COMMIT_BRANCH: "main" }, "v1.2.2")).toBe("refs/heads/main false HEAD\n");
  });

  it.each<[string, Record<string, string>, string]>([
    ["a tag that is not there", { CI_COMMIT_TAG: "v9.9.9" }, "v1.2.3"],
    ["a tag of another commit", { CI_COMMIT_TAG: "v1.2.2" }, "v1.2.3"],
    ["a branch that is not there", { CI_COMMIT_BRANCH: "other" }, "v1.2.3"],
    ["a branch that does not hold the commit", { CI_COMMIT_BRANCH: "main" }, "aside"],
    ["no ref at all", {}, "v1.2.3"],
  ])("is refused for %s, where a manual variable says so", async (_, variables, at) => {
    await expect(decide(variables, at)).rejects.toThrow(
      /refs\/\S*: does not lead to [0-9a-f]{40}, which this pipeline checked out\. Run a new pipeline/,
    );
  });

  it.each(gitlabNames)("is decided by the shell in %s, before anything is called", (name) => {
    expect(preparationOf(name)).toContain(computed);
    expect(computed).toMatch(/^REVISION=/);
  });

  it("has no variable that could be taken for the decision", () => {
    expect(gitlab.text).not.toMatch(/^ +(REF|FROM_TAG|REVISION):/m);
  });
});

describe("who is signed in", () => {
  it.each(signedIn)("is the job %s alone, on a runner that is kept as well", (name) => {
    const signIn = stepsOf(name).find((step) => step.name === "Sign in to the registries")?.run ?? "";
    // The runner empties that directory at the beginning and at the end of each job.
    expect(signIn).toMatch(/^export DOCKER_CONFIG="\$RUNNER_TEMP\/docker"\n[\s\S]*docker login/);
    expect(signIn).toContain('echo "DOCKER_CONFIG=$DOCKER_CONFIG" >> "$GITHUB_ENV"');
    const login = preparationOf(name).find((script) => script.includes("docker login")) ?? "";
    expect(login).toMatch(/^export DOCKER_CONFIG="\$scratch\/docker"\n[\s\S]*docker login/);
  });

  it("leaves nothing on a runner of GitLab, and uses nothing that another user of the machine has put there", () => {
    const { path } = makeTemporaryDirectory();
    const project = join(path, "project");
    const others = join(path, "others");
    for (const directory of [project, others, `${project}.tmp`]) mkdirSync(directory);
    writeFileSync(join(others, "report.md"), "");
    symlinkSync(others, `${project}.tmp/slipway`);
    for (const name of signedIn) {
      const lines = preparationOf(name).flat();
      const prepared = lines.slice(
        0,
        lines.findIndex((line) => line.startsWith("apk ")),
      );
      const run = (script: readonly string[]) =>
        execFileSync("sh", ["-ec", script.join("\n")], { env: { ...process.env, CI_PROJECT_DIR: project } });
      run([...prepared, 'echo mine > "$scratch/report.md"']);
      expect(statSync(`${project}.tmp/slipway`).mode & 0o777).toBe(0o700);
      run(gitlabJob(name).after_script ?? []);
      expect(readdirSync(`${project}.tmp`)).toEqual([]);
    }
    expect(readFileSync(join(others, "report.md"), "utf8")).toBe("");
  });

  it("is read from there, and never from the home of the runner", () => {
    for (const text of [github.text, gitlab.text]) {
      expect(text).not.toMatch(/\$HOME|~\//);
      expect(text.match(/--docker-config "file:\/\/\$DOCKER_CONFIG\/config\.json"/g)).toHaveLength(3);
    }
  });

  it.each([
    ["ci.yml", readGithubWorkflow("ci.yml").text],
    ["release.yml", github.text],
    ["templates/pipeline.yml", gitlab.text],
  ])("uses no file that others on the machine could swap (%s)", (_, text) => {
    expect(text).not.toContain("/tmp/");
  });
});

describe("what a release takes from other jobs", () => {
  it("is no compiler's cache of the engine", () => {
    for (const text of [github.text, gitlab.text]) {
      const builds = text.match(/^ +build --ci-image .*$/gm) ?? [];
      const released = builds.filter((line) => line.includes("--release="));
      expect(released.map((line) => line.includes(" --isolated "))).toEqual([true]);
    }
  });

  it("is no module cache, on both platforms", () => {
    const texts = [
      github.text,
      ...gitlabNames.map((name) => JSON.stringify({ ...gitlabJob(name), before_script: [] })),
    ];
    expect(texts.filter((text) => text.includes("go-mod-cache"))).toEqual([]);
  });

  it("is on GitHub a cache of runs of the main branch, and for a version none, nor does one leave any", () => {
    const caches = Object.entries(github.jobs).flatMap(([name, { steps }]) =>
      steps
        .filter(({ uses }) => uses?.startsWith("actions/cache"))
        .map(({ uses, if: condition, with: inputs }) => [name, uses?.split("@")[0], condition, inputs?.key]),
    );
    const key = `${expression("inputs.prefix")}dependencies-${expression("matrix.platform")}-${expression("hashFiles('.cache-key')")}`;
    const isBranch = "inputs.dependency_cache && env.FROM_TAG == 'false'";
    expect(caches).toEqual([
      ["build-platform", "actions/cache/restore", isBranch, key],
      [
        "build-platform",
        "actions/cache/save",
        `${isBranch} && steps.dependencies.outputs.cache-hit != 'true'`,
        key,
      ],
    ]);
    expect(github.text).not.toContain("restore-keys");
  });

  it("is on GitLab a cache of the same ref, apart from those of merge requests, and for a version none", () => {
    const caches = gitlabNames.flatMap((name) => {
      const { cache } = gitlabJob(name);
      return cache === undefined ? [] : [[name, cache.key]];
    });
    const own = { files: [".cache-key"], prefix: "$CI_JOB_NAME-$CI_COMMIT_REF_SLUG" };
    const builds = ["build-platform-amd64", "build-platform-arm64"];
    expect(caches).toEqual(builds.map((name) => [name, own]));
    for (const name of builds)
      expect(preparationOf(name).at(-2)).toBe('if [ "$FROM_TAG" = true ]; then rm -rf .dependency-cache; fi');
    expect(gitlab.text).not.toMatch(/unprotect|fallback_keys|CACHE_FALLBACK_KEY/);
  });
});
