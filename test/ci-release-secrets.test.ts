import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GithubStep } from "./support/ci-files.js";
import {
  expression,
  github,
  githubJob,
  gitlab,
  gitlabJob,
  gitlabNames,
  publishing,
  signedIn,
} from "./support/ci-release.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "./support/temporary-directory.js";

const secrets = ["GITHUB_TOKEN", "CI_REGISTRY_PASSWORD", "DOCKERHUB_TOKEN", "REGISTRY_PASSWORD"];

describe("rights", () => {
  it("allow no job of GitHub more than it needs, and none that builds to write", () => {
    expect(github.permissions).toEqual({ contents: "read" });
    const own = Object.entries(github.jobs).map(([name, { permissions }]) => [name, permissions]);
    expect(Object.fromEntries(own)).toEqual({
      prepare: { contents: "read", packages: "write" },
      "build-binaries": { contents: "read", packages: "read" },
      release: { contents: "read", packages: "write", "id-token": "write" },
      "build-platform": { contents: "read" },
      join: { contents: "read", packages: "write", "id-token": "write" },
    });
  });

  it("give the secrets to no job that runs code of the project", () => {
    const secretsIn = (env: Record<string, string>) =>
      Object.keys(env).filter((name) => env[name]?.includes("secrets."));
    const secretsOf = ({ env = {} }: GithubStep) => secretsIn(env).length > 0;
    const holders = Object.entries(github.jobs).flatMap(([name, { steps }]) =>
      steps
        .filter(secretsOf)
        .map(({ name: step, run, env = {} }) => [name, step ?? run?.slice(0, 11), secretsIn(env)]),
    );
    const ofRegistries = ["DOCKERHUB_TOKEN", "REGISTRY_PASSWORD"];
    const ofKey = ["COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"];
    expect(holders).toEqual([
      ["prepare", "Check the variables and secrets", ofRegistries],
      ["prepare", "Sign in to the registries", ofRegistries],
      ...publishing.flatMap((name) => [
        [name, "Sign in to the registries", ofRegistries],
        [name, "dagger call", ofKey],
      ]),
    ]);
    const all = [...ofKey, ...ofRegistries];
    expect(github.text.match(/secrets\.\w+/g)?.toSorted()).toEqual(
      all.map((name) => `secrets.${name}`).toSorted(),
    );
    expect(Object.keys(github.called.secrets ?? {})).toEqual(all);
    const scoped = gitlabNames.filter((name) => gitlabJob(name).environment !== undefined);
    expect(scoped).toEqual(signedIn);
    expect(Object.keys(github.jobs).filter((name) => githubJob(name).environment !== undefined)).toEqual(
      signedIn,
    );
    for (const name of signedIn) {
      expect(gitlabJob(name).environment).toEqual({ name: "release", action: "access" });
      expect(githubJob(name).environment).toEqual({
        name: expression("inputs.environment"),
        deployment: false,
      });
    }
  });

  it.each(signedIn)("are asked for in %s before its first call", (name) => {
    const { steps } = githubJob(name);
    const signIn = steps.findIndex((step) => step.name === "Sign in to the registries");
    const call = steps.findIndex(({ run }) => run?.startsWith("dagger call"));
    expect(signIn).toBeGreaterThan(0);
    expect(call).toBeGreaterThan(signIn);
    expect(gitlabJob(name).before_script?.join("\n")).toContain("docker login");
  });

  const scripts = [
    ...Object.values(github.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])),
    ...Object.values(gitlab.jobs).flatMap(({ before_script = [], script }) => [...before_script, ...script]),
  ];

  it.each(secrets)("keep %s off every command line", (secret) => {
    // What [ and : get is seen by the shell alone.
    const builtins = /\[ -n [^\]]*\]|^\s*: ".*"$/gm;
    const commands = scripts.join("\n").replaceAll(builtins, "");
    expect(commands).toMatch(new RegExp(`printenv ${secret} \\|.*--password-stdin`));
    expect(commands).not.toMatch(new RegExp(`\\$\\{?${secret}\\b`));
  });
});

describe.each<[string, () => string | undefined]>([
  [
    "GitHub",
    () => githubJob("prepare").steps.find(({ name }) => name === "Check the variables and secrets")?.run,
  ],
  ["GitLab", () => gitlabJob("prepare").before_script?.[0]],
])("the check of the secrets on %s", (_, script) => {
  let project: TemporaryDirectory;

  beforeAll(() => {
    project = makeTemporaryDirectory();
  });

  afterAll(() => project?.remove());

  const dockerHub = { DOCKERHUB_USERNAME: "acme", DOCKERHUB_TOKEN: "hub-1" };
  const other = { REGISTRY: "registry.example.com", REGISTRY_USERNAME: "acme", REGISTRY_PASSWORD: "other-1" };
  const named = '{"release": {"repositories": [{"repository": "docker.io/acme/app"}]}}';

  function check(env: Record<string, string>, settings: string): string {
    writeFileSync(join(project.path, "slipway.json"), settings);
    try {
      execFileSync("sh", ["-ec", script() ?? "exit 1"], {
        cwd: project.path,
        env: { PATH: process.env.PATH, FROM: "binaries", ...env },
        stdio: "pipe",
      });
      return "";
    } catch (error) {
      return String((error as { stderr: Buffer }).stderr);
    }
  }

  it.each<[string, Record<string, string>, string]>([
    ["nothing is set and nothing is named", {}, "{}"],
    ["all of Docker Hub is set", dockerHub, named],
    ["all of all is set", { ...dockerHub, ...other }, named],
  ])("passes where %s", (_, env, settings) => {
    expect(check(env, settings)).toBe("");
  });

  it.each<[string, string, Record<string, string>, string]>([
    ["DOCKERHUB_USERNAME", "slipway.json names Docker Hub", {}, named],
    ["DOCKERHUB_USERNAME", "only the token is set", { ...dockerHub, DOCKERHUB_USERNAME: "" }, "{}"],
    ["DOCKERHUB_TOKEN", "only the name is set", { ...dockerHub, DOCKERHUB_TOKEN: "" }, "{}"],
    ["REGISTRY", "its credentials are set", { ...other, REGISTRY: "" }, "{}"],
    ["REGISTRY_USERNAME", "its registry is set", { ...other, REGISTRY_USERNAME: "" }, "{}"],
    ["REGISTRY_PASSWORD", "its registry is set", { ...other, REGISTRY_PASSWORD: "" }, "{}"],
  ])("asks for %s where %s, says where, and shows no secret", (name, _, env, settings) => {
    const message = check(env, settings);
    expect(message).toMatch(
      new RegExp(`\\b${name}: is not set\\. .*(the input ${name.toLowerCase()}|under Settings > )`),
    );
    expect(message).not.toMatch(/hub-1|other-1/);
  });
});

describe("the choice of where images come from", () => {
  it("is checked where it is passed", () => {
    const script = githubJob("prepare").steps.find(({ name }) => name === "Check the variables and secrets");
    const check = () =>
      execFileSync("sh", ["-ec", script?.run ?? ""], { env: { FROM: "binary" }, stdio: "pipe" });
    expect(check).toThrow("from: is binary. Pass binaries or source");
    expect(gitlab.inputs.release_from?.options).toEqual(["none", "binaries", "source"]);
  });
});
