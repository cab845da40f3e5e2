import type { GitlabJob, GitlabPipeline, GitlabRule } from "./ci-files.js";

/** Variables of a pipeline, as GitLab sets them. */
export type PipelineVariables = Readonly<Record<string, string>>;

/** The pipelines that a project has, by what starts them. */
export const gitlabEvents = {
  mergeRequest: { CI_PIPELINE_SOURCE: "merge_request_event", CI_MERGE_REQUEST_IID: "17" },
  branch: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "feature" },
  main: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "main" },
  schedule: { CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main" },
  version: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_TAG: "v1.2.3" },
  preRelease: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_TAG: "v1.2.3-rc.1" },
  preReleaseByHand: { CI_PIPELINE_SOURCE: "web", CI_COMMIT_TAG: "v1.2.3-rc.1" },
  otherTag: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_TAG: "nightly" },
} as const satisfies Record<string, PipelineVariables>;

/** The jobs that GitLab puts into a pipeline, in the order of the file. Throws where one needs a job that is not in it. */
export function jobsOfPipeline({ jobs }: GitlabPipeline, variables: PipelineVariables): string[] {
  const given = { CI_DEFAULT_BRANCH: "main", ...variables };
  const running = Object.keys(jobs).filter((name) => runs(jobs[name]?.rules ?? [], given));
  for (const name of running)
    for (const need of needsOf(jobs[name]))
      if (!need.optional && !running.includes(need.job))
        throw new Error(`${name} needs ${need.job}, which is not in the pipeline`);
  return running;
}

/** What a job waits for. */
export function needsOf(job: GitlabJob | undefined): { job: string; optional: boolean }[] {
  return (job?.needs ?? []).map((need) => (typeof need === "string" ? { job: need, optional: false } : need));
}

/** The first rule that holds decides. */
function runs(rules: readonly GitlabRule[], variables: PipelineVariables): boolean {
  const decisive = rules.find((rule) => holds(rule.if, variables));
  return decisive !== undefined && decisive.when !== "never";
}

/** An expression of GitLab's, which is JavaScript but for its variables and the comparison with a pattern. */
function holds(expression: string, variables: PipelineVariables): boolean {
  const script = expression
    .replace(
      /(\$\w+|"[^"]*")\s*([=!])~\s*(\/(?:\\.|[^/])+\/)/g,
      (_, operand, sign, pattern) => `${sign === "!" ? "!" : ""}${pattern}.test(${operand} ?? "")`,
    )
    .replace(/\$(?=[A-Z])(\w+)/g, (_, name) => `(v.${name} ?? null)`);
  return Boolean(new Function("v", `return ${script}`)(variables));
}
