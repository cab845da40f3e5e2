import { InputError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { settle } from "../registry/outcome.js";
import { isDigest, isTag, type Repository } from "../registry/reference.js";
import { type RollbackOutcome, rollBackRepository } from "../registry/rollback.js";
import type { VerifiedImage } from "../registry/verify.js";
import { isImmutableTag, isSlipwayImage, labels } from "./image.js";

/** Points aliases at an earlier image, in repositories each on its own. */
export async function rollBack(
  client: RegistryClient,
  repositories: readonly Repository[],
  tag: string,
  aliases: readonly string[],
): Promise<RollbackOutcome[]> {
  requireMovable(tag, aliases);
  const aliasesOf = (image: VerifiedImage) => {
    requireTruthful(image, aliases);
    return aliases.map((alias) => ({ tag: alias, stored: image.stored }));
  };
  const rollback = { tag, aliasesOf, isOurs: isSlipwayImage };
  return Promise.all(
    repositories.map((repository) =>
      settle(repository, () => rollBackRepository(client, repository, rollback)),
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
