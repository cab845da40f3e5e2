import { z } from "zod";
import { InputError } from "../../errors.js";
import { httpUrl } from "../../registry/http-url.js";
import type { IdentityToken } from "./identity-token.js";

/** The run of a CI platform, by what its token says of it: nothing in the job can make it say something else. */
export interface PlatformRun {
  platform: "github" | "gitlab";
  /** Whose definition of the build ran: a workflow or configuration at a ref. */
  builderId: string;
  /** The page of this run. */
  invocationUrl: string;
  /** URL of the repository that was built. */
  sourceRepository: string;
  /** The commit that was built. */
  commit: string;
  /** The full name of the ref, as `refs/tags/v1.2.3`. */
  ref: string;
  /** What started it: `push`, `schedule`. */
  event: string;
  /** Who runs the machine: `github-hosted`, `self-hosted`, `gitlab-hosted`. */
  runner: string;
}

const id = z.union([z.string(), z.number()]).transform(String);

const githubClaims = z.object({
  job_workflow_ref: z.string(),
  repository: z.string(),
  sha: z.string(),
  ref: z.string(),
  run_id: id,
  run_attempt: id.default("1"),
  event_name: z.string(),
  runner_environment: z.string().default("unknown"),
});

const gitlabClaims = z.object({
  ci_config_ref_uri: z.string(),
  project_path: z.string(),
  job_id: id,
  sha: z.string(),
  ref: z.string(),
  ref_path: z.string().optional(),
  ref_type: z.string().default("branch"),
  pipeline_source: z.string().default("unknown"),
  runner_environment: z.string().default("unknown"),
});

/** Each with the claim that only its tokens have. */
const platforms = [
  { claim: "job_workflow_ref", read: githubRun },
  { claim: "ci_config_ref_uri", read: gitlabRun },
] as const;

/** What runs, if the token is one of a platform that Slipway knows: people have tokens as well. */
export function platformRunOf({ issuer, claims }: IdentityToken): PlatformRun | undefined {
  return platforms.find(({ claim }) => claim in claims)?.read(claims, issuer);
}

function githubRun(claims: unknown, issuer: string): PlatformRun {
  const run = parse(githubClaims, claims, "GitHub");
  const server = githubServer(issuer);
  return {
    platform: "github",
    builderId: `${server}/${run.job_workflow_ref}`,
    invocationUrl: `${server}/${run.repository}/actions/runs/${run.run_id}/attempts/${run.run_attempt}`,
    sourceRepository: `${server}/${run.repository}`,
    commit: run.sha,
    ref: run.ref,
    event: run.event_name,
    runner: run.runner_environment,
  };
}

function gitlabRun(claims: unknown, issuer: string): PlatformRun {
  const run = parse(gitlabClaims, claims, "GitLab");
  const server = issuer.replace(/\/+$/, "");
  return {
    platform: "gitlab",
    builderId: `https://${run.ci_config_ref_uri}`,
    invocationUrl: `${server}/${run.project_path}/-/jobs/${run.job_id}`,
    sourceRepository: `${server}/${run.project_path}`,
    commit: run.sha,
    ref: run.ref_path ?? `refs/${run.ref_type === "tag" ? "tags" : "heads"}/${run.ref}`,
    event: run.pipeline_source,
    runner: run.runner_environment,
  };
}

/** github.com and GHE.com issue tokens at a host of their own, GitHub Enterprise Server at its own. */
function githubServer(issuer: string): string {
  const url = httpUrl(issuer);
  if (url === undefined)
    throw new InputError({
      subject: "the identity token",
      expected: "an issuer that is a URL",
      given: issuer,
    });
  const { protocol, host } = url;
  const server = host.replace(/^token\.actions\./, "");
  return `${protocol}//${server === "githubusercontent.com" ? "github.com" : server}`;
}

function parse<T>(schema: z.ZodType<T>, claims: unknown, platform: string): T {
  const parsed = schema.safeParse(claims);
  if (parsed.success) return parsed.data;
  throw new InputError({
    subject: "the identity token",
    expected: `the claims that ${platform} puts into one`,
    given: `one without a usable ${parsed.error.issues.map(({ path }) => path.join(".")).join(", ")}`,
  });
}
