import { z } from "zod";
import { RegistryError } from "../errors.js";
import { formatRepository, type Repository } from "../registry/reference.js";
import { parseHttpDate } from "../registry/retry-after.js";
import {
  type ApiAnswer,
  type ApiSettings,
  callApi,
  parseAnswer,
  type ServiceSettings,
} from "../registry/service-api.js";
import { classifyStatus, type Verdict } from "../registry/verdict.js";
import { keepToken } from "../secrets.js";

const issued = z.object({ access_token: z.string().min(1) });

const rights =
  "Docker Hub wants a personal access token with the permissions Read, Write, Delete, of somebody who administers the repository.";

/**
 * Docker Hub's own API, which deletes a tag and leaves the others that share its manifest. Its registry deletes
 * untagged manifests by digest only. Neither of the two lists these.
 */
export class DockerHub {
  readonly #api: ApiSettings;
  #token?: Promise<string>;

  constructor(
    private readonly settings: ServiceSettings,
    private readonly repository: Repository,
  ) {
    this.#api = {
      ...settings,
      subject: formatRepository(repository),
      authorization: {
        header: () => this.#bearer(),
        renew: (rejected) => this.#renew(rejected),
      },
      judge: judgeDockerHub,
      advice: ({ failure }) =>
        failure === "unauthorized" || failure === "denied" ? `${settings.access} ${rights}` : undefined,
    };
  }

  /** 404 is success: the tag is gone. */
  async deleteTag(tag: string): Promise<"deleted" | "absent"> {
    const answer = await callApi(this.#api, {
      method: "DELETE",
      url: `${this.settings.api}/v2/repositories/${this.repository.path}/tags/${tag}/`,
      name: `tag ${tag}`,
      accept: [200, 202, 204, 404],
    });
    return answer.status === 404 ? "absent" : "deleted";
  }

  async #bearer(): Promise<string> {
    this.#token ??= this.#signIn();
    return `Bearer ${await this.#token}`;
  }

  /** A token lasts for minutes: the one that was refused is replaced, once. */
  async #renew(rejected: string | undefined): Promise<string> {
    if ((await this.#bearer()) === rejected) this.#token = this.#signIn();
    return this.#bearer();
  }

  /** "Create access token" of the Docker Hub API. */
  async #signIn(): Promise<string> {
    const { credential, access } = this.settings;
    const { subject } = this.#api;
    if (credential?.kind !== "password")
      throw new RegistryError(
        `${subject}: a tag is deleted with user name and token only. ${access} ${rights}`,
        {
          failure: "unauthorized",
        },
      );
    const anonymous = { ...this.#api, authorization: { header: async () => undefined } };
    const answer = await callApi(anonymous, {
      method: "POST",
      url: `${this.settings.api}/v2/auth/token`,
      name: "auth/token",
      body: { identifier: credential.username, secret: credential.password },
      accept: [200],
    });
    const { access_token } = parseAnswer(issued, answer, `${subject}: auth/token`);
    keepToken(access_token);
    return access_token;
  }
}

/** By status and text, and by X-Retry-After, a time in seconds since the epoch ("Rate limiting"). */
export function judgeDockerHub({ status, headers, text }: ApiAnswer): Verdict {
  const verdict = classifyStatus(status, headers, text);
  const until = headers.get("x-retry-after") ?? "";
  const date = parseHttpDate(headers.get("date"));
  if (verdict.failure !== "rate-limited" || !/^\d{1,10}$/.test(until) || date === undefined) return verdict;
  return { ...verdict, retryAfter: Math.max(Number(until) * 1000 - date, 0) };
}
