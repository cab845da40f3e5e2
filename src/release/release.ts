import type { ImageDocuments } from "../attest/image.js";
import { attachedOf, signatureText } from "../attest/report.js";
import type { Phases } from "../phases.js";
import { checkPushAccess, type PushAccess, requirePushAccess } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import { distinctRepositories, type Repository } from "../registry/reference.js";
import type { Report } from "../report.js";
import type { Signing } from "../signing.js";
import type { BuiltRelease } from "./built.js";
import { type PlanRequest, planRelease, type ReleasePlan } from "./plan.js";
import { publishRelease, type ReleasePublication } from "./publish.js";
import { reportPlan, reportRelease } from "./report.js";

/** An image of a release as far as it differs from the others. */
export type ImageRequest = Omit<ReleasePublication, "client" | "firstPublish" | "now" | "plans">;

export interface ReleaseRequest extends Pick<ReleasePublication, "client" | "firstPublish"> {
  /** Measures what each part takes, the build included. */
  phases: Phases;
  /** All that are published together. */
  images: readonly ImageRequest[];
  /** Stop before anything is sent, and say what would be. */
  skipPush: boolean;
  /** What is signed with, for the report. */
  signing?: Signing | undefined;
}

/** What is published where, before it is built. */
export interface OpenedPublication extends Pick<ReleaseRequest, "client" | "phases"> {
  images: readonly Pick<PlanRequest, "name" | "targets" | "tags">[];
}

/** What is attached to an image that was built, by its place. */
type DocumentsOf = (built: BuiltRelease, at: number) => ImageDocuments | undefined;

/** A release of images that were built, in their order. */
export function releaseOf(
  { images, ...opened }: OpenedPublication,
  built: readonly BuiltRelease[],
  {
    documentsOf = () => undefined,
    ...options
  }: Pick<ReleaseRequest, "firstPublish" | "skipPush" | "signing"> & { documentsOf?: DocumentsOf },
): ReleaseRequest {
  const releases = images.flatMap((image, at) => {
    const release = built[at];
    return release === undefined ? [] : [{ ...image, ...release, documents: documentsOf(release, at) }];
  });
  return { ...opened, ...options, images: releases };
}

/**
 * Publishes the images of a release: push access asked for, images published, tagged. Access is asked for once their
 * identity is known, which takes neither compression nor a build: where they are published already, not even an upload
 * is opened.
 */
export async function release(request: ReleaseRequest): Promise<Report> {
  const { client, phases, images, firstPublish, skipPush, signing = {} } = request;
  const { now } = phases;
  const publications = images.map((image) => {
    const phase = image.origin === "engine" ? "build" : "compression";
    return { ...image, client, firstPublish, now, pack: () => phases.during(phase, image.pack) };
  });
  const planned = await phases.during("checks", () => planImages(publications));
  if (skipPush) return reportPlan(planned);
  // What is refused anyway opens no upload: publishing says why.
  const isRefused = planned.some(({ repositories }) =>
    repositories.some((plan) => !plan.ok && plan.isConflict),
  );
  if (!isRefused)
    await phases.during("checks", async () =>
      requirePushAccess(await checkAccess(client, written(planned, images))),
    );
  const outcomes = await phases.during("publishing", () =>
    publishRelease(publications.map((image, at) => ({ ...image, plans: planned[at]?.repositories }))),
  );
  const released = publications.map((publication, at) => ({
    ...publication,
    trigger: publication.tags.trigger,
    outcomes: outcomes[at] ?? [],
  }));
  const attached = attachedOf(outcomes.flat());
  return reportRelease(released, phases.durations, await signatureText(signing, attached));
}

/** Reads the registries and says what a publication of all images would do. Nothing is changed. */
export async function planImages(images: readonly PlanRequest[]): Promise<ReleasePlan[]> {
  return Promise.all(images.map(planRelease));
}

/** What every registry says of the right to push, whether its tags are to be set or not. */
export async function pushAccess(
  client: RegistryClient,
  images: readonly Pick<PlanRequest, "targets">[],
): Promise<PushAccess[]> {
  return checkAccess(
    client,
    images.flatMap(({ targets }) => targets.map(({ repository }) => repository)),
  );
}

/** Repositories in which a tag is to be set, or where reading the tags already failed. */
function written(
  plans: readonly ReleasePlan[],
  images: readonly Pick<PlanRequest, "targets">[],
): Repository[] {
  return plans.flatMap(({ repositories }, at) =>
    (images[at]?.targets ?? []).flatMap(({ repository }, of) => {
      const entry = repositories[of];
      const isWritten = entry?.ok !== true || entry.tags.some(({ action }) => action !== "leave");
      return isWritten ? [repository] : [];
    }),
  );
}

/** Several images may go to one repository. */
async function checkAccess(
  client: RegistryClient,
  repositories: readonly Repository[],
): Promise<PushAccess[]> {
  return checkPushAccess(client, distinctRepositories(repositories));
}
