import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { InputError, RegistryError } from "../errors.js";
import { listAll } from "../registry/api-list.js";
import type { Credential } from "../registry/credentials.js";
import { gitHubApi } from "../registry/github-api.js";
import { formatRepository, isDigest, isTag, type Repository } from "../registry/reference.js";
import {
  type ApiAnswer,
  type ApiRequest,
  type ApiSettings,
  callApi,
  parseAnswer,
  type ServiceSettings,
  saidBy,
} from "../registry/service-api.js";
import type { Verdict } from "../registry/verdict.js";
import type { Removal } from "./target.js";

/** A version of a container package: one manifest, with all tags that point at it. */
export interface PackageVersion {
  id: number;
  digest: string;
  tags: readonly string[];
  /** The later of its creation and its last change, in milliseconds since the epoch. */
  changed: number;
}

const version = z
  .object({
    id: z.int(),
    name: z.string().refine(isDigest, "is not a digest"),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    metadata: z.object({ container: z.object({ tags: z.array(z.string().refine(isTag, "is not a tag")) }) }),
  })
  .transform(
    ({ id, name, created_at, updated_at, metadata }): PackageVersion => ({
      id,
      digest: name,
      tags: metadata.container.tags,
      changed: Math.max(Date.parse(created_at), Date.parse(updated_at)),
    }),
  );
const versions = z.array(version);
const account = z.object({ type: z.string() });

// GitHub's best practices for the REST API: at least a second between requests that change something.
const pause = 1_000;

/** A package that a token may not see is answered with 404. */
const refusals: ReadonlySet<Verdict["failure"]> = new Set(["unauthorized", "denied", "not-found"]);

const rights =
  "GitHub wants a classic personal access token with read:packages and delete:packages, or in a workflow GITHUB_TOKEN with packages: write, of somebody who administers the package.";

/** Refusals that are GitHub's policy and not a failure; both come as 400. */
const policies = /more than 5,?000 downloads|last tagged version/i;

/**
 * A container package in GitHub's REST API ("Packages"). Deleting a version deletes its manifest with every tag;
 * a tag alone cannot be deleted.
 */
export class GitHubPackages {
  readonly #api: ApiSettings;
  readonly #sleep: (delay: number) => Promise<unknown>;
  #location?: Promise<string>;

  constructor(
    private readonly settings: ServiceSettings,
    private readonly repository: Repository,
  ) {
    const { sleep = wait } = settings;
    const token = tokenIn(settings.credential);
    this.#sleep = sleep;
    this.#api = {
      ...settings,
      subject: formatRepository(repository),
      ...gitHubApi,
      authorization: { header: async () => (token === undefined ? undefined : `Bearer ${token}`) },
      advice: ({ failure }) => (refusals.has(failure) ? this.#access() : undefined),
    };
  }

  /** All versions, over as many pages as it takes. */
  async listVersions(): Promise<PackageVersion[]> {
    const first = `${await this.#locate()}/versions?per_page=100`;
    const listed = await listAll(this.#api, first, "versions", versions);
    const found = new Map(listed.map((each) => [each.id, each] as const));
    return [...found.values()];
  }

  /**
   * Deletes a version, if it is still that manifest, with exactly the tags that it was listed with. GitHub answers 404 as well
   * where a token may read but not delete: a version that can be read afterwards was not absent.
   */
  async deleteVersion(listed: PackageVersion): Promise<Removal> {
    const found = await this.#find(listed.id);
    if (found === undefined) return { result: "absent" };
    const { tags, digest } = found;
    if (digest !== listed.digest) return { result: "refused", detail: `it became ${digest} in the meantime` };
    if (tags.toSorted().join() !== listed.tags.toSorted().join())
      return { result: "refused", detail: `its tags became ${tags.join(", ") || "none"} in the meantime` };
    const answer = await this.#call({
      method: "DELETE",
      url: `${await this.#locate()}/versions/${listed.id}`,
      name: `version ${listed.id}`,
      accept: [204, 400, 404],
    });
    await this.#sleep(pause);
    if (answer.status === 204) return { result: "deleted" };
    if (answer.status === 400) return { result: "refused", detail: this.#policyOf(listed, answer) };
    if ((await this.#find(listed.id)) === undefined) return { result: "absent" };
    throw new RegistryError(
      `${this.#api.subject}: DELETE version ${listed.id}: answered 404, but the version is there. ${this.#access()}`,
      { failure: "denied", status: 404 },
    );
  }

  #policyOf(listed: PackageVersion, answer: ApiAnswer): string {
    const said = saidBy(answer);
    if (policies.test(said)) return `GitHub says: ${said.replace(/\.$/, "")}`;
    throw new RegistryError(
      `${this.#api.subject}: DELETE version ${listed.id}: answered 400${said && ` (${said})`}.`,
      { failure: "invalid", status: 400 },
    );
  }

  async #find(id: number): Promise<PackageVersion | undefined> {
    const name = `version ${id}`;
    const url = `${await this.#locate()}/versions/${id}`;
    const answer = await this.#call({ method: "GET", url, name, accept: [200, 404] });
    if (answer.status === 404) return undefined;
    return parseAnswer(version, answer, `${this.#api.subject}: ${name}`);
  }

  #access(): string {
    return `${this.settings.access} ${rights}`;
  }

  #call(request: ApiRequest): Promise<ApiAnswer> {
    return callApi(this.#api, request);
  }

  /** The URL of the package; organizations and users have theirs under different paths. */
  #locate(): Promise<string> {
    this.#location ??= this.#findLocation();
    return this.#location;
  }

  async #findLocation(): Promise<string> {
    const [owner = "", ...rest] = this.repository.path.split("/");
    if (rest.length === 0)
      throw new InputError({
        subject: "repository",
        expected: `an owner and a package, as in ${this.repository.registry}/acme/ci`,
        given: formatRepository(this.repository),
      });
    const { api } = this.settings;
    const name = `users/${owner}`;
    const answer = await this.#call({ method: "GET", url: `${api}/${name}`, name, accept: [200] });
    const { type } = parseAnswer(account, answer, `${this.#api.subject}: ${name}`);
    const kind = type === "Organization" ? "orgs" : "users";
    return `${api}/${kind}/${owner}/packages/container/${encodeURIComponent(rest.join("/"))}`;
  }
}

/** The token that the registry takes as a password is the API's as well. */
function tokenIn(credential: Credential | undefined): string | undefined {
  if (credential?.kind === "password") return credential.password;
  return credential?.kind === "identity-token" ? credential.token : undefined;
}
