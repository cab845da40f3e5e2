import { RegistryError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatReference, type Repository } from "../registry/reference.js";
import { type Alias, type RolledBack, rollBackRepository } from "../registry/rollback.js";
import type { VerifiedImage } from "../registry/verify.js";
import {
  chooseMoving,
  type EarlierVersion,
  type MovingTag,
  type NextMove,
  nextMove,
  readEarlierVersion,
} from "../tags/rollback.js";
import type { TagRules } from "../tags/rules.js";
import type { Target } from "./plan.js";
import { isAssembledImage } from "./publish.js";

/** What a rollback of releases is asked for. */
export interface ReleaseRollback {
  client: RegistryClient;
  images: readonly RollbackImage[];
  /** The earlier version, by its tag in git or at the registries. */
  tag: string;
  /** Tags to move; none are all that move with that version, and latest. */
  tags: readonly string[];
}

/** An image whose tags go back. */
export interface RollbackImage {
  targets: readonly Target[];
  rules: TagRules;
}

interface ReturningImage extends RollbackImage {
  earlier: EarlierVersion;
  moving: readonly MovingTag[];
}

/** A repository whose tags went back. */
export interface RolledBackRelease extends RolledBack {
  /** Tags that it does not have, and did not get. */
  absent: string[];
  /** What the policies do next with each tag that went back. */
  next: NextMove[];
}

export type ReleaseRollbackOutcome = RolledBackRelease | Failure;

/** Points tags that move at an earlier version, in repositories each on its own; none is created. */
export async function rollBackRelease({
  client,
  images,
  tag,
  tags,
}: ReleaseRollback): Promise<ReleaseRollbackOutcome[]> {
  const known = images.map((image) => ({ ...image, earlier: readEarlierVersion(tag, image.rules) }));
  const returning = chooseMoving(known, tags).filter(({ moving }) => moving.length > 0);
  return Promise.all(
    returning.flatMap((image) =>
      image.targets.map((target) => settle(target.repository, () => rollBackTarget(client, target, image))),
    ),
  );
}

async function rollBackTarget(
  client: RegistryClient,
  { repository, latest }: Target,
  { rules, earlier: { version, tag }, moving: chosen }: ReturningImage,
): Promise<RolledBackRelease> {
  const wanted = chosen.filter((moving) => moving.wanted !== undefined || latest !== "none");
  const absent: string[] = [];
  let published: readonly string[] = [];
  const aliasesOf = async (image: VerifiedImage) => {
    published = (await client.listTags(repository)) ?? [];
    const aliases = wanted.map((moving) => aliasFor(moving, image));
    const present = await existing(client, repository, aliases, published);
    absent.push(...aliases.filter((alias) => !present.includes(alias)).map((alias) => alias.tag));
    return present;
  };
  const rolledBack = await rollBackRepository(client, repository, {
    tag,
    aliasesOf,
    isOurs: isAssembledImage,
  });
  return {
    ...rolledBack,
    absent,
    next: wanted
      .filter((moving) => !absent.includes(moving.tag))
      .map((moving) => nextMove(moving, version, latest, rules, published)),
  };
}

/** What a tag is to point at: the index, or the manifest of the platform that it names. */
function aliasFor({ tag, wanted }: MovingTag, { stored, variants }: VerifiedImage): Alias {
  const variant = variants.find(({ platform }) => platform === wanted?.platform);
  return { tag, stored: variant?.stored ?? stored };
}

/** Those that are there. One that is listed and answers 404 is not absent: it would stay at the image that is left. */
async function existing(
  client: RegistryClient,
  repository: Repository,
  aliases: readonly Alias[],
  listed: readonly string[],
): Promise<Alias[]> {
  const found: Alias[] = [];
  for (const alias of aliases) if (await isThere(client, repository, alias.tag, listed)) found.push(alias);
  return found;
}

function isThere(
  client: RegistryClient,
  repository: Repository,
  tag: string,
  listed: readonly string[],
): Promise<boolean> {
  return client.untilShown(async () => {
    if ((await client.headManifest(repository, tag)) !== undefined) return true;
    if (!listed.includes(tag)) return false;
    throw new RegistryError(
      `${formatReference(repository, tag)}: the registry lists the tag and answers 404 for it, so whether it is to go back is unknown. No tag was moved. Run this again; if it stays, name the tags that are there with --tags.`,
      { failure: "invalid", transient: true },
    );
  });
}
