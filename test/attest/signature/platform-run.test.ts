import { describe, expect, it } from "vitest";
import { platformRunOf } from "../../../src/attest/signature/platform-run.js";
import { messageThrownBy } from "../../support/thrown.js";

const github = {
  job_workflow_ref: "acme/builder/.github/workflows/release.yml@refs/tags/v2",
  repository: "acme/app",
  sha: "1f".repeat(20),
  ref: "refs/tags/v1.2.3",
  run_id: "42",
  run_attempt: "2",
  event_name: "push",
  runner_environment: "github-hosted",
};

const gitlab = {
  ci_config_ref_uri: "gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main",
  project_path: "acme/app",
  job_id: "302",
  pipeline_id: "30",
  sha: "2e".repeat(20),
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  pipeline_source: "push",
  runner_environment: "gitlab-hosted",
};

const token = (issuer: string, claims: Record<string, unknown>) => ({
  jwt: "",
  issuer,
  subject: "",
  claims,
});

describe("the run of a platform", () => {
  it.each([
    ["https://token.actions.githubusercontent.com", "https://github.com"],
    ["https://token.actions.githubusercontent.com/acme", "https://github.com"],
    ["https://token.actions.acme.ghe.com", "https://acme.ghe.com"],
    ["https://github.acme.example/_services/token", "https://github.acme.example"],
  ])("is one of GitHub by a token of %s", (issuer, server) => {
    expect(platformRunOf(token(issuer, github))).toEqual({
      platform: "github",
      builderId: `${server}/acme/builder/.github/workflows/release.yml@refs/tags/v2`,
      invocationUrl: `${server}/acme/app/actions/runs/42/attempts/2`,
      sourceRepository: `${server}/acme/app`,
      commit: github.sha,
      ref: "refs/tags/v1.2.3",
      event: "push",
      runner: "github-hosted",
    });
  });

  it.each([
    ["https://gitlab.com", {}, "refs/heads/main"],
    ["https://gitlab.com", { ref_path: undefined }, "refs/heads/main"],
    ["https://gitlab.com", { ref_path: undefined, ref: "v1.2.3", ref_type: "tag" }, "refs/tags/v1.2.3"],
    ["https://gitlab.com/", { job_id: 302 }, "refs/heads/main"],
  ])("is one of GitLab by a token of %s with %j", (issuer, more, ref) => {
    expect(platformRunOf(token(issuer, { ...gitlab, ...more }))).toEqual({
      platform: "gitlab",
      builderId: "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main",
      invocationUrl: "https://gitlab.com/acme/app/-/jobs/302",
      sourceRepository: "https://gitlab.com/acme/app",
      commit: gitlab.sha,
      ref,
      event: "push",
      runner: "gitlab-hosted",
    });
  });

  it("is not guessed where the issuer is no URL", async () => {
    expect(await messageThrownBy(() => platformRunOf(token("nope", github)))).toBe(
      'the identity token: expected an issuer that is a URL, got "nope".',
    );
  });

  it("is unknown where somebody else issued the token", () => {
    expect(
      platformRunOf(token("https://accounts.example.com", { email: "jane@example.com" })),
    ).toBeUndefined();
  });

  it.each([
    ["GitHub", { ...github, sha: undefined, run_id: undefined }, "sha, run_id"],
    ["GitLab", { ...gitlab, project_path: 1 }, "project_path"],
  ])("is not guessed where a token of %s lacks claims", async (platform, claims, missing) => {
    const message = await messageThrownBy(() => platformRunOf(token("https://a.example", claims)));
    expect(message).toBe(
      `the identity token: expected the claims that ${platform} puts into one, got "one without a usable ${missing}".`,
    );
  });
});
