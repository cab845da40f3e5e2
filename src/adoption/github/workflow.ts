import { z } from "zod";
import { InputError } from "../../errors.js";
import { parseYaml } from "../../yaml-document.js";

const scalar = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => String(value ?? ""));
// An expression may stand for a whole map; what is no text has no place here either.
const texts = z
  .record(z.string(), z.union([scalar, z.unknown().transform(() => undefined)]))
  .nullish()
  .catch(undefined)
  .transform(
    (value) =>
      new Map(
        Object.entries(value ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
  );
const names = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? []);
const filters = z.object({ branches: names, tags: names, "branches-ignore": names, "tags-ignore": names });

const condition = z
  .union([z.string(), z.boolean()])
  .nullish()
  .catch(undefined)
  .transform((value) => (value === undefined || value === null ? undefined : String(value)));

const step = z.object({
  id: z.string().nullish(),
  uses: z.string().nullish().catch(undefined),
  run: z.string().nullish().catch(undefined),
  if: condition,
  with: texts,
  env: texts,
});
const job = z.object({
  needs: names,
  if: condition,
  env: texts,
  strategy: z
    .object({ matrix: z.record(z.string(), z.unknown()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  steps: z
    .array(step)
    .nullish()
    .catch(undefined)
    .transform((value) => value ?? []),
});
const workflow = z.object({
  on: z.unknown(),
  env: texts,
  jobs: z
    .record(
      z.string(),
      job.catch({ needs: [], if: undefined, env: new Map(), strategy: undefined, steps: [] }),
    )
    .nullish(),
});

export type Step = z.output<typeof step>;
export type Job = z.output<typeof job>;

/** What starts a workflow, as far as it decides about tags. */
export interface Triggers {
  versions: boolean;
  branches: boolean;
  /** The only branches that a push to starts it; none is any. */
  branchNames: readonly string[];
  /** Whether it is started by hand only. */
  byHand: boolean;
  isScheduled: boolean;
  ofPullRequests: boolean;
  /** Whether a push of the tag 1.2.3, without a v, starts it by a pattern. */
  withoutV: boolean;
  /** Whether a push of the tag v1.2.3-rc.1 starts it. */
  preReleases: boolean;
}

/** A workflow of GitHub. */
export interface Workflow {
  file: string;
  triggers: Triggers;
  env: ReadonlyMap<string, string>;
  jobs: ReadonlyMap<string, Job>;
}

/** Parses a workflow; what no image depends on is not looked at. */
export function parseWorkflow(yaml: string, file: string): Workflow {
  const given = parseYaml(yaml, file);
  const parsed = workflow.safeParse(given);
  if (!parsed.success)
    throw new InputError({
      subject: `${file}: ${parsed.error.issues[0]?.path.join(".") ?? ""}`,
      expected: "what a workflow of GitHub has there",
      given: parsed.error.issues[0]?.message,
    });
  const { on, env, jobs } = parsed.data;
  return { file, triggers: triggersOf(on), env, jobs: new Map(Object.entries(jobs ?? {})) };
}

function triggersOf(on: unknown): Triggers {
  const events: Readonly<Record<string, unknown>> =
    typeof on === "string"
      ? { [on]: null }
      : Array.isArray(on)
        ? Object.fromEntries(on.map((event) => [String(event), null]))
        : ((on ?? {}) as Record<string, unknown>);
  const has = (event: string) => event in events;
  const push = has("push") ? filters.safeParse(events.push ?? {}).data : undefined;
  const hasTags = (push?.tags.length ?? 0) > 0 || (push?.["tags-ignore"].length ?? 0) > 0;
  const hasBranches = (push?.branches.length ?? 0) > 0 || (push?.["branches-ignore"].length ?? 0) > 0;
  const isIgnored = push?.["tags-ignore"].some((pattern) => /^\*+$/.test(pattern)) ?? false;
  const versions = (push !== undefined && (hasTags || !hasBranches) && !isIgnored) || has("release");
  const branches =
    (push !== undefined && (hasBranches || !hasTags || isIgnored)) || has("schedule") || has("workflow_run");
  const isAlone = !versions && !branches;
  // Called by another workflow, it may be for anything.
  const isOpen = isAlone && has("workflow_call");
  return {
    versions: versions || isOpen,
    branches: branches || isOpen,
    branchNames: push?.branches ?? [],
    byHand: isAlone && !isOpen && has("workflow_dispatch"),
    isScheduled: has("schedule") || isOpen,
    ofPullRequests: has("pull_request") || has("pull_request_target") || isOpen,
    withoutV: push?.tags.some((pattern) => !pattern.startsWith("!") && takes(pattern, "1.2.3")) ?? false,
    preReleases:
      (versions || isOpen) &&
      takesLast(push?.tags ?? [], preRelease) &&
      !(push?.["tags-ignore"] ?? []).some((pattern) => takes(pattern, preRelease)),
  };
}

const preRelease = "v1.2.3-rc.1";

/** Whether patterns of GitHub's take a tag: the last that fits decides, and none take all. */
function takesLast(patterns: readonly string[], tag: string): boolean {
  const last = patterns.findLast((pattern) => takes(pattern.replace(/^!/, ""), tag));
  return patterns.length === 0 || (last !== undefined && !last.startsWith("!"));
}

/** Whether a pattern of GitHub's fits a tag. */
function takes(pattern: string, tag: string): boolean {
  // A longer one than anybody writes is not tried.
  if (pattern.length > 100) return false;
  const source = pattern
    .replace(/[.^$(){}|\\]/g, "\\$&")
    .replace(/\*+/g, (stars) => (stars.length > 1 ? ".*" : "[^/]*"));
  try {
    return new RegExp(`^${source}$`).test(tag);
  } catch {
    return false;
  }
}
