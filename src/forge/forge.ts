import { InputError, type RegistryError } from "../errors.js";
import { gitHubApi } from "../registry/github-api.js";
import type { ApiSettings } from "../registry/service-api.js";
import { GitHubReleases } from "./github-release.js";
import { GitLabReleases } from "./gitlab-release.js";
import type { Origin } from "./origin.js";
import type { Forge } from "./release.js";

/** Where a project lives, and what its forge is asked with. */
export interface ForgeAccess {
  /** Undefined where git names no remote. */
  origin: Origin | undefined;
  /** Tokens by the names of variables: GITHUB_TOKEN, GITLAB_TOKEN, CI_JOB_TOKEN. */
  tokens: ReadonlyMap<string, string>;
  /** Hosts that are asked without TLS. */
  plainHttp: readonly string[];
  delivery: Omit<ApiSettings, "subject" | "authorization" | "headers" | "judge" | "advice">;
}

/** The headers that a token is sent with, by the variable that it is given in. */
const gitlabHeaders: Readonly<Record<string, string>> = {
  GITLAB_TOKEN: "private-token",
  CI_JOB_TOKEN: "job-token",
};

/** Opens the forge that a project lives on, by its remote and the token that was given. */
export function openForge({ origin, tokens, plainHttp, delivery }: ForgeAccess): Forge {
  if (origin === undefined)
    throw new InputError({
      subject: "build --publish",
      expected: "a git remote origin, which says where the release goes",
      given: undefined,
      fix: "Check the project out from its forge, or add the remote with git remote add origin",
    });
  const { host, path, forge } = origin;
  const scheme = plainHttp.includes(host) ? "http" : "https";
  const github = forge === "gitlab" ? undefined : tokens.get("GITHUB_TOKEN");
  if (github !== undefined) {
    const api = settingsOf(origin, delivery, {
      ...gitHubApi,
      authorization: `Bearer ${github}`,
      rights:
        "GitHub wants a token that may write the contents of the repository: contents: write in a workflow.",
    });
    return new GitHubReleases({ api, url: githubApi(host, scheme), path });
  }
  const gitlab = forge === "github" ? undefined : openGitLab(origin, scheme, { tokens, delivery });
  if (gitlab === undefined) throw withoutToken(origin);
  return gitlab;
}

/** A project of GitLab, where a token of GitLab is given. */
export function openGitLab(
  origin: Origin,
  scheme: string,
  { tokens, delivery }: Pick<ForgeAccess, "tokens" | "delivery">,
): GitLabReleases | undefined {
  const [header, token] = gitlabToken(tokens);
  if (header === undefined || token === undefined) return undefined;
  const api = settingsOf(origin, delivery, {
    headers: { [header]: token },
    rights:
      "GitLab wants a token with the scope api and the role Developer, or CI_JOB_TOKEN in a job of the project itself.",
  });
  return new GitLabReleases({ api, url: `${scheme}://${origin.host}/api/v4`, path: origin.path });
}

function gitlabToken(tokens: ReadonlyMap<string, string>): [header?: string, token?: string] {
  for (const [name, header] of Object.entries(gitlabHeaders)) {
    const token = tokens.get(name);
    if (token !== undefined) return [header, token];
  }
  return [];
}

/** Of github.com, of GitHub with data residency, and of GitHub Enterprise Server (docs.github.com, REST API). */
function githubApi(host: string, scheme: string): string {
  return host === "github.com" || host.endsWith(".ghe.com")
    ? `${scheme}://api.${host}`
    : `${scheme}://${host}/api/v3`;
}

function settingsOf(
  { host, path }: Origin,
  delivery: ForgeAccess["delivery"],
  {
    authorization,
    rights,
    ...asked
  }: Pick<ApiSettings, "headers" | "judge"> & { authorization?: string; rights: string },
): ApiSettings {
  return {
    ...delivery,
    ...asked,
    subject: `${host}/${path}`,
    authorization: { header: async () => authorization },
    // What a token may not see is answered with 404.
    advice: ({ failure }) => (refusals.includes(failure) ? rights : undefined),
  };
}

const refusals: readonly RegistryError["failure"][] = ["login", "unauthorized", "denied", "not-found"];

function withoutToken({ host, forge }: Origin): InputError {
  const [name, expected] =
    forge === "github"
      ? ["GITHUB_TOKEN", "a token of GitHub"]
      : forge === "gitlab"
        ? ["GITLAB_TOKEN", "a token of GitLab"]
        : ["GITLAB_TOKEN", "GITHUB_TOKEN or GITLAB_TOKEN, which says what the forge is"];
  return new InputError({
    subject: `build --publish to ${host}`,
    expected,
    given: undefined,
    fix: `Pass with-secret-env --name ${name} --secret env://${name} before build`,
  });
}
