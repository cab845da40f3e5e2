import { describe, expect, it } from "vitest";
import { readGitlabPipeline } from "./support/ci-files.js";
import {
  expression,
  github,
  githubJob,
  gitlab,
  gitlabJob,
  gitlabNames,
  publishing,
} from "./support/ci-release.js";

const branches = readGitlabPipeline();

describe("the switch", () => {
  it("keeps every job of GitHub from running until RELEASE_FROM is set", () => {
    expect(Object.entries(github.jobs).map(([name, job]) => [name, job.if, job.needs])).toEqual([
      ["prepare", "vars.RELEASE_FROM != ''", undefined],
      ["build-binaries", "vars.RELEASE_FROM == 'binaries'", "prepare"],
      ["release", undefined, ["prepare", "checks", "build-binaries"]],
      ["build-platform", "vars.RELEASE_FROM == 'source'", "prepare"],
      ["join", undefined, ["prepare", "checks", "build-platform"]],
    ]);
  });

  it("publishes nothing that does not pass lint and test of its own commit", () => {
    expect(github.calls).toEqual({
      checks: {
        needs: "prepare",
        permissions: { contents: "read", packages: "write" },
        uses: "./.github/workflows/ci.yml",
        with: { commit: expression("needs.prepare.outputs.commit") },
      },
    });
    for (const name of publishing) {
      expect(gitlabJob(name).needs).toEqual(expect.arrayContaining(["lint", "test"]));
      expect(gitlabJob(name).rules?.flatMap(({ when }) => when ?? [])).not.toContain("always");
    }
    for (const name of ["setup", "lint", "test"]) {
      expect(branches.jobs[name]).not.toHaveProperty("rules");
      expect(branches.jobs[name]).not.toHaveProperty("allow_failure");
    }
  });

  const releases = [
    { if: '$CI_PIPELINE_SOURCE == "schedule"', when: "never" },
    { if: "$RELEASE_FROM && $CI_COMMIT_TAG" },
    { if: "$RELEASE_FROM && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" },
  ];
  const never = (condition: string) => ({ if: condition, when: "never" });
  const fromBinaries = [never('$RELEASE_FROM != "binaries"'), ...releases];
  const fromSource = [never('$RELEASE_FROM != "source"'), ...releases];

  it.each([
    ["prepare", releases],
    ["build-binaries", fromBinaries],
    ["release", fromBinaries],
    ["build-platform-amd64", [never("$PLATFORMS && $PLATFORMS !~ /linux\\/amd64/"), ...fromSource]],
    ["build-platform-arm64", [never("$PLATFORMS && $PLATFORMS !~ /linux\\/arm64/"), ...fromSource]],
    ["join", fromSource],
  ])("does so for %s on GitLab, where the main branch and tags are released", (name, rules) => {
    expect(gitlabJob(name).rules).toEqual(rules);
  });

  it("is the same trigger on both: the main branch, version tags, and pre-releases by hand", () => {
    expect(github.on).toMatchObject({
      push: { branches: ["main"], tags: ["v*", "!v*-*"] },
      workflow_dispatch: {
        inputs: {
          tag_name: { type: "string" },
          platforms: { type: "string" },
          skip_push: { type: "boolean" },
          first_publish: { type: "boolean" },
        },
      },
    });
    expect(Object.keys(github.on)).toEqual(["push", "workflow_dispatch"]);
    expect(gitlab.workflow.rules).toEqual([
      { if: '$CI_PIPELINE_SOURCE == "merge_request_event"' },
      { if: "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" },
      {
        if: '$RELEASE_FROM && $CI_COMMIT_TAG =~ /^v/ && ($CI_PIPELINE_SOURCE != "push" || $CI_COMMIT_TAG !~ /-/)',
      },
    ]);
    expect(branches.text).toMatch(/^include:\n {2}- local: \.gitlab\/release\.yml$/m);
  });

  it("takes a tag_name with a dot for the git tag of a version, and any other for the name of the image", () => {
    const isVersion = "contains(inputs.tag_name, '.')";
    expect(github.env).toMatchObject({
      REF: expression(`${isVersion} && format('refs/tags/{0}', inputs.tag_name) || github.ref`),
      FROM_TAG: expression(`${isVersion} || github.ref_type == 'tag'`),
      TAG_NAME: expression(`!${isVersion} && inputs.tag_name || ''`),
    });
    expect(gitlab.variables.TAG_NAME).toMatchObject({ value: "" });
  });

  it("lets a tag of GitLab run no other job but what a release waits for", () => {
    const conditions = Object.entries(branches.jobs)
      .filter(([name]) => !["setup", "lint", "test"].includes(name))
      .map(([name, { rules = [] }]) => [name, rules.map((rule) => rule.if)]);
    const needsBranch =
      /^\$CI_COMMIT_TAG == null$|\$CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH$|"merge_request_event"$/;
    expect(conditions.filter(([, all]) => all?.length !== 1 || !needsBranch.test(all[0] ?? ""))).toEqual([]);
  });

  it("releases the same commit in all jobs, by the ref that was asked for", () => {
    const checkouts = Object.entries(github.jobs).map(([name, { steps }]) => {
      const checkout = steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
      const { ref, "fetch-depth": depth, "sparse-checkout": sparse } = checkout?.with ?? {};
      return [name, { ref, depth, sparse }];
    });
    const commit = expression("needs.prepare.outputs.commit");
    const sparse = expression("env.SPARSE_CHECKOUT");
    expect(Object.fromEntries(checkouts)).toEqual({
      prepare: { ref: expression("env.REF"), depth: undefined, sparse },
      "build-binaries": { ref: commit, depth: 0, sparse: undefined },
      release: { ref: commit, depth: undefined, sparse },
      "build-platform": { ref: commit, depth: undefined, sparse: undefined },
      join: { ref: commit, depth: undefined, sparse },
    });
    for (const name of ["release", "build-platform", "join"])
      expect(githubJob(name).env?.REVISION).toBe(commit);
    expect(gitlabJob("build-binaries").variables).toEqual({ GIT_DEPTH: "0" });
  });
});

describe("at the same time", () => {
  const newest = (group: string) => ({ group, "cancel-in-progress": expression("!inputs.skip_push") });
  const ref = expression("needs.prepare.outputs.ref");
  const publisher = { group: "release-publish", "cancel-in-progress": false, queue: "max" };

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
    expect(own.filter(([, group, interruptible]) => group ?? interruptible)).toHaveLength(publishing.length);
  });
});

describe("platforms", () => {
  it("are built on machines of their own", () => {
    const { strategy, "runs-on": runner } = githubJob("build-platform");
    expect(strategy?.matrix.platform).toEqual(["linux/amd64", "linux/arm64"]);
    expect(runner).toBe(
      expression("matrix.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-24.04'"),
    );
    const onGitlab = ["build-platform-amd64", "build-platform-arm64"].map((name) => {
      const { tags, variables } = gitlabJob(name);
      return [variables?.PLATFORM, tags];
    });
    expect(onGitlab).toEqual([
      ["linux/amd64", ["$RUNNER_AMD64"]],
      ["linux/arm64", ["$RUNNER_ARM64"]],
    ]);
    expect(gitlab.variables).toMatchObject({
      RUNNER_AMD64: "saas-linux-small-amd64",
      RUNNER_ARM64: "saas-linux-small-arm64",
    });
  });
});
