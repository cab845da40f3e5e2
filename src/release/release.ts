import { type Clock, Phases } from "../phases.js";
import { checkPushAccess, requirePushAccess } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import type { Report } from "../report.js";
import { assembleRelease, packRelease } from "./assemble.js";
import { type PlanRequest, planRelease, type ReleasePlan, type Target } from "./plan.js";
import { publishRelease } from "./publish.js";
import { reportPlan, reportRelease } from "./report.js";
import { type ReleaseInput, stageRelease } from "./stage.js";

export interface ReleaseRequest {
  client: RegistryClient;
  now: Clock;
  input: ReleaseInput;
  targets: readonly Target[];
  sourceDateEpoch: number;
  firstPublish: boolean;
  /** Stop before anything is sent, and say what would be. */
  skipPush: boolean;
}

/**
 * A whole release: binaries checked, image assembled, push access asked for, image published, tagged. Access is
 * asked for once the image IDs are known, which takes no compression: where the image is published already, not
 * even an upload is opened.
 */
export async function release(request: ReleaseRequest): Promise<Report> {
  const { client, now, input, targets, sourceDateEpoch, firstPublish, skipPush } = request;
  const { trigger } = input;
  const phases = new Phases(now);
  const staged = await phases.during("checks", () => stageRelease(input));
  const assembled = await phases.during("assembly", () =>
    assembleRelease(staged, { client, sourceDateEpoch }),
  );
  const publication = { client, now, targets, trigger, firstPublish, image: assembled.image };
  const planned = await phases.during("checks", () => planRelease(publication));
  if (skipPush) return reportPlan(planned);
  await phases.during("checks", () => requireAccess(publication, planned));
  const pack = () => phases.during("compression", () => packRelease(assembled));
  const outcomes = await phases.during("publishing", () => publishRelease({ ...publication, pack }));
  return reportRelease(trigger, assembled.image, outcomes, phases.durations);
}

/** Says what a release would do; with binaries, also which image it would publish. */
export async function plan(
  request: PlanRequest,
  input?: ReleaseInput,
  sourceDateEpoch = 0,
): Promise<ReleasePlan> {
  if (input === undefined) return planRelease(request);
  const { client } = request;
  const { image } = await assembleRelease(await stageRelease(input), { client, sourceDateEpoch });
  return planRelease({ ...request, image });
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
