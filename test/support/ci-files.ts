import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Command } from "./command.js";
import { root } from "./contract.js";
import { type InputValue, readGitlabTemplate, type TemplateInput } from "./gitlab-template.js";

/** The part of GitLab's template that the tests look at, with its inputs, and with every `extends` resolved. */
export interface GitlabPipeline {
  text: string;
  inputs: Record<string, TemplateInput>;
  /** Everything at the top of what the template becomes, hidden jobs as well. */
  entries: Record<string, unknown>;
  jobs: Record<string, GitlabJob>;
}

export interface GitlabJob {
  extends?: string | string[];
  stage: string;
  image: string;
  services: { name: string }[];
  needs?: (string | { job: string; optional: boolean })[];
  tags?: string[];
  variables: Record<string, string>;
  id_tokens?: Record<string, { aud: string }>;
  before_script: string[];
  script: string[];
  rules: GitlabRule[];
  resource_group?: string;
  interruptible?: boolean;
  environment?: { name: string; action: string };
  after_script?: string[];
  cache?: { key: { files: string[] }; paths: string[]; policy: string };
  coverage?: string;
  artifacts?: { when?: string; paths?: string[]; reports?: Record<string, unknown>; expire_in: string };
}

export interface GitlabRule {
  if: string;
  when?: string;
}

/** The part of a GitHub workflow that the tests look at, with every alias resolved. */
export interface GithubWorkflow {
  text: string;
  on: Record<string, unknown>;
  /** What callers pass, and what they get, where the workflow can be called. */
  called: WorkflowCall;
  permissions: Record<string, string>;
  env: Record<string, string>;
  jobs: Record<string, GithubJob>;
  /** The jobs that are another workflow. */
  calls: Record<string, GithubCall>;
}

export interface WorkflowCall {
  inputs?: Record<
    string,
    { description: string; type: "boolean" | "string"; required?: boolean; default?: string }
  >;
  secrets?: Record<string, { description: string; required?: boolean }>;
  outputs?: Record<string, { description: string; value: string }>;
}

export interface GithubCall {
  if?: string;
  needs?: string | string[];
  permissions: Record<string, string>;
  uses: string;
  with?: Record<string, string | boolean>;
  secrets?: Record<string, string>;
}

export interface GithubJob {
  if?: string;
  needs?: string | string[];
  permissions?: Record<string, string>;
  environment?: { name: string; deployment: boolean };
  concurrency?: { group: string; "cancel-in-progress": boolean | string; queue?: string };
  strategy?: { matrix: { platform: string[] } };
  "runs-on": string;
  "timeout-minutes": number;
  env?: Record<string, string>;
  outputs?: Record<string, string>;
  steps: GithubStep[];
}

export interface GithubStep {
  name?: string;
  if?: string;
  id?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

/** Jobs that run in the CI image, with the module cache. */
export const goJobs: readonly string[] = ["setup", "lint", "test", "build"];

/** An image reference that is pinned: a tag to read, a digest to trust. */
export const byDigest = /^[^@\s]+:[^@\s]+@sha256:[0-9a-f]{64}$/;

/** Reads the template of GitLab as a pipeline that includes it gets it, without a prefix unless one is given. */
export function readGitlabPipeline(given: Record<string, InputValue> = {}): GitlabPipeline {
  const { text, inputs, render } = readGitlabTemplate();
  const entries: Record<string, GitlabJob> = render({ prefix: "", ...given });
  const visible = Object.keys(entries).filter((name) => !name.startsWith("."));
  const jobs = visible.map((name) => [name, resolveJob(entries, name)] as const);
  return { text, inputs, entries, jobs: Object.fromEntries(jobs) };
}

/** Reads a GitHub workflow of this repository; `ci.yml` and `release.yml` are the counterpart of GitLab's template. */
export function readGithubWorkflow(name = "ci.yml"): GithubWorkflow {
  return parseGithubWorkflow(readFileSync(join(root, ".github/workflows", name), "utf8"));
}

/** Takes a GitHub workflow apart. */
export function parseGithubWorkflow(text: string): GithubWorkflow {
  const { jobs, ...workflow } = parse(text) as {
    on: { workflow_call?: WorkflowCall };
    jobs: Record<string, GithubJob | GithubCall>;
  };
  const isCall = ([, job]: [string, GithubJob | GithubCall]) => "uses" in job;
  return {
    ...workflow,
    text,
    called: workflow.on.workflow_call ?? {},
    jobs: Object.fromEntries(Object.entries(jobs).filter((entry) => !isCall(entry))),
    calls: Object.fromEntries(Object.entries(jobs).filter(isCall)),
  } as GithubWorkflow;
}

/** What a job of GitLab runs after its preparation. */
export function gitlabCommands({ script }: GitlabJob): string[] {
  return script
    .filter((command) => !reportScript.test(command))
    .map((command) => withoutRedirection(command.replace(/^if .*?; then (.*); fi$/, "$1")));
}

/** How a job of GitLab shows the report of its call, hands its variables over, and ends as what it called did. */
export const reportScript =
  /^(cat "\$scratch\/report\.md"$|sed -n .* > report\.env$|cat reports\/output\.txt$|exit "\$\(cat reports\/exit-code\)"$)/;

/** What a job of GitHub runs after its preparation, which is in the steps that have a name. */
export function githubCommands({ steps }: GithubJob): string[] {
  return steps.flatMap(({ name, run }) =>
    name === undefined && run !== undefined ? [withoutRedirection(run)] : [],
  );
}

/** The functions of a chain by which a platform passes what it calls by names of its own. */
const platformFunctions = ["with-registry-auth", "with-identity-token"];

/** What a command does, whatever the platform calls its registry, its user and its tokens. */
export function workOf(command: Command): unknown {
  const { "github-token": _, ...options } = command.options;
  const isPlatform = ({ name }: Command["chain"][number]) => platformFunctions.includes(name);
  return {
    options,
    chain: command.chain.filter((link) => !isPlatform(link)),
    passes: command.chain.filter(isPlatform).map(({ name }) => name),
  };
}

function withoutRedirection(command: string): string {
  return withAllSet(command).replace(/\s>>?\s*\S+$/, "");
}

/** As where settings of their own are passed, which is what a shell makes of `${NAME:+…}`, the innermost first. */
function withAllSet(command: string): string {
  const set = command.replace(/\$\{\w+:\+([^{}]*)\}/g, "$1");
  return set === command ? command : withAllSet(set);
}

/** With lists in lists laid out, as GitLab does it. */
function resolveJob(entries: Record<string, GitlabJob>, name: string): GitlabJob {
  const job = Object.entries(resolveExtends(entries, name)).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.flat(10) : value,
  ]);
  return Object.fromEntries(job);
}

function resolveExtends(entries: Record<string, GitlabJob>, name: string): GitlabJob {
  const job = entries[name];
  if (job === undefined) throw new Error(`the pipeline has no ${name}`);
  return [job.extends ?? []]
    .flat()
    .map((parent) => resolveExtends(entries, parent))
    .concat(job)
    .reduce(merge);
}

/** As GitLab does: mappings are merged in depth, all else is replaced. */
function merge<T extends object>(base: T, extension: T): T {
  const merged = Object.entries(extension).map(([key, value]) => {
    const inherited: unknown = base[key as keyof T];
    return [key, isMapping(inherited) && isMapping(value) ? merge(inherited, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
