import type { RegistryClient } from "../registry/client.js";
import { type Failure, settle } from "../registry/outcome.js";
import { type AliasMove, moveAlias } from "../registry/publish.js";
import { formatRepository, type Repository } from "../registry/reference.js";
import { verifyImage } from "../registry/verify.js";
import { isSlipwayImage } from "./image.js";

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
  return Promise.all(
    repositories.map((repository) =>
      settle(repository, async () => {
        const image = await verifyImage(client, repository, tag);
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
