import { type GithubCall, type GithubJob, type GithubWorkflow, readGithubWorkflow } from "./ci-files.js";

/** The part of the context `github` that workflows of this repository read. */
export interface GithubEvent {
  event_name: string;
  ref: string;
  ref_type: "branch" | "tag";
}

/** What a run of a workflow is made of. */
export interface GithubRun {
  event: GithubEvent;
  /** Variables of the repository. */
  vars?: Readonly<Record<string, string>>;
  /** Names of the jobs that fail. */
  failing?: readonly string[];
}

/** A job that ran, by its place: `release / checks / lint`. */
export interface RanJob {
  path: string;
  job: GithubJob;
}

type Result = "success" | "failure" | "skipped";

interface Outcome {
  result: Result;
  ran: RanJob[];
}

/** A workflow in a run: with what was passed to it, and under the name of the job that calls. */
interface Place {
  workflow: GithubWorkflow;
  run: GithubRun;
  inputs: Record<string, unknown>;
  name: string;
}

type Evaluate = (expression: string) => unknown;

const branch = (name: string) => ({ ref: `refs/heads/${name}`, ref_type: "branch" }) as const;
const tag = (name: string) => ({ ref: `refs/tags/${name}`, ref_type: "tag" }) as const;

/** The runs that a repository has, by what starts them. */
export const githubEvents = {
  pullRequest: { event_name: "pull_request", ref: "refs/pull/17/merge", ref_type: "branch" },
  main: { event_name: "push", ...branch("main") },
  version: { event_name: "push", ...tag("v1.2.3") },
  byHand: { event_name: "workflow_dispatch", ...branch("main") },
} as const satisfies Record<string, GithubEvent>;

/** The jobs that GitHub runs for an event, those of called workflows included, in the order of the files. */
export function jobsOfRun(workflow: GithubWorkflow, run: GithubRun): RanJob[] {
  return runWorkflow({ workflow, run, inputs: {}, name: "" }).ran;
}

function runWorkflow(place: Place): Outcome {
  const jobs: Record<string, GithubJob | GithubCall> = { ...place.workflow.jobs, ...place.workflow.calls };
  const outcomes = new Map<string, Outcome>();
  const outcomeOf = (name: string): Outcome => {
    const outcome = outcomes.get(name) ?? runJob(name);
    outcomes.set(name, outcome);
    return outcome;
  };
  const runJob = (name: string): Outcome => {
    const job = jobs[name];
    if (job === undefined) throw new Error(`no job ${name}`);
    const needs = [job.needs ?? []].flat().map((need) => [need, outcomeOf(need).result] as const);
    const evaluate = evaluator(place, new Map(needs));
    if (!isWanted(job.if ?? "true", evaluate)) return { result: "skipped", ran: [] };
    const path = `${place.name}${name}`;
    if ("uses" in job) return runWorkflow(calledBy(job, path, place.run, evaluate));
    return { result: place.run.failing?.includes(name) ? "failure" : "success", ran: [{ path, job }] };
  };
  const all = Object.keys(jobs).map(outcomeOf);
  const results = (["failure", "success"] as const).filter((kind) => all.some((one) => one.result === kind));
  return { result: results[0] ?? "skipped", ran: all.flatMap(({ ran }) => ran) };
}

function calledBy(call: GithubCall, path: string, run: GithubRun, evaluate: Evaluate): Place {
  const [file = ""] = call.uses.split("@");
  const workflow = readGithubWorkflow(file.split("/").at(-1));
  const absent = { boolean: false, string: "" };
  const inputs = Object.entries(workflow.called.inputs ?? {}).map(([name, input]) => {
    const passed = call.with?.[name] ?? input.default ?? absent[input.type];
    const [, expression] = /^\$\{\{ (.*) \}\}$/.exec(String(passed)) ?? [];
    return [name, expression === undefined ? passed : evaluate(expression)];
  });
  return { workflow, run, inputs: Object.fromEntries(inputs), name: `${path} / ` };
}

/** A condition without a status function holds only where all that the job needs succeeded. */
function isWanted(condition: string, evaluate: Evaluate): boolean {
  const expression = condition.replace(/^\$\{\{ (.*) \}\}$/, "$1");
  const implied = /\b(always|cancelled|failure|success)\(\)/.test(expression) ? "true" : "success()";
  return Boolean(evaluate(implied)) && Boolean(evaluate(expression));
}

/** Expressions of GitHub are JavaScript but for names with a hyphen. */
function evaluator({ run, inputs }: Place, needs: ReadonlyMap<string, Result>): Evaluate {
  const context = {
    github: { ...run.event, run_id: 1, event: { repository: { default_branch: "main" } } },
    // What is not set is empty, and an output of a job is its own name here.
    vars: new Proxy({}, { get: (_, name) => run.vars?.[String(name)] ?? "" }),
    inputs: new Proxy(inputs, { get: (known, name) => known[String(name)] ?? "" }),
    needs: (job: string) => ({
      result: needs.get(job),
      outputs: new Proxy({}, { get: (_, name) => String(name) }),
    }),
    success: () => [...needs.values()].every((result) => result === "success"),
    cancelled: () => false,
    contains: (text: string, part: string) => text.includes(part),
    format: (text: string, ...values: string[]) =>
      text.replace(/\{(\d)\}/g, (_, index) => values[index] ?? ""),
  };
  return (expression) => {
    const script = expression.replace(/\bneeds\.([\w-]+)/g, 'needs("$1")');
    return new Function(...Object.keys(context), `return ${script}`)(...Object.values(context));
  };
}
