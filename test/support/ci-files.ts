import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./contract.js";

/** The part of `.gitlab-ci.yml` that the tests look at, with every `extends` resolved. */
export interface GitlabPipeline {
  text: string;
  variables: Record<string, string>;
  default: { image: string; services: { name: string }[]; before_script: string[] };
  jobs: Record<string, GitlabJob>;
}

export interface GitlabJob {
  extends?: string;
  stage: string;
  script: string[];
  rules?: { if: string }[];
  resource_group?: string;
  cache?: { key: { files: string[] }; paths: string[]; policy: string };
  artifacts?: { paths: string[]; expire_in: string };
}

/** The part of a GitHub workflow that the tests look at, with every alias resolved. */
export interface GithubWorkflow {
  text: string;
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  env: Record<string, string>;
  jobs: Record<string, GithubJob>;
}

export interface GithubJob {
  if?: string;
  permissions?: Record<string, string>;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  "timeout-minutes": number;
  steps: GithubStep[];
}

export interface GithubStep {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

/** Jobs that run in the CI image, with the module cache. */
export const goJobs: readonly string[] = ["setup", "lint", "test", "build"];

/** The variable that a project sets to `true` once it wants its CI image published. */
export const optIn = "PUBLISH_CI_IMAGE";

/** An image reference that is pinned: a tag to read, a digest to trust. */
export const byDigest = /^[^@\s]+:[^@\s]+@sha256:[0-9a-f]{64}$/;

const keywords = ["variables", "stages", "workflow", "default"];

/** Reads the GitLab pipeline of this repository. */
export function readGitlabPipeline(): GitlabPipeline {
  const text = readFileSync(join(root, ".gitlab-ci.yml"), "utf8");
  const { variables, default: defaults, ...entries } = parse(text);
  const visible = Object.keys(entries).filter((name) => !name.startsWith(".") && !keywords.includes(name));
  const jobs = visible.map((name) => [name, resolveExtends(entries, name)] as const);
  return { text, variables, default: defaults, jobs: Object.fromEntries(jobs) };
}

/** Reads a GitHub workflow of this repository; `ci.yml` is the counterpart of the GitLab pipeline. */
export function readGithubWorkflow(name = "ci.yml"): GithubWorkflow {
  const text = readFileSync(join(root, ".github/workflows", name), "utf8");
  return { ...parse(text), text };
}

/** What a job of GitLab runs after its preparation. */
export function gitlabCommands({ script }: GitlabJob): string[] {
  return script;
}

/** What a job of GitHub runs after its preparation, which is in the steps that have a name. */
export function githubCommands({ steps }: GithubJob): string[] {
  return steps.flatMap(({ name, run }) => (name === undefined && run !== undefined ? [run] : []));
}

function resolveExtends(entries: Record<string, GitlabJob>, name: string): GitlabJob {
  const job = entries[name];
  if (job === undefined) throw new Error(`.gitlab-ci.yml has no ${name}`);
  return job.extends === undefined ? job : merge(resolveExtends(entries, job.extends), job);
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
