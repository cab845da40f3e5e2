import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type GitlabPipeline, readGithubWorkflow, readGitlabPipeline } from "./support/ci-files.js";
import { github, gitlab, publishing } from "./support/ci-release.js";
import { makeTemporaryDirectory } from "./support/temporary-directory.js";

const ci = readGithubWorkflow("ci.yml");
const template = readGitlabPipeline({ release_from: "binaries", publish_ci_image: true });

/** Jobs whose images are signed, by their name on both platforms. */
const signing = [...publishing, "publish-ci-image"];
const isSigning = (name: string) => signing.includes(name);
const mentions = /COSIGN_|ID_TOKEN|with-signing-key|with-identity-token/;

/** A platform, by how its jobs run what they call. */
interface Platform {
  shell: string;
  /** The call of a job, with its report in a directory. */
  script(job: string, path: string): string;
  /** What a job has that may ask for a token, or has one. */
  token: Record<string, string>;
  /** How that is passed on. */
  passed: string[];
}

const requestUrl = "https://token.example.com/run?api-version=2.0&job=a b";

const platforms: Record<string, Platform> = {
  GitHub: {
    shell: "bash",
    script: (job, path) => {
      const { steps = [] } = { ...ci.jobs, ...github.jobs }[job] ?? {};
      const call = steps.find(({ run }) => run?.startsWith("dagger call"))?.run ?? "";
      return `RUNNER_TEMP=${path}; ${call}`;
    },
    token: { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "ghs-1", ACTIONS_ID_TOKEN_REQUEST_URL: requestUrl },
    passed: [
      "with-identity-token",
      "--token",
      "env://ACTIONS_ID_TOKEN_REQUEST_TOKEN",
      "--request-url",
      requestUrl,
    ],
  },
  GitLab: {
    shell: "sh",
    script: (job, path) => `scratch=${path}; ${template.jobs[job]?.script[0] ?? ""}`,
    token: { SIGSTORE_ID_TOKEN: "jwt-1" },
    passed: ["with-identity-token", "--token", "env://SIGSTORE_ID_TOKEN"],
  },
};

const key = { COSIGN_PRIVATE_KEY: "-----BEGIN key-1\nkey-2", COSIGN_PASSWORD: "pass word" };
const withKey = ["with-signing-key", "--key", "env://COSIGN_PRIVATE_KEY"];
const withPassword = [...withKey, "--password", "env://COSIGN_PASSWORD"];

describe.each(Object.entries(platforms))("what %s signs with", (_, { shell, script, token, passed }) => {
  /** The words that a job calls dagger with, as its shell makes them of these variables. */
  function wordsOf(job: string, env: Record<string, string>): string[] {
    const { path } = makeTemporaryDirectory();
    const called = `dagger() { printf '%s\\0' "$@"; }\n${script(job, path)}`;
    execFileSync(shell, ["-ec", called], {
      env: { PATH: process.env.PATH, DOCKER_CONFIG: "/d", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return readFileSync(join(path, "report.md"), "utf8").split("\0");
  }

  const without = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "", COSIGN_PRIVATE_KEY: "", COSIGN_PASSWORD: "" };
  const cases: [string, Record<string, string>, string[]][] = [
    ["nothing, where nothing is there", {}, []],
    ["nothing, where all is empty", without, []],
    ["the token of the job", token, passed],
    ["a key", { COSIGN_PRIVATE_KEY: key.COSIGN_PRIVATE_KEY }, withKey],
    ["a key with a password", key, withPassword],
    ["a key, beside the token", { ...token, ...key }, [...passed, ...withPassword]],
    ["nothing, where there is a password alone", { COSIGN_PASSWORD: key.COSIGN_PASSWORD }, []],
  ];

  it.each(signing.flatMap((job) => cases.map(([name, ...rest]) => [job, name, ...rest] as const)))(
    "in %s is %s",
    (job, _name, env, given) => {
      const words = wordsOf(job, env);
      const before = words.slice(0, words.indexOf(job));
      expect(before.slice(0, 3)).toEqual(["call", "--source", "."]);
      expect(before.slice(before.length - given.length)).toEqual(given);
      const others = before.slice(0, before.length - given.length);
      expect(others.join(" ")).not.toMatch(/with-(identity-token|signing-key)/);
      expect(words.join("\n")).not.toMatch(/ghs-1|jwt-1|key-1|pass word/);
    },
  );
});

describe("what images are signed with", () => {
  it("is on GitHub in the jobs that publish alone, for whatever they call", () => {
    for (const { workflow, names } of [
      { workflow: github, names: publishing },
      { workflow: ci, names: ["publish-ci-image"] },
    ]) {
      const jobs = Object.entries(workflow.jobs);
      const asking = jobs.filter(([, { permissions = {} }]) => "id-token" in permissions);
      expect(asking.map(([name]) => name)).toEqual(names);
      const named = jobs.filter(([, job]) => mentions.test(JSON.stringify(job)));
      expect(named.map(([name]) => name)).toEqual(names);
      expect(workflow.text).not.toMatch(/^permissions:\n(?: .*\n)* *id-token/m);
    }
    for (const name of ["module.yml", "code-scanning.yml"])
      expect(readGithubWorkflow(name).text).not.toMatch(/id-token|COSIGN_/);
  });

  it("is granted on GitHub by whoever calls, as GitHub asks of them for any job that could need it", () => {
    const calls = { ...github.calls, ...readGithubWorkflow("pipeline.yml").calls };
    expect(Object.keys(calls)).toEqual(["checks", "ci", "release"]);
    for (const { permissions } of Object.values(calls))
      expect(permissions).toEqual({ contents: "read", packages: "write", "id-token": "write" });
  });

  it("is on GitLab in the jobs that publish alone, whichever images are released", () => {
    const pipelines: GitlabPipeline[] = [
      gitlab,
      readGitlabPipeline(),
      readGitlabPipeline({ release_from: "source", publish_ci_image: true }),
    ];
    for (const { jobs } of pipelines)
      for (const [name, job] of Object.entries(jobs)) {
        expect(mentions.test(JSON.stringify(job)), name).toBe(isSigning(name));
        expect(job.id_tokens, name).toEqual(
          isSigning(name) ? { SIGSTORE_ID_TOKEN: { aud: "sigstore" } } : undefined,
        );
      }
    expect(gitlab.text.match(/^ +id_tokens:$/gm)).toHaveLength(2);
  });
});
