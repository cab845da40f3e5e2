import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CollectionTag, parse } from "yaml";
import type { Command } from "./command.js";
import { root } from "./contract.js";

/** The part of a file of GitLab's that the tests look at, with every `extends` and `!reference` resolved. */
export interface GitlabPipeline {
  text: string;
  variables: Record<string, string>;
  default: { image: string; services: { name: string }[]; before_script: string[] };
  workflow: { rules: GitlabRule[] };
  /** The jobs that the file itself defines. */
  jobs: Record<string, GitlabJob>;
}

export interface GitlabJob {
  extends?: string | string[];
  stage: string;
  needs?: (string | { job: string; optional: boolean })[];
  tags?: string[];
  variables?: Record<string, string>;
  before_script?: string[];
  script: string[];
  rules?: GitlabRule[];
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
  variables?: Record<string, string>;
}

/** The part of a GitHub workflow that the tests look at, with every alias resolved. */
export interface GithubWorkflow {
  text: string;
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  env: Record<string, string>;
  jobs: Record<string, GithubJob>;
  /** The jobs that are another workflow. */
  calls: Record<string, GithubCall>;
}

export interface GithubCall {
  needs?: string | string[];
  permissions: Record<string, string>;
  uses: string;
  with: Record<string, string>;
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

/** The variable that a project sets to `true` once it wants its CI image published. */
export const optIn = "PUBLISH_CI_IMAGE";

/** An image reference that is pinned: a tag to read, a digest to trust. */
export const byDigest = /^[^@\s]+:[^@\s]+@sha256:[0-9a-f]{64}$/;

const keywords = ["include", "variables", "stages", "workflow", "default"];

/** Reads a file of the GitLab pipeline of this repository, in the way of what `.gitlab-ci.yml` includes. */
export function readGitlabPipeline(path = ".gitlab-ci.yml"): GitlabPipeline {
  const text = readFileSync(join(root, path), "utf8");
  const file = parseGitlab(text);
  const entries = { ...parseGitlab(readFileSync(join(root, ".gitlab-ci.yml"), "utf8")), ...file };
  const visible = Object.keys(file).filter((name) => !name.startsWith(".") && !keywords.includes(name));
  const jobs = visible.map((name) => [name, resolveJob(entries, name)] as const);
  return {
    text,
    variables: file.variables,
    default: entries.default,
    workflow: entries.workflow,
    jobs: Object.fromEntries(jobs),
  };
}

/** Reads a GitHub workflow of this repository; `ci.yml` is the counterpart of the GitLab pipeline. */
export function readGithubWorkflow(name = "ci.yml"): GithubWorkflow {
  const text = readFileSync(join(root, ".github/workflows", name), "utf8");
  const { jobs, ...workflow } = parse(text) as { jobs: Record<string, GithubJob | GithubCall> };
  const isCall = ([, job]: [string, GithubJob | GithubCall]) => "uses" in job;
  const calls = Object.entries(jobs).filter(isCall);
  const own = Object.entries(jobs).filter((entry) => !isCall(entry));
  return {
    ...workflow,
    text,
    jobs: Object.fromEntries(own),
    calls: Object.fromEntries(calls),
  } as GithubWorkflow;
}

/** What a job of GitLab runs after its preparation. */
export function gitlabCommands({ script }: GitlabJob): string[] {
  return script.filter((command) => !reportScript.test(command)).map(withoutRedirection);
}

/** How a job of GitLab shows the report of its call, hands its variables over, and ends as what it called did. */
export const reportScript =
  /^(cat "\/tmp\/report-\$CI_JOB_ID\.md"$|sed -n .* > report\.env$|cat reports\/output\.txt$|exit "\$\(cat reports\/exit-code\)"$)/;

/** What a job of GitHub runs after its preparation, which is in the steps that have a name. */
export function githubCommands({ steps }: GithubJob): string[] {
  return steps.flatMap(({ name, run }) =>
    name === undefined && run !== undefined ? [withoutRedirection(run)] : [],
  );
}

/** What a command does, whatever the platform calls its registry, its user and its token. */
export function workOf(command: Command): unknown {
  const { "github-token": _, ...options } = command.options;
  const chain = command.chain.filter(({ name }) => name !== "with-registry-auth");
  return { options, chain, signsIn: chain.length < command.chain.length };
}

function withoutRedirection(command: string): string {
  return command.replace(/\s>>?\s*\S+$/, "");
}

/** `!reference [job, key]`, as it stands in the file. */
interface Reference {
  reference: string[];
}

const referenceTag: CollectionTag = {
  tag: "!reference",
  collection: "seq",
  resolve: (sequence): Reference => ({ reference: sequence.items.map(String) }),
};

// biome-ignore lint/suspicious/noExplicitAny: as YAML gives it; the interfaces above say what the tests rely on
function parseGitlab(text: string): Record<string, any> {
  return parse(text, { customTags: [referenceTag] });
}

function resolveJob(entries: Record<string, GitlabJob>, name: string): GitlabJob {
  const job = Object.entries(resolveExtends(entries, name)).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.flatMap((item) => resolveReference(entries, item)) : value,
  ]);
  return Object.fromEntries(job);
}

/** What a reference points at, item by item; all else is itself. */
function resolveReference(entries: Record<string, GitlabJob>, item: unknown): unknown[] {
  if (!isReference(item)) return [item];
  const [name = "", key = ""] = item.reference;
  const { [key]: list } = { ...entries[name] } as Record<string, unknown>;
  if (!Array.isArray(list)) throw new Error(`the pipeline has no list ${name}, ${key}`);
  return list.flatMap((inner) => resolveReference(entries, inner));
}

function isReference(item: unknown): item is Reference {
  return isMapping(item) && "reference" in item;
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
