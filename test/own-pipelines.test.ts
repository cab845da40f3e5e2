import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { functionsOnGithub, functionsOnGitlab, includesOf } from "./support/callers.js";
import { readGithubWorkflow, readGitlabPipeline } from "./support/ci-files.js";
import type { Grammar } from "./support/command.js";
import { readContract, root } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

describe("a run by hand of pipeline.yml", () => {
  const pipeline = readGithubWorkflow("pipeline.yml");
  const asked = (pipeline.on.workflow_dispatch as { inputs: Record<string, { type: string }> }).inputs;

  it("releases, once that is chosen, and checks what it releases", () => {
    const vars = { RELEASE_FROM: "binaries" };
    expect(functionsOnGithub(grammar, pipeline, "byHand", vars)).toEqual([
      "build",
      "lint-report",
      "module-cache",
      "plan",
      "release",
      "test-report",
    ]);
    expect(functionsOnGithub(grammar, pipeline, "byHand")).toEqual([]);
  });

  it.each(Object.entries(asked))("passes on %s, which release.yml takes", (name, { type }) => {
    expect(readGithubWorkflow("release.yml").called.inputs?.[name]?.type).toBe(type);
    expect(pipeline.calls.release?.with?.[name]).toMatch(new RegExp(`^\\$\\{\\{ inputs\\.${name}\\b`));
  });

  it("asks for what GitLab takes as variables", () => {
    const { variables } = readGitlabPipeline({ release_from: "binaries" }).jobs.release ?? {};
    expect(Object.keys(asked).filter((name) => !(name.toUpperCase() in (variables ?? {})))).toEqual([]);
  });
});

describe("the GitLab pipeline of this repository", () => {
  const text = readFileSync(join(root, ".gitlab-ci.yml"), "utf8");
  const own = includesOf(text);

  it("includes its own template, once for each choice", () => {
    expect(
      own.map(({ local, rules, inputs: given }) => [local, rules?.[0]?.if, given?.release_from]),
    ).toEqual([
      ["templates/pipeline.yml", "$RELEASE_FROM == null", undefined],
      ["templates/pipeline.yml", '$RELEASE_FROM == "binaries"', "binaries"],
      ["templates/pipeline.yml", '$RELEASE_FROM == "source"', "source"],
    ]);
  });

  it("gives it stages that it has", () => {
    const { stages } = parse(text, { merge: true }) as { stages: string[] };
    for (const { inputs: given } of own)
      for (const { stage } of Object.values(readGitlabPipeline(given).jobs)) expect(stages).toContain(stage);
  });

  it("calls what that of GitHub calls", () => {
    const pipeline = readGithubWorkflow("pipeline.yml");
    for (const { inputs: given = {} } of own) {
      const vars = { RELEASE_FROM: String(given.release_from ?? "") };
      expect(functionsOnGithub(grammar, pipeline, "main", vars)).toEqual(
        functionsOnGitlab(grammar, given, "main"),
      );
      expect(functionsOnGithub(grammar, pipeline, "pullRequest", vars)).toEqual(
        functionsOnGitlab(grammar, given, "mergeRequest"),
      );
    }
  });
});
