import { ConflictError, messageOf } from "../errors.js";
import { formatRepository, type Repository } from "./reference.js";

/** A repository for which an operation did not succeed. */
export interface Failure {
  repository: string;
  ok: false;
  error: string;
  /** Whether something is there that would be overwritten. */
  isConflict?: true;
}

/** An outcome in any case: one registry that fails does not stop the others. */
export async function settle<T>(repository: Repository, attempt: () => Promise<T>): Promise<T | Failure> {
  try {
    return await attempt();
  } catch (error) {
    const failure = { repository: formatRepository(repository), ok: false, error: messageOf(error) } as const;
    return error instanceof ConflictError ? { ...failure, isConflict: true } : failure;
  }
}

/** What went wrong where an operation did not succeed. */
export function errorsOf(outcomes: readonly ({ ok: true } | Failure)[]): string[] {
  return outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
}
