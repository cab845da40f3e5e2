import { RegistryError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import { formatRepository, type Repository } from "../registry/reference.js";

/**
 * Reads what is attached to manifests, by the registry's own API. Where there is none, referrers are where the referrers
 * tag schema puts them: under tags. A registry that has the API never answers 404 (distribution specification,
 * "Listing Referrers"), so one that does for some manifests says nothing of these.
 */
export class ReferrersReader {
  /** The first manifest that each kind of answer was for. */
  readonly #answered = new Map<"a list" | "404", string>();

  constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
  ) {}

  async read(digest: string): Promise<readonly string[]> {
    const found = await this.client.listReferrers(this.repository, digest);
    const kind = found === undefined ? "404" : "a list";
    if (!this.#answered.has(kind)) this.#answered.set(kind, digest);
    if (this.#answered.size > 1) throw contradiction(this.repository, this.#answered);
    return (found ?? []).map((referrer) => referrer.digest);
  }
}

function contradiction(repository: Repository, answers: ReadonlyMap<string, string>): RegistryError {
  const said = [...answers].map(([answer, digest]) => `${answer} for those of ${digest}`).join(" and ");
  return new RegistryError(
    `${formatRepository(repository)}: asked for referrers, the registry answers ${said}, so what is attached is unknown and nothing is removed. Run this again; if it stays, whoever runs the registry has to repair it.`,
    { failure: "invalid" },
  );
}
