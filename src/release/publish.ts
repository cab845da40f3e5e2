import type { AttachedOutcome } from "../attest/attestation.js";
import { type Attacher, attacherOf, type ImageDocuments } from "../attest/image.js";
import { builder } from "../dockerfile/assemble.js";
import { ConflictError, RegistryError, VerificationError } from "../errors.js";
import type { PublishableImage } from "../oci/source.js";
import { type Clock, type Timed, timed } from "../phases.js";
import { type Arrival, copyOf } from "../publication.js";
import type { RegistryClient, StoredManifest } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { mountableFrom, nothingSent, pushImage, type Transfer } from "../registry/publish.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { createTag, moveAlias } from "../registry/tag.js";
import { readImage, type VerifiedImage, verifyPushed, verifyRead } from "../registry/verify.js";
import type { BuiltRelease } from "./built.js";
import { formatImageIds, type ImageIds, isSameImage, publishedImageIds } from "./image-ids.js";
import { followOvertaking, isWhole, manifestFor, type SetTag } from "./overtaken.js";
import {
  type PlanRequest,
  planTarget,
  type RepositoryPlan,
  type TagPlan,
  type Target,
  type TargetPlan,
} from "./plan.js";

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
  /** What is attached to it; absent where nothing is to be. */
  attached?: AttachedOutcome[];
}

/** What became of one repository; one that gets no tag gets no image. */
export type ReleaseOutcome =
  | PublishedRelease
  | { repository: string; ok: true; how: "not published"; tags: TagOutcome[] }
  | Failure;

/** `pack` is called at most once, and only where no repository has the whole image. */
export type ReleasePublication = PlanRequest &
  Omit<BuiltRelease, "materials"> & {
    /** Measures what each repository takes, once it is known what the others have. */
    now: Clock;
    /** What is attached to the image; absent where nothing is. */
    documents?: ImageDocuments | undefined;
    /** What was planned right before, in the order of the targets: what is there is not read again. */
    plans?: readonly RepositoryPlan[] | undefined;
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

/** A repository that holds the image with all that is attached, read back; its tags are still what they were. */
interface Delivered {
  ok: true;
  target: Target;
  plan: TargetPlan;
  verified: VerifiedImage;
  attached?: AttachedOutcome[];
  arrival: { how: Arrival; transfer: Transfer };
}

type Delivery = Delivered | Exclude<ReleaseOutcome, PublishedRelease>;

/** What is on its way to all repositories of an image. */
interface Cargo {
  shipment: Shipment | undefined;
  attacher: Attacher;
}

/** Sends an image to one of its repositories. */
type Send = (
  publication: ReleasePublication,
  destination: Destination | Failure,
  cargo: Cargo,
) => Promise<Timed<Delivery>>;

/**
 * Publishes images to all their repositories, each on its own. An image that one of them has is copied to the others,
 * so that the digest is the same everywhere; it is packed only where none has it whole. Tags move last, after
 * everything was read back, and what is attached as well: with several images, after all of them were, everywhere. A
 * version that is another image in one repository is published nowhere.
 */
export async function publishRelease(
  publications: readonly ReleasePublication[],
): Promise<Timed<ReleaseOutcome>[][]> {
  const destinations = await prepareAll(publications);
  const cargoes = await Promise.all(
    publications.map((publication, at) => prepareCargo(publication, destinations[at] ?? [])),
  );
  const send = inTurn();
  const deliveries = publications.map((publication, at) =>
    (destinations[at] ?? []).map((destination) => send(publication, destination, cargoes[at] as Cargo)),
  );
  const together = publications.length > 1 ? deliveries.flat() : [];
  return Promise.all(
    publications.map((publication, at) =>
      Promise.all(
        (deliveries[at] ?? []).map((delivery) =>
          conclude(publication, delivery, { together, attacher: (cargoes[at] as Cargo).attacher }),
        ),
      ),
    ),
  );
}

/**
 * Delivers to registries side by side, and to the repositories of one registry one after the other: the first is sent
 * the blobs, and the others mount them.
 */
function inTurn(): Send {
  const turns = new Map<string, { of: ReleasePublication; from: Repository; ended: Promise<unknown> }>();
  return (publication, destination, { shipment, attacher }) => {
    if (!("plan" in destination)) return timed(publication.now, async () => destination);
    const { repository } = destination.target;
    const before = turns.get(repository.registry);
    const attempt = async (): Promise<Timed<Delivery>> => {
      await before?.ended;
      const sent =
        shipment && before && before.from.path !== repository.path
          ? { ...shipment, image: mountableFrom(shipment.image, before.from) }
          : shipment;
      return timed(publication.now, () =>
        settle(repository, () => deliver(publication, destination, { shipment: sent, attacher })),
      );
    };
    const ended = attempt();
    // What has this image has all of it; what has another one may have its base.
    const from = before?.of === publication ? before.from : repository;
    turns.set(repository.registry, { of: publication, from, ended });
    return ended;
  };
}

/** Whether every platform of an image was assembled by Slipway; what was not is kept when `latest` leaves it. */
export function isAssembledImage({ variants }: VerifiedImage): boolean {
  return variants.length > 0 && variants.every((variant) => variant.builder === builder);
}

/** Conflicts are one error of all: sent to the other repositories, it would make two images of one version. */
async function prepareAll(publications: readonly ReleasePublication[]): Promise<(Destination | Failure)[][]> {
  const conflicts: string[] = [];
  const attempt = async (publication: ReleasePublication, at: number): Promise<Destination> => {
    try {
      return await prepare(publication, at);
    } catch (error) {
      if (error instanceof ConflictError) conflicts.push(error.message);
      throw error;
    }
  };
  const destinations = await Promise.all(
    publications.map((publication) =>
      Promise.all(
        publication.targets.map(({ repository }, at) => settle(repository, () => attempt(publication, at))),
      ),
    ),
  );
  if (conflicts.length > 0) throw new ConflictError(conflicts.toSorted());
  return destinations;
}

/** Where planning failed it is tried once more, for the error itself. */
async function prepare(publication: ReleasePublication, at: number): Promise<Destination> {
  const { targets, plans } = publication;
  const [target, planned] = [targets[at] as Target, plans?.[at]];
  const plan = planned?.ok === true ? planned : await planTarget(publication, target);
  const held = await heldBy(publication, target.repository, plan.tags);
  return { target, plan, ...(held === undefined ? {} : { held }) };
}

/** The image, where one of the planned tags holds it already. */
async function heldBy(
  { client, image }: ReleasePublication,
  repository: Repository,
  tags: readonly TagPlan[],
): Promise<VerifiedImage | undefined> {
  for (const { current, action, platform } of tags) {
    // What a tag of one platform holds is a part, even of an image that has no other.
    if (current === undefined || action !== "leave" || platform !== undefined) continue;
    const published = await readImage(client, repository, current);
    if (published !== undefined && isSameImage(publishedImageIds(published), image)) return published;
  }
  return undefined;
}

async function prepareCargo(
  publication: ReleasePublication,
  prepared: readonly (Destination | Failure)[],
): Promise<Cargo> {
  const shipment = await prepareShipment(publication, prepared);
  const holders = prepared.flatMap((destination) =>
    "plan" in destination && destination.held !== undefined ? [destination.target.repository] : [],
  );
  const attacher = attacherOf(publication.client, publication.documents, holders);
  if (shipment?.how === "pushed") attacher.begin(shipment.image);
  return { shipment, attacher };
}

/** What is sent to the repositories that need the image, from one that has it whole; undefined where all have it. */
async function prepareShipment(
  { client, pack }: ReleasePublication,
  prepared: readonly (Destination | Failure)[],
): Promise<Shipment | undefined> {
  const destinations = prepared.filter((destination) => "plan" in destination);
  if (!destinations.some(({ plan, held }) => isChange(plan) && held === undefined)) return undefined;
  for (const { target, held } of destinations)
    if (held !== undefined && (await isCopyable(client, target.repository, held)))
      return { image: copyOf(client, target.repository, held), how: "copied" };
  return { image: await pack(), how: "pushed" };
}

/** Whether nothing of an image is known to be missing: its layers were not asked for yet. */
async function isCopyable(
  client: RegistryClient,
  repository: Repository,
  held: VerifiedImage,
): Promise<boolean> {
  try {
    return await isWhole(client, repository, held);
  } catch (error) {
    // Packing in its place would give one version two digests; the copy says what the registry answers.
    if (error instanceof RegistryError) return true;
    throw error;
  }
}

/** Brings the image into a repository, reads it back by digest, and holds it against its identity. */
async function deliver(
  { client, image: ids }: ReleasePublication,
  { target, plan, held }: Destination,
  { shipment, attacher }: Cargo,
): Promise<Delivery> {
  const { repository } = target;
  const platforms = Object.keys(ids);
  const arrive = async (stored: StoredManifest, arrival: Delivered["arrival"]): Promise<Delivered> => {
    const verified = await verifyPushed(client, repository, stored.descriptor.digest, platforms);
    requireIdentity(repository, verified, ids);
    return complete(verified, arrival);
  };
  const complete = async (verified: VerifiedImage, arrival: Delivered["arrival"]): Promise<Delivered> => {
    const image = shipment?.image ?? copyOf(client, repository, verified);
    const attached = await attacher.attach(repository, verified, image);
    return { ok: true, target, plan, verified, ...(attached === undefined ? {} : { attached }), arrival };
  };
  if (held !== undefined) {
    const arrival = { how: "existed", transfer: nothingSent(held) } as const;
    if (isChange(plan)) return arrive(held.stored, arrival);
    // It was read a moment ago, and nothing is about to rely on it: its layers alone were not asked for.
    await verifyRead(client, repository, held, { platforms });
    return complete(held, arrival);
  }
  if (!isChange(plan) || shipment === undefined)
    return { repository: plan.repository, ok: true, how: "not published", tags: plan.tags };
  const { image, how } = shipment;
  const transfer = await pushImage(client, repository, image);
  return arrive(image.index, { how, transfer });
}

/** Sets the tags of what was read back, once all that it waits for was; one that failed keeps all of them. */
async function conclude(
  publication: ReleasePublication,
  delivery: Promise<Timed<Delivery>>,
  { together, attacher }: { together: readonly Promise<Delivery>[]; attacher: Attacher },
): Promise<Timed<ReleaseOutcome>> {
  const delivered = await delivery;
  const missing = (await Promise.all(together)).find((other) => !other.ok);
  if (!("verified" in delivered)) return delivered;
  const { target, milliseconds } = delivered;
  const tagged = await timed(publication.now, () =>
    settle(target.repository, async () => {
      if (missing !== undefined) throw incomplete(target.repository, missing);
      await attacher.confirm(target.repository);
      return setTags(publication, delivered);
    }),
  );
  return { ...tagged, milliseconds: milliseconds + tagged.milliseconds };
}

function incomplete(repository: Repository, missing: Pick<Failure, "repository">): VerificationError {
  return new VerificationError(
    `${formatRepository(repository)}: holds its image, and no tag was moved, since the images of a release appear together and one did not arrive in ${missing.repository}. Run this again once that is mended: what is there is not sent again.`,
  );
}

async function setTags(
  publication: ReleasePublication,
  { target, plan, verified, attached, arrival }: Delivered,
): Promise<PublishedRelease> {
  // Sending takes minutes, in which another publisher may have set a tag: the guard is asked once more.
  // The repository holds the image: a refusal is none of a repository that was never pushed to.
  const { tags } = isChange(plan) ? await planTarget({ ...publication, firstPublish: false }, target) : plan;
  if (isChange(plan)) requireOwn(target.repository, tags, verified);
  const outcomes: TagOutcome[] = [];
  const set: SetTag[] = [];
  try {
    for (const tag of tags) {
      const stored = manifestFor(verified, tag.platform);
      outcomes.push(await setTag(publication, target.repository, tag, stored));
      if (tag.action !== "leave") set.push({ plan: tag, digest: stored.descriptor.digest });
    }
  } catch (error) {
    // What is said is why the others were not set; those that were must not hide a higher version all the same.
    await followOvertaking(publication, target, set).catch(() => {});
    throw error;
  }
  const followed = await followOvertaking(publication, target, set);
  return {
    repository: formatRepository(target.repository),
    ok: true,
    digest: verified.digest,
    platforms: verified.variants.map(({ platform }) => platform),
    tags: outcomes.map((outcome) => withFollowed(outcome, followed.get(outcome.tag))),
    ...arrival,
    ...(attached === undefined ? {} : { attached }),
  };
}

/**
 * The engine does not build the same bytes twice: another publisher may have set a tag to an image of the same inputs
 * that is another digest than the one that was sent, and of which all that is attached and reported would speak.
 */
function requireOwn(repository: Repository, tags: readonly TagPlan[], { digest }: VerifiedImage): void {
  // A tag that stays has a digest only where it holds this image.
  const other = tags.find(
    ({ action, platform, current }) =>
      action === "leave" && platform === undefined && current !== undefined && current !== digest,
  );
  if (other !== undefined)
    throw new ConflictError(
      `${formatReference(repository, other.tag)}: another publisher has set it to ${other.current} meanwhile, which is this image in other bytes than ${digest}. Nothing was overwritten; run this again, which takes what is there.`,
    );
}

function withFollowed(outcome: TagOutcome, why: string | undefined): TagOutcome {
  return why === undefined ? outcome : { ...outcome, why };
}

/** What never moves is created once; what moves leaves nothing of somebody else without a name. */
async function setTag(
  { client }: ReleasePublication,
  repository: Repository,
  plan: TagPlan,
  stored: StoredManifest,
): Promise<TagOutcome> {
  if (plan.action === "leave") return plan;
  if (!plan.moves) {
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
