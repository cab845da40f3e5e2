import type { RegistryClient, StoredManifest } from "./client.js";
import type { Failure } from "./outcome.js";
import { formatRepository, type Repository } from "./reference.js";
import { type AliasMove, moveAlias } from "./tag.js";
import { type VerifiedImage, verifyImage } from "./verify.js";

/** A tag that moves, and the manifest that it is to point at. */
export interface Alias {
  tag: string;
  stored: StoredManifest;
}

/** A way back to an earlier image. */
export interface Rollback {
  /** Tag or digest of that image. */
  tag: string;
  /** What is to point at it, in that order. */
  aliasesOf: (image: VerifiedImage) => readonly Alias[] | Promise<readonly Alias[]>;
  /** Whether an image that an alias leaves needs no second name. */
  isOurs: (image: VerifiedImage) => boolean;
}

/** A repository whose aliases point at the earlier image. */
export interface RolledBack {
  repository: string;
  ok: true;
  tag: string;
  digest: string;
  platforms: string[];
  aliases: AliasMove[];
}

export type RollbackOutcome = RolledBack | Failure;

/**
 * Points aliases at what an earlier tag holds: one manifest PUT an alias, no build and no layer. The earlier
 * image is read back to the last blob first, so an alias never moves to something that cannot be pulled.
 */
export async function rollBackRepository(
  client: RegistryClient,
  repository: Repository,
  { tag, aliasesOf, isOurs }: Rollback,
): Promise<RolledBack> {
  const image = await verifyImage(client, repository, tag);
  const aliases: AliasMove[] = [];
  for (const alias of await aliasesOf(image))
    aliases.push(await moveAlias(client, repository, alias.tag, alias.stored, isOurs));
  return {
    repository: formatRepository(repository),
    ok: true,
    tag,
    digest: image.digest,
    platforms: image.variants.map(({ platform }) => platform),
    aliases,
  };
}
