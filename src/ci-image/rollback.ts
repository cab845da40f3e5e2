import { InputError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { formatRepository, isDigest, isTag, type Repository } from "../registry/reference.js";
import { type AliasMove, moveAlias } from "../registry/tag.js";
import { type VerifiedImage, verifyImage } from "../registry/verify.js";
import { isImmutableTag, isSlipwayImage, labels } from "./image.js";

/** What became of one repository. */
export type RollbackOutcome =
  | { repository: string; ok: true; tag: string; digest: string; platforms: string[]; aliases: AliasMove[] }
  | Failure;

/**
 * Points aliases at what an earlier tag holds: one manifest PUT an alias, no build and no layer. The earlier
 * image is read back to the last blob first, so an alias never moves to something that cannot be pulled.
 */
export async function rollBack(
  client: RegistryClient,
  repositories: readonly Repository[],
  tag: string,
  aliases: readonly string[],
): Promise<RollbackOutcome[]> {
  requireMovable(tag, aliases);
  return Promise.all(
    repositories.map((repository) =>
      settle(repository, async () => {
        const image = await verifyImage(client, repository, tag);
        requireTruthful(image, aliases);
        const moves: AliasMove[] = [];
        for (const alias of aliases)
          moves.push(await moveAlias(client, repository, alias, image.stored, isSlipwayImage));
        return {
          repository: formatRepository(repository),
          ok: true as const,
          tag,
          digest: image.digest,
          platforms: image.variants.map(({ platform }) => platform),
          aliases: moves,
        };
      }),
    ),
  );
}

/** Only names that follow the newest image may move: the others are what jobs are pinned to. */
function requireMovable(tag: string, aliases: readonly string[]): void {
  const expected = "a tag as in 2025.12.13-alpine3.23-1a2b3c4d, or a digest";
  if (!isTag(tag) && !isDigest(tag)) throw new InputError({ subject: "--tag", expected, given: tag });
  for (const alias of aliases)
    if (!isTag(alias) || isImmutableTag(alias))
      throw new InputError({
        subject: "--aliases",
        expected: "tags that move, as in latest or 2025.12.13",
        given: alias,
        fix: "A tag that ends in the digits of an identity never moves",
      });
}

/** An alias that names a version of mise says what is in the image. */
function requireTruthful({ variants }: VerifiedImage, aliases: readonly string[]): void {
  const versions = new Set(variants.map((variant) => variant.labels[labels.mise]));
  for (const alias of aliases)
    if (/^\d+\.\d+\.\d+$/.test(alias) && !(versions.size === 1 && versions.has(alias)))
      throw new InputError({
        subject: "--aliases",
        expected: `the version of mise in that image, ${[...versions].join(", ")}`,
        given: alias,
      });
}
