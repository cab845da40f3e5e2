import { describe, expect, it } from "vitest";
import { readGithubWorkflow, readGitlabPipeline } from "./support/ci-files.js";
import {
  expression,
  github,
  githubJob,
  gitlab,
  gitlabJob,
  gitlabNames,
  publishing,
} from "./support/ci-release.js";
import { gitlabEvents, jobsOfPipeline, needsOf } from "./support/gitlab-events.js";

describe("the choice", () => {
  it("is between two ways that end in one job each, which waits for all before it", () => {
    const published = (built: string) =>
      expression(`!cancelled() && ${built} && (needs.checks.result == 'success' || inputs.skip_checks)`);
    const own = "needs.build-binaries.result == 'success'";
    const given = "inputs.from == 'binaries' && inputs.artifact && needs.prepare.result == 'success'";
    expect(Object.entries(github.jobs).map(([name, job]) => [name, job.if, job.needs])).toEqual([
      ["prepare", undefined, undefined],
      ["build-binaries", "inputs.from == 'binaries' && !inputs.artifact", "prepare"],
      ["release", published(`(${own} || ${given})`), ["prepare", "checks", "build-binaries"]],
      ["build-platform", "inputs.from == 'source'", "prepare"],
      [
        "join",
        published("needs.build-platform.result == 'success'"),
        ["prepare", "checks", "build-platform"],
      ],
    ]);
  });

  it("publishes nothing that does not pass lint and test of its own commit", () => {
    const { with: passed, ...checks } = github.calls.checks ?? {};
    expect(checks).toEqual({
      needs: "prepare",
      if: expression("!inputs.skip_checks"),
      permissions: { contents: "read", packages: "write", "id-token": "write" },
      uses: "./.github/workflows/ci.yml",
    });
    const shared = Object.keys(readGithubWorkflow().called.inputs ?? {}).filter(
      (name) => name in (github.called.inputs ?? {}) && name !== "skip_checks",
    );
    expect(passed).toEqual({
      ...Object.fromEntries(shared.map((name) => [name, expression(`inputs.${name}`)])),
      commit: expression("needs.prepare.outputs.commit"),
    });
    for (const name of publishing) {
      expect(needsOf(gitlabJob(name))).toEqual(
        expect.arrayContaining(["lint", "test"].map((job) => ({ job, optional: false }))),
      );
      expect(gitlabJob(name).rules.flatMap(({ when }) => when ?? [])).not.toContain("always");
    }
    for (const name of ["setup", "lint", "test"])
      expect(gitlab.jobs[name]).not.toHaveProperty("allow_failure");
  });

  it.each([
    ["binaries", "release"],
    ["source", "join"],
  ] as const)(
    "of %s is checked on GitLab, unless it is said that there is nothing to check",
    (from, last) => {
      const pipeline = readGitlabPipeline({ release_from: from, skip_checks: true });
      expect(jobsOfPipeline(pipeline, gitlabEvents.main)).not.toContain("lint");
      expect(needsOf(pipeline.jobs[last])).toEqual(
        expect.arrayContaining([
          { job: "lint", optional: true },
          { job: "test", optional: true },
        ]),
      );
    },
  );

  it("takes a tag_name with a dot for the git tag of a version, and any other for the name of the image", () => {
    const isVersion = "contains(inputs.tag_name, '.')";
    expect(github.env).toMatchObject({
      REF: expression(`${isVersion} && format('refs/tags/{0}', inputs.tag_name) || github.ref`),
      FROM_TAG: expression(`${isVersion} || github.ref_type == 'tag'`),
      TAG_NAME: expression(`!${isVersion} && inputs.tag_name || ''`),
    });
    expect(gitlabJob("release").variables.TAG_NAME).toBe("");
  });

  it("releases the same commit in all jobs, by the ref that was asked for", () => {
    const checkouts = Object.entries(github.jobs).map(([name, { steps }]) => {
      const checkout = steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
      const { ref, "fetch-depth": depth } = checkout?.with ?? {};
      return [name, { ref, depth }];
    });
    const commit = expression("needs.prepare.outputs.commit");
    expect(Object.fromEntries(checkouts)).toEqual({
      prepare: { ref: expression("env.REF"), depth: undefined },
      "build-binaries": { ref: commit, depth: 0 },
      release: { ref: commit, depth: undefined },
      "build-platform": { ref: commit, depth: undefined },
      join: { ref: commit, depth: undefined },
    });
    for (const name of ["release", "build-platform", "join"])
      expect(githubJob(name).env?.REVISION).toBe(commit);
    expect(gitlabJob("build-binaries").variables).toMatchObject({ GIT_DEPTH: "0" });
  });
});

describe("at the same time", () => {
  const prefix = expression("inputs.prefix");
  const newest = (group: string) => ({
    group: `${prefix}${group}`,
    "cancel-in-progress": expression("!inputs.skip_push"),
  });
  const ref = expression("needs.prepare.outputs.ref");
  const publisher = { group: `${prefix}release-publish`, "cancel-in-progress": false, queue: "max" };

  it("a ref has one build on GitHub, and the repository one publisher, which nothing cancels", () => {
    expect(github).not.toHaveProperty("concurrency");
    const own = Object.entries(github.jobs).map(([name, { concurrency }]) => [name, concurrency]);
    expect(Object.fromEntries(own)).toEqual({
      prepare: newest(`release-plan-${github.env.REF}`),
      "build-binaries": newest(`release-build-${ref}`),
      release: publisher,
      "build-platform": newest(`release-build-${ref}-${expression("matrix.platform")}`),
      join: publisher,
    });
  });

  it("the project has one publisher on GitLab, which nothing interrupts", () => {
    const own = gitlabNames.map((name) => {
      const { resource_group, interruptible } = gitlabJob(name);
      return [name, resource_group, interruptible];
    });
    expect(own.filter(([name]) => publishing.includes(`${name}`))).toEqual(
      publishing.map((name) => [name, "release_publish", false]),
    );
    expect(own.filter(([, group, interruptible]) => group || !interruptible)).toHaveLength(publishing.length);
  });
});

describe("platforms", () => {
  it("are built on machines of their own", () => {
    const { strategy, "runs-on": runner } = githubJob("build-platform");
    expect(strategy?.matrix.platform).toEqual(["linux/amd64", "linux/arm64"]);
    expect(runner).toBe(
      expression("matrix.platform == 'linux/arm64' && inputs.runner_arm64 || inputs.runner"),
    );
    const onGitlab = ["build-platform-amd64", "build-platform-arm64"].map((name) => {
      const { tags, variables } = gitlabJob(name);
      return [variables.PLATFORM, tags];
    });
    expect(onGitlab).toEqual([
      ["linux/amd64", ["saas-linux-small-amd64"]],
      ["linux/arm64", ["saas-linux-small-arm64"]],
    ]);
  });
});
