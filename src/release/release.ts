import type { Phases } from "../phases.js";
import { checkPushAccess, requirePushAccess } from "../registry/access.js";
import type { Report } from "../report.js";
import { type PlanRequest, planRelease, type ReleasePlan } from "./plan.js";
import { publishRelease, type ReleasePublication } from "./publish.js";
import { reportPlan, reportRelease } from "./report.js";

export interface ReleaseRequest extends Omit<ReleasePublication, "now"> {
  /** Measures what each part takes, the build included. */
  phases: Phases;
  /** Stop before anything is sent, and say what would be. */
  skipPush: boolean;
}

/**
 * Publishes a release: push access asked for, image published, tagged. Access is asked for once its identity is known,
 * which takes neither compression nor a build: where it is published already, not even an upload is opened.
 */
export async function release({ skipPush, phases, ...built }: ReleaseRequest): Promise<Report> {
  const { now } = phases;
  const phase = built.origin === "engine" ? "build" : "compression";
  const publication = { ...built, now, pack: () => phases.during(phase, built.pack) };
  const planned = await phases.during("checks", () => planRelease(publication));
  if (skipPush) return reportPlan(planned);
  await phases.during("checks", () => requireAccess(publication, planned));
  const outcomes = await phases.during("publishing", () => publishRelease(publication));
  return reportRelease({ ...publication, ...publication.tags }, outcomes, phases.durations);
}

/** Adds what every registry says of the right to push, whether its tags are to be set or not. */
export async function withPushAccess(
  { client, targets }: PlanRequest,
  planned: ReleasePlan,
): Promise<ReleasePlan> {
  const repositories = targets.map(({ repository }) => repository);
  return { ...planned, access: await checkPushAccess(client, repositories) };
}

/** Asks for the right to push wherever a tag is to be set, or where reading the tags already failed. */
async function requireAccess({ client, targets }: PlanRequest, { repositories }: ReleasePlan): Promise<void> {
  const written = targets.filter((_, at) => {
    const entry = repositories[at];
    return entry?.ok !== true || entry.tags.some(({ action }) => action !== "leave");
  });
  requirePushAccess(
    await checkPushAccess(
      client,
      written.map(({ repository }) => repository),
    ),
  );
}
