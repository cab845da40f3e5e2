import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readGithubWorkflow, readGitlabPipeline } from "./support/ci-files.js";
import { root } from "./support/contract.js";
import type { InputValue } from "./support/gitlab-template.js";

const page = readFileSync(join(root, "docs/ci.md"), "utf8");

describe("the template of GitLab", () => {
  it("has nothing at the top but jobs that begin with the prefix", () => {
    const { entries } = readGitlabPipeline({ prefix: "mine-", release_from: "binaries" });
    expect(Object.keys(entries).filter((name) => !/^\.?mine-/.test(name))).toEqual([]);
    const { entries: byDefault } = readGitlabPipeline({ prefix: "slipway-" });
    expect(Object.keys(byDefault)).toContain("slipway-lint");
  });

  it("names all that jobs of a project share by the prefix", () => {
    const groups = (prefix: string) =>
      Object.values(readGitlabPipeline({ prefix }).jobs).flatMap(({ resource_group: group }) => group ?? []);
    expect(groups("mine-")).toEqual(groups("").map((group) => `mine-${group}`));
  });

  it("inherits nothing of the project but its runners", () => {
    const { jobs } = readGitlabPipeline();
    for (const job of Object.values(jobs)) expect(job).toMatchObject({ inherit: { default: ["tags"] } });
  });

  it("has stages that every project has, and takes others", () => {
    const stages = (given: Record<string, InputValue>) =>
      new Set(Object.values(readGitlabPipeline(given).jobs).map(({ stage }) => stage));
    expect(stages({})).toEqual(new Set(["build", "test", "deploy"]));
    const names = ["image", "setup", "check", "build", "release"];
    const given = Object.fromEntries(names.map((name) => [`${name}_stage`, `my-${name}`]));
    expect(stages(given)).toEqual(new Set(names.map((name) => `my-${name}`)));
  });

  it.each<[string, Record<string, InputValue>]>([
    ["release_form: binaries", { release_form: "binaries" }],
    ["release_from: tags", { release_from: "tags" }],
    ["publish_ci_image: yes", { publish_ci_image: "yes" }],
    ["prefix: with a space", { prefix: "a b" }],
  ])("refuses %s", (_, given) => {
    expect(() => readGitlabPipeline(given)).toThrow();
  });
});

describe("docs/ci.md", () => {
  it("has every input, and says where it is", () => {
    const [, section = ""] = page.split("## Inputs");
    const rows = [...section.matchAll(/^\| (`[a-z0-9_`, ]+`) \| (.*?) \| (.*?) \|/gm)].flatMap(
      ([, names = "", files = "", template = ""]) =>
        [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => [name, `${files}|${template}`] as const),
    );
    const workflows = ["ci.yml", "release.yml", "code-scanning.yml"].map(
      (file) => [file, readGithubWorkflow(file).called.inputs ?? {}] as const,
    );
    const template = readGitlabPipeline().inputs;
    const all = new Set([...workflows.flatMap(([, own]) => Object.keys(own)), ...Object.keys(template)]);
    const expected = [...all].map((name) => {
      const files = workflows.filter(([, own]) => name in own).map(([file]) => `\`${file}\``);
      return [name, `${files.join(", ")}|${name in template ? "yes" : ""}`];
    });
    expect(new Map(rows)).toEqual(new Map(expected as [string, string][]));
  });
});
