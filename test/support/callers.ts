import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import {
  type GithubWorkflow,
  githubCommands,
  gitlabCommands,
  parseGithubWorkflow,
  readGitlabPipeline,
} from "./ci-files.js";
import { type Grammar, parseCommand } from "./command.js";
import { root } from "./contract.js";
import { githubEvents, jobsOfRun } from "./github-events.js";
import { gitlabEvents, jobsOfPipeline } from "./gitlab-events.js";
import type { InputValue } from "./gitlab-template.js";
import { documentedFiles } from "./markdown.js";

/** What a pipeline of GitLab includes. */
export interface Include {
  local?: string;
  remote?: string;
  rules?: { if: string }[];
  inputs?: Record<string, InputValue>;
}

/** The callers that a page shows, as they stand there. */
export interface ShownCallers {
  github: string[];
  gitlab: string[];
}

/** Reads the callers of a page: whole files, without the parts of one. */
export function callersOf(page: string): ShownCallers {
  const files = documentedFiles(readFileSync(join(root, page), "utf8"), "yaml");
  return {
    github: files.filter((text) => text.startsWith("name: ")),
    gitlab: files.filter((text) => text.startsWith("include:\n  - remote:")),
  };
}

/** The callers of the README, taken apart. */
export function readCallers(): { github: GithubWorkflow; gitlab: Record<string, InputValue> } {
  const [github = "", gitlab = ""] = Object.values(callersOf("README.md")).flat();
  return { github: parseGithubWorkflow(github), gitlab: includesOf(gitlab)[0]?.inputs ?? {} };
}

/** What a pipeline of GitLab includes, in order. */
export function includesOf(text: string): Include[] {
  return (parse(text, { merge: true }) as { include: Include[] }).include;
}

/** The functions that a workflow calls for an event, those of called workflows included. */
export function functionsOnGithub(
  grammar: Grammar,
  workflow: GithubWorkflow,
  event: keyof typeof githubEvents,
  vars: Record<string, string> = {},
): string[] {
  const ran = jobsOfRun(workflow, { event: githubEvents[event], vars });
  return functionsOf(
    grammar,
    ran.flatMap(({ job }) => githubCommands(job)),
  );
}

/** The functions that a pipeline calls which includes the template with these inputs. */
export function functionsOnGitlab(
  grammar: Grammar,
  inputs: Record<string, InputValue>,
  event: keyof typeof gitlabEvents,
): string[] {
  const pipeline = readGitlabPipeline(inputs);
  const ran = jobsOfPipeline(pipeline, gitlabEvents[event]);
  return functionsOf(grammar, ran.flatMap((name) => pipeline.jobs[name] ?? []).flatMap(gitlabCommands));
}

/** What belongs to calls, and does nothing by itself. */
const around = ["with-registry-auth", "with-identity-token", "with-signing-key", "export"];

/** Each once, without what belongs to every call. */
function functionsOf(grammar: Grammar, commands: readonly string[]): string[] {
  const names = commands.flatMap((command) => parseCommand(command, grammar).chain.map(({ name }) => name));
  return [...new Set(names)].filter((name) => !around.includes(name)).sort();
}
