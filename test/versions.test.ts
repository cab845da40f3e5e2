import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { readGithubWorkflow, readGitlabPipeline } from "./support/ci-files.js";
import { root } from "./support/contract.js";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const readJson = (path: string) => JSON.parse(read(path));

/** The one place that says which version of Dagger it is. */
const { engineVersion } = readJson("dagger.json") as { engineVersion: string };
const version = engineVersion.slice(1);
const sdk = "@dagger.io/dagger";

describe("Dagger", () => {
  it("has an exact version in dagger.json", () => {
    expect(engineVersion).toMatch(/^v\d+\.\d+\.\d+$/);
  });

  it.each<[string, () => unknown]>([
    ["package.json", () => readJson("package.json").devDependencies[sdk]],
    ["package-lock.json", () => readJson("package-lock.json").packages[`node_modules/${sdk}`].version],
    [".mise/config.toml", () => (parse(read(".mise/config.toml")).tools as Record<string, unknown>).dagger],
    ["templates/pipeline.yml", () => readGitlabPipeline().jobs.lint?.variables.DAGGER_VERSION],
    [".github/workflows/ci.yml", () => readGithubWorkflow().env.DAGGER_VERSION],
    [".github/workflows/release.yml", () => readGithubWorkflow("release.yml").env.DAGGER_VERSION],
  ])("has the same in %s", (_, versionIn) => {
    expect(versionIn()).toBe(version);
  });

  const modules = globSync(".dagger/modules/*/dagger.json", { cwd: root });

  it.each(modules)("has the same in %s", (path) => {
    expect(readJson(path).engineVersion).toBe(engineVersion);
  });

  const mentions = ["templates/*.yml", ".github/workflows/*.yml", "*.md", "docs/*.md"]
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .flatMap((path) =>
      [
        ...read(path).matchAll(
          /(?:dagger\.io\/engine:v|dagger_v|dagger-helm --version |DAGGER_VERSION[=:] *"?)(\d+\.\d+\.\d+)/g,
        ),
      ].map(([text, mentioned]) => [path, text, mentioned] as const),
    );

  it("has the same wherever a CLI or an engine is downloaded", () => {
    expect(mentions.length).toBeGreaterThan(0);
    expect(mentions.filter(([, , mentioned]) => mentioned !== version)).toEqual([]);
  });
});
