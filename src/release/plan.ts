import type { ReleaseSettings } from "../config.js";
import { ConflictError, InputError } from "../errors.js";
import type { PushAccess } from "../registry/access.js";
import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatReference, formatRepository, type Repository } from "../registry/reference.js";
import type { BuiltImage, Origin } from "./built.js";
import { onlyForward } from "./forward.js";
import { formatImageIds, type ImageIds, isSameImage } from "./image-ids.js";
import { type PublishedTag, readTag, readTags } from "./published.js";
import type { Trigger } from "./ref.js";
import { decideTags, type LatestPolicy, needsPublishedTags, type TagDecision } from "./tags.js";

/** A repository that a release goes to, and what its `latest` follows. */
export interface Target {
  repository: Repository;
  latest: LatestPolicy;
}

/** What a publication does to one tag, and why. */
export interface TagPlan {
  tag: string;
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

export interface ReleasePlan extends Built {
  trigger: Trigger;
  repositories: RepositoryPlan[];
  /** What the registries say of the right to push; absent where they were not asked. */
  access?: PushAccess[];
}

export interface PlanRequest extends Built {
  client: RegistryClient;
  targets: readonly Target[];
  trigger: Trigger;
  /** Treats a repository that answers 401 or 403 as one that was never pushed to. */
  firstPublish: boolean;
}

/** Where a release goes: a call without a target is a mistake. */
export function releaseTargets({ repositories }: ReleaseSettings): readonly Target[] {
  if (repositories.length > 0) return repositories;
  throw new InputError({
    subject: "slipway.json: release.repositories",
    expected: 'at least one repository, as in [{"repository": "ghcr.io/acme/app"}]',
    given: repositories,
  });
}

/** Reads the registries and says what a publication would do there. Nothing is changed. */
export async function planRelease(request: PlanRequest): Promise<ReleasePlan> {
  const { targets, trigger, image, origin, remarks } = request;
  const repositories = await Promise.all(
    targets.map((target) => settle(target.repository, () => planTarget(request, target))),
  );
  return {
    trigger,
    ...(image === undefined ? {} : { image }),
    ...(origin === undefined ? {} : { origin }),
    ...(remarks === undefined ? {} : { remarks }),
    repositories,
  };
}

/**
 * Decides what happens to the tags of one repository. A version tag that holds another image is a
 * ConflictError: nothing is ever overwritten.
 */
export function planTags(
  repository: Repository,
  decisions: readonly TagDecision[],
  published: ReadonlyMap<string, PublishedTag>,
  built: Built,
): TagPlan[] {
  return decisions.map((decision): TagPlan => {
    const { tag, set, why } = decision;
    const current = published.get(tag);
    if (!set) return { tag, action: "leave", why };
    if (current === undefined) return { tag, action: "create", why };
    return decision.moves ? planMove(decision, current, built) : guard(repository, tag, current, built);
  });
}

/** Decides what happens to one repository; what is not known or not allowed is thrown. */
export async function planTarget(request: PlanRequest, { repository, latest }: Target): Promise<TargetPlan> {
  const { client, trigger, firstPublish } = request;
  const reading = { client, repository, firstPublish };
  const tags = needsPublishedTags(trigger, latest) ? await readTags(reading) : [];
  const decisions = decideTags(trigger, latest, tags);
  const published = new Map<string, PublishedTag>();
  for (const { tag, set } of decisions) {
    const found = set ? await readTag(reading, tag) : undefined;
    if (found !== undefined) published.set(tag, found);
  }
  const forward = decisions.map((decision) => {
    const held = published.get(decision.tag);
    return onlyForward(decision, trigger, held && "version" in held ? held.version : undefined);
  });
  return {
    repository: formatRepository(repository),
    ok: true,
    latest,
    tags: planTags(repository, forward, published, request),
  };
}

function planMove({ tag, why }: TagDecision, current: PublishedTag, { image }: Built): TagPlan {
  if (image !== undefined && "ids" in current && isSameImage(current.ids, image))
    return { tag, action: "leave", current: current.digest, why: `${why}, and it holds this image already` };
  return { tag, action: "move", current: current.digest, why };
}

function guard(
  repository: Repository,
  tag: string,
  current: PublishedTag,
  { image, origin = "slipway" }: Built,
): TagPlan {
  const { digest } = current;
  const leave = (why: string): TagPlan => ({ tag, action: "leave", current: digest, why });
  if (image === undefined)
    return leave("it exists; publishing compares the image IDs, and overwrites nothing");
  if ("ids" in current && isSameImage(current.ids, image)) return leave("it holds this image already");
  const found =
    "ids" in current ? `the image ${formatImageIds(current.ids)}` : `no whole image (${current.unreadable})`;
  throw new ConflictError(
    `${formatReference(repository, tag)}: exists as ${digest} and holds ${found}; to be published is ${formatImageIds(image)}. Nothing was overwritten; ${wayOut(current, image, origin)}. remove-tag removes a pre-release.`,
  );
}

const waysOut: Record<Origin, string> = {
  slipway:
    "pass the same binaries, --revision and --source-date-epoch as then, or publish the change as another version",
  engine:
    "building again may give another image: publish the archives of the first build with join, or this one as another version",
  archives: "join the archives of the first build, or publish the change as another version",
};

function wayOut(current: PublishedTag, image: ImageIds, origin: Origin): string {
  const platforms = (ids: ImageIds) => Object.keys(ids).toSorted().join();
  return "ids" in current && platforms(current.ids) !== platforms(image)
    ? "publish it for the platforms that it has, or as another version"
    : waysOut[origin];
}
