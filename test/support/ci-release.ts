import { type GithubJob, type GitlabJob, readGithubWorkflow, readGitlabPipeline } from "./ci-files.js";

/** Releases on both platforms; GitLab has all jobs in one file. */
export const github = readGithubWorkflow("release.yml");
export const gitlab = readGitlabPipeline({ release_from: "binaries" });

/** A job of GitHub, the functions that it calls, and the jobs of GitLab that do the same. */
export const jobs: readonly [name: string, calls: string[], onGitlab: string[]][] = [
  ["prepare", ["plan"], ["prepare"]],
  ["build-binaries", ["build"], ["build-binaries"]],
  ["release", ["release"], ["release"]],
  [
    "build-platform",
    ["build-platform", "dependency-cache"],
    ["build-platform-amd64", "build-platform-arm64"],
  ],
  ["join", ["join"], ["join"]],
];

export const gitlabNames: readonly string[] = jobs.flatMap(([, , onGitlab]) => onGitlab);

/** Jobs that publish, by their name on both platforms. */
export const publishing: readonly string[] = ["release", "join"];

/** Jobs that have the secrets of the registries. */
export const signedIn: readonly string[] = ["prepare", ...publishing];

export function githubJob(name: string): GithubJob {
  const job = github.jobs[name];
  if (job === undefined) throw new Error(`release.yml of GitHub has no job ${name}`);
  return job;
}

export function gitlabJob(name: string): GitlabJob {
  const job = gitlab.jobs[name];
  if (job === undefined) throw new Error(`the template of GitLab has no job ${name}`);
  return job;
}

/** An expression as GitHub evaluates it. */
export function expression(text: string): string {
  return `\${{ ${text} }}`;
}
