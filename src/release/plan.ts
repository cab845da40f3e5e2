import type { ReleaseSettings } from "../config.js";
import { ConflictError, InputError, RegistryError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import { onlyForward } from "../tags/forward.js";
import { decideTags, type LatestPolicy, needsPublishedTags, type TagDecision } from "../tags/policy.js";
import { type Trigger, versionOf } from "../tags/ref.js";
import type { TagRequest } from "../tags/request.js";
import type { BuiltImage, Origin } from "./built.js";
import { formatImageIds, type ImageIds, isSameImage } from "./image-ids.js";
import { type PublishedTag, type Reading, readTag, readTags } from "./published.js";

/** A repository that a release goes to, and what its `latest` follows. */
export interface Target {
  repository: Repository;
  latest: LatestPolicy;
}

/** What a publication does to one tag, and why. */
export interface TagPlan extends Pick<TagDecision, "tag" | "moves" | "platform"> {
  action: "create" | "move" | "leave";
  /** Digest that the tag points at; absent where it does not exist or was not asked for. */
  current?: string;
  /** A clause without a full stop. */
  why: string;
}

/** What a publication does to one repository. */
export interface TargetPlan {
  repository: string;
  ok: true;
  latest: LatestPolicy;
  tags: TagPlan[];
}

/** A Failure where it is not known or not allowed. */
export type RepositoryPlan = TargetPlan | Failure;

/** What is to be published; absent where nothing was built. */
type Built = Partial<BuiltImage>;

interface Versioned extends Built {
  /** Version that is published; absent where none is. */
  version?: string | undefined;
}

/** What a publication does with one image. */
export interface ReleasePlan extends Built {
  /** Absent where the release has one image. */
  name?: string | undefined;
  trigger: Trigger;
  repositories: RepositoryPlan[];
}

export interface PlanRequest extends Built {
  /** Absent where the release has one image. */
  name?: string | undefined;
  client: RegistryClient;
  targets: readonly Target[];
  tags: TagRequest;
  /** Treats a repository that answers 401 or 403 as one that was never pushed to. */
  firstPublish: boolean;
}

/** Where an image goes: a call without a target is a mistake. */
export function releaseTargets({
  repositories,
  name,
}: Pick<ReleaseSettings, "repositories" | "name">): readonly Target[] {
  if (repositories.length > 0) return repositories;
  throw new InputError({
    subject: `slipway.json: ${name === undefined ? "" : `image ${name}: `}release.repositories`,
    expected: 'at least one repository, as in [{"repository": "ghcr.io/acme/app"}]',
    given: repositories,
  });
}

/** Reads the registries and says what a publication would do there. Nothing is changed. */
export async function planRelease(request: PlanRequest): Promise<ReleasePlan> {
  const { name, targets, tags, image, origin, remarks } = request;
  const repositories = await Promise.all(
    targets.map((target) => settle(target.repository, () => planTarget(request, target))),
  );
  return {
    ...(name === undefined ? {} : { name }),
    trigger: tags.trigger,
    ...(image === undefined ? {} : { image }),
    ...(origin === undefined ? {} : { origin }),
    ...(remarks === undefined ? {} : { remarks }),
    repositories,
  };
}

/**
 * Decides what happens to the tags of one repository. A tag that never moves and holds another image is a
 * ConflictError: nothing is ever overwritten.
 */
export function planTags(
  repository: Repository,
  decisions: readonly TagDecision[],
  published: ReadonlyMap<string, PublishedTag>,
  built: Versioned,
): TagPlan[] {
  return decisions.map((decision): TagPlan => {
    const { set, ...rest } = decision;
    const current = published.get(decision.tag);
    if (!set) return { ...rest, action: "leave" };
    if (current === undefined) return { ...rest, action: "create" };
    const part = partOf(built, decision);
    if (!decision.moves) return guard(repository, rest, current, part);
    return planMove(rest, current, { ...part, version: built.version });
  });
}

/** What a tag is to hold: the whole image, or the platform that it names. */
function partOf({ image, ...rest }: Built, { platform }: TagDecision): Built {
  if (image === undefined || platform === undefined) return image === undefined ? rest : { ...rest, image };
  const id = image[platform];
  return { ...rest, image: id === undefined ? {} : { [platform]: id } };
}

/** Decides what happens to one repository; what is not known or not allowed is thrown. */
export async function planTarget(request: PlanRequest, { repository, latest }: Target): Promise<TargetPlan> {
  const { client, tags, firstPublish } = request;
  const reading = { client, repository, firstPublish };
  const listed = needsPublishedTags(tags, latest) ? await readTags(reading) : [];
  const decisions = decideTags(tags, latest, listed);
  const published = new Map<string, PublishedTag>();
  for (const decision of decisions) {
    const { tag, set } = decision;
    const found = set ? await readPlanned(reading, decision, listed) : undefined;
    if (found !== undefined) published.set(tag, found);
  }
  const forward = decisions.map((decision) => {
    const held = published.get(decision.tag);
    return onlyForward(decision, tags.trigger, held && "version" in held ? held.version : undefined);
  });
  return {
    repository: formatRepository(repository),
    ok: true,
    latest,
    tags: planTags(repository, forward, published, { ...request, version: versionOf(tags.trigger) }),
  };
}

/** What a tag holds. One that never moves, is listed and answers 404 is not absent: it would be set a second time. */
async function readPlanned(
  reading: Reading,
  { tag, moves }: TagDecision,
  listed: readonly string[],
): Promise<PublishedTag | undefined> {
  return reading.client.untilShown(async () => {
    const found = await readTag(reading, tag);
    if (found !== undefined || moves || !listed.includes(tag)) return found;
    throw new RegistryError(
      `${formatReference(reading.repository, tag)}: the registry lists the tag and answers 404 for it, so whether it is published is unknown. Run this again; if it stays, remove the tag there.`,
      { failure: "invalid", transient: true },
    );
  });
}

/** A release of the same image under another version is another index, which says so. */
function planMove(
  tag: Omit<TagPlan, "action">,
  current: PublishedTag,
  { image, version }: Versioned,
): TagPlan {
  const isSame = image !== undefined && "ids" in current && isSameImage(current.ids, image);
  if (isSame && (version === undefined || (current.version ?? version) === version))
    return {
      ...tag,
      action: "leave",
      current: current.digest,
      why: `${tag.why}, and it holds this image already`,
    };
  return { ...tag, action: "move", current: current.digest };
}

function guard(
  repository: Repository,
  tag: Omit<TagPlan, "action">,
  current: PublishedTag,
  { image, origin = "slipway" }: Built,
): TagPlan {
  const { digest } = current;
  const leave = (why: string): TagPlan => ({ ...tag, action: "leave", current: digest, why });
  if (image === undefined)
    return leave("it exists; publishing compares the image IDs, and overwrites nothing");
  if ("ids" in current && isSameImage(current.ids, image)) return leave("it holds this image already");
  const found =
    "ids" in current ? `the image ${formatImageIds(current.ids)}` : `no whole image (${current.unreadable})`;
  throw new ConflictError(
    `${formatReference(repository, tag.tag)}: exists as ${digest} and holds ${found}; to be published is ${formatImageIds(image)}. Nothing was overwritten; ${wayOut(current, image, origin)}. remove-tag removes a pre-release.`,
  );
}

const waysOut: Record<Origin, string> = {
  slipway:
    "pass the same binaries, --revision and --source-date-epoch as then, or publish the change as another version",
  engine:
    "its inputs changed: the Dockerfile, what it copies, an image that it starts from, a build argument, --revision or --source-date-epoch; go back to those of then, or publish the change as another version",
  archives: "join the archives of the first build, or publish the change as another version",
};

function wayOut(current: PublishedTag, image: ImageIds, origin: Origin): string {
  const platforms = (ids: ImageIds) => Object.keys(ids).toSorted().join();
  return "ids" in current && platforms(current.ids) !== platforms(image)
    ? "publish it for the platforms that it has, or as another version"
    : waysOut[origin];
}
