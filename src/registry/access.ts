import { messageOf, RegistryError, VerificationError } from "../errors.js";
import type { RegistryClient } from "./client.js";
import type { Failure } from "./outcome.js";
import { formatRepository, type Repository } from "./reference.js";

/** Whether a repository may be pushed to with the credentials given. */
export type PushAccess =
  | { repository: string; ok: true }
  /** `refused` is a registry's answer; a registry that gives none may be back when the push begins. */
  | (Failure & { refused: boolean });

/**
 * Asks every repository for the right to push, before anything is built. The request that opens an upload is the
 * only honest one: Docker Hub issues tokens for rights that it does not grant, and those of GHCR cannot be read.
 * A repository that does not exist yet is created by the push, where its registry does that at all.
 */
export async function checkPushAccess(
  client: RegistryClient,
  repositories: readonly Repository[],
): Promise<PushAccess[]> {
  return Promise.all(
    repositories.map(async (target): Promise<PushAccess> => {
      const repository = formatRepository(target);
      try {
        await openUpload(client, target);
        return { repository, ok: true };
      } catch (error) {
        const refused = !(error instanceof RegistryError && error.transient);
        return { repository, ok: false, error: messageOf(error), refused };
      }
    }),
  );
}

/** Throws one error with every repository that refuses the push. */
export function requirePushAccess(accesses: readonly PushAccess[]): void {
  const errors = accesses.flatMap((access) => (access.ok || !access.refused ? [] : [access.error]));
  if (errors.length > 0) throw new VerificationError(errors);
}

/** What a 401 or 403 may mean as well, for whoever is about to publish. */
export function withNewRepositoryAdvice(refusal: RegistryError): RegistryError {
  const advice = "A repository that was never pushed to may answer so: then pass --first-publish.";
  return new RegistryError(`${refusal.message} ${advice}`, refusal);
}

async function openUpload(client: RegistryClient, repository: Repository): Promise<void> {
  try {
    await client.tryUpload(repository);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.failure !== "not-found") throw error;
    throw new RegistryError(
      `${error.message} This registry creates no repository on push: create ${formatRepository(repository)} there, then run this again.`,
      { failure: "not-found", status: 404 },
    );
  }
}
