import { builder } from "../dockerfile/assemble.js";
import { ConflictError, RegistryError, VerificationError } from "../errors.js";
import type { PublishableImage } from "../oci/source.js";
import { type Clock, type Timed, timed } from "../phases.js";
import type { Arrival } from "../publication.js";
import type { RegistryClient, StoredManifest } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { mountableFrom, nothingSent, publishedImage, pushImage, type Transfer } from "../registry/publish.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { createTag, moveAlias } from "../registry/tag.js";
import { readImage, type VerifiedImage, verifyPushed, verifyRead } from "../registry/verify.js";
import type { BuiltRelease } from "./built.js";
import { formatImageIds, type ImageIds, isSameImage, publishedImageIds } from "./image-ids.js";
import { type PlanRequest, planTarget, type TagPlan, type Target, type TargetPlan } from "./plan.js";

/** What became of one tag. */
export interface TagOutcome extends TagPlan {
  /** Second name under which an image of somebody else was kept. */
  kept?: string;
}

/** A repository that holds the image under the planned tags. */
export interface PublishedRelease {
  repository: string;
  ok: true;
  how: Arrival;
  digest: string;
  platforms: string[];
  tags: TagOutcome[];
  transfer: Transfer;
}

/** What became of one repository; one that gets no tag gets no image. */
export type ReleaseOutcome =
  | PublishedRelease
  | { repository: string; ok: true; how: "not published"; tags: TagOutcome[] }
  | Failure;

/** `pack` is called at most once, and only where no repository has the whole image. */
export type ReleasePublication = PlanRequest &
  BuiltRelease & {
    /** Measures what each repository takes, once it is known what the others have. */
    now: Clock;
  };

/** A repository with its plan, and the image where it has it. */
interface Destination {
  target: Target;
  plan: TargetPlan;
  held?: VerifiedImage;
}

/** An image on its way, and how it is to arrive. */
interface Shipment {
  image: PublishableImage;
  how: Arrival;
}

/**
 * Publishes to all repositories, each on its own. An image that one of them has is copied to the others, so
 * that the digest is the same everywhere; it is packed only where none has it whole. Tags move last, after everything
 * was read back. A version that is another image in one of them is published nowhere.
 */
export async function publishRelease(publication: ReleasePublication): Promise<Timed<ReleaseOutcome>[]> {
  const destinations = await prepareAll(publication);
  const shipment = await prepareShipment(
    publication,
    destinations.filter((destination) => "plan" in destination),
  );
  const deliverTo = inTurn(publication, shipment);
  return Promise.all(
    destinations.map((destination) =>
      "plan" in destination
        ? deliverTo(destination)
        : timed(publication.now, async (): Promise<ReleaseOutcome> => destination),
    ),
  );
}

/**
 * Delivers to registries side by side, and to the repositories of one registry one after the other: the first is sent
 * the blobs, and the others mount them.
 */
function inTurn(
  publication: ReleasePublication,
  shipment: Shipment | undefined,
): (destination: Destination) => Promise<Timed<ReleaseOutcome>> {
  const turns = new Map<string, { repository: Repository; ended: Promise<unknown> }>();
  return (destination) => {
    const { repository } = destination.target;
    const before = turns.get(repository.registry);
    const attempt = async (): Promise<Timed<ReleaseOutcome>> => {
      await before?.ended;
      const sent =
        before && shipment
          ? { ...shipment, image: mountableFrom(shipment.image, before.repository) }
          : shipment;
      return timed(publication.now, () => settle(repository, () => deliver(publication, destination, sent)));
    };
    const ended = attempt();
    turns.set(repository.registry, { repository: before?.repository ?? repository, ended });
    return ended;
  };
}

/** Whether every platform of an image was assembled by Slipway; what was not is kept when `latest` leaves it. */
export function isAssembledImage({ variants }: VerifiedImage): boolean {
  return variants.length > 0 && variants.every((variant) => variant.builder === builder);
}

/** Conflicts are one error of all: sent to the other repositories, it would make two images of one version. */
async function prepareAll(publication: ReleasePublication): Promise<(Destination | Failure)[]> {
  const conflicts: string[] = [];
  const attempt = async (target: Target): Promise<Destination> => {
    try {
      return await prepare(publication, target);
    } catch (error) {
      if (error instanceof ConflictError) conflicts.push(error.message);
      throw error;
    }
  };
  const destinations = await Promise.all(
    publication.targets.map((target) => settle(target.repository, () => attempt(target))),
  );
  if (conflicts.length > 0) throw new ConflictError(conflicts.toSorted().join("\n"));
  return destinations;
}

async function prepare(publication: ReleasePublication, target: Target): Promise<Destination> {
  const plan = await planTarget(publication, target);
  const held = await heldBy(publication, target.repository, plan.tags);
  return { target, plan, ...(held === undefined ? {} : { held }) };
}

/** The image, where one of the planned tags holds it already. */
async function heldBy(
  { client, image }: ReleasePublication,
  repository: Repository,
  tags: readonly TagPlan[],
): Promise<VerifiedImage | undefined> {
  for (const { current, action } of tags) {
    if (current === undefined || action !== "leave") continue;
    const published = await readImage(client, repository, current);
    if (published !== undefined && isSameImage(publishedImageIds(published), image)) return published;
  }
  return undefined;
}

/** What is sent to the repositories that need the image, from one that has it whole; undefined where all have it. */
async function prepareShipment(
  { client, pack }: ReleasePublication,
  destinations: readonly Destination[],
): Promise<Shipment | undefined> {
  if (!destinations.some(({ plan, held }) => isChange(plan) && held === undefined)) return undefined;
  for (const { target, held } of destinations)
    if (held !== undefined && (await isCopyable(client, target.repository, held)))
      return { image: publishedImage(client, target.repository, held), how: "copied" };
  return { image: await pack(), how: "pushed" };
}

/** Whether nothing of an image is known to be missing: its layers were not asked for yet. */
async function isCopyable(
  client: RegistryClient,
  repository: Repository,
  held: VerifiedImage,
): Promise<boolean> {
  try {
    await verifyRead(client, repository, held, {});
    return true;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    // Packing in its place would give one version two digests; the copy says what the registry answers.
    if (error instanceof RegistryError) return true;
    throw error;
  }
}

async function deliver(
  publication: ReleasePublication,
  { target, plan, held }: Destination,
  shipment: Shipment | undefined,
): Promise<ReleaseOutcome> {
  if (held !== undefined) {
    const arrival = { how: "existed", transfer: nothingSent(held) } as const;
    return conclude(publication, target, plan, held.stored, arrival);
  }
  if (!isChange(plan) || shipment === undefined)
    return { repository: plan.repository, ok: true, how: "not published", tags: plan.tags };
  const { image, how } = shipment;
  const transfer = await pushImage(publication.client, target.repository, image);
  return conclude(publication, target, plan, image.index, { how, transfer });
}

/** Reads the image back by digest, holds it against the identity, and only then sets the tags. */
async function conclude(
  publication: ReleasePublication,
  target: Target,
  plan: TargetPlan,
  stored: StoredManifest,
  arrival: { how: Arrival; transfer: Transfer },
): Promise<ReleaseOutcome> {
  const { client, image } = publication;
  const { digest } = stored.descriptor;
  const verified = await verifyPushed(client, target.repository, digest, Object.keys(image));
  requireIdentity(target.repository, verified, image);
  // Sending takes minutes, in which another publisher may have set a tag: the guard is asked once more.
  // The repository holds the image: a refusal is none of a repository that was never pushed to.
  const { tags } = isChange(plan) ? await planTarget({ ...publication, firstPublish: false }, target) : plan;
  const outcomes: TagOutcome[] = [];
  for (const tag of tags) outcomes.push(await setTag(publication, target.repository, tag, stored));
  return {
    repository: formatRepository(target.repository),
    ok: true,
    digest,
    platforms: verified.variants.map(({ platform }) => platform),
    tags: outcomes,
    ...arrival,
  };
}

/** A version tag is created once; `latest` moves, and leaves nothing of somebody else without a name. */
async function setTag(
  { client, trigger }: ReleasePublication,
  repository: Repository,
  plan: TagPlan,
  stored: StoredManifest,
): Promise<TagOutcome> {
  if (plan.action === "leave") return plan;
  if (trigger.kind === "version" && plan.tag === trigger.version.text) {
    await createTag(client, repository, plan.tag, stored);
    return plan;
  }
  const { kept } = await moveAlias(client, repository, plan.tag, stored, isAssembledImage, plan);
  return { ...plan, ...(kept === undefined ? {} : { kept }) };
}

function isChange({ tags }: TargetPlan): boolean {
  return tags.some(({ action }) => action !== "leave");
}

function requireIdentity(repository: Repository, found: VerifiedImage, image: ImageIds): void {
  const ids = publishedImageIds(found);
  if (isSameImage(ids, image)) return;
  throw new VerificationError(
    `${formatReference(repository, found.digest)}: holds ${formatImageIds(ids)}, to be published is ${formatImageIds(image)}.`,
  );
}
