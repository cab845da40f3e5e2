import { parseSettings } from "../config.js";
import type { Origin } from "./origin.js";
import type { Repository } from "./repository.js";

/** What the pipelines of a repository are written by. */
export interface CallerInput {
  forge: Origin["forge"] | undefined;
  mainBranch: string;
  /** Where released images come from: binaries that are built before, or a Dockerfile that compiles. */
  from: "binaries" | "source";
  /** Whether lint and test of a Go project have something to check. */
  isGo: boolean;
  /** The path of Docker Hub that is pushed to, where one is. */
  dockerHub: string | undefined;
  /** Whether the repository has a pipeline of GitLab that is not Slipway's. */
  hasGitlabPipeline: boolean;
}

const githubWorkflow = ".github/workflows/slipway.yml";
const gitlabPipeline = ".gitlab-ci.yml";

/** The pipeline of GitLab beside one that is there, which includes it. */
export const includedPipeline = ".gitlab-ci.slipway.yml";

const gitlabTemplate = "/templates/pipeline.yml";

/** What the pipelines of a repository call, as far as its files tell. */
export function callerInputOf(
  repository: Repository,
  settings: Readonly<Record<string, unknown>>,
  mainBranch: string,
): CallerInput {
  const { images } = parseSettings(JSON.stringify(settings)).release;
  const texts = images.map(({ dockerfile = repository.defaultDockerfile }) =>
    repository.text(dockerfile ?? ""),
  );
  const compiles = texts.some((text) => /^\s*RUN\s/im.test(text ?? ""));
  const isGo = repository.has("go.mod");
  const hub = images.flatMap(({ repositories }) =>
    repositories.filter(({ repository: { registry } }) => registry === "docker.io"),
  );
  return {
    forge: repository.origin?.forge,
    mainBranch,
    from: repository.goreleaserFile === undefined && (compiles || !isGo) ? "source" : "binaries",
    isGo,
    dockerHub: hub[0]?.repository.path.split("/")[0],
    hasGitlabPipeline:
      repository.has(gitlabPipeline) && !(repository.text(gitlabPipeline) ?? "").includes(gitlabTemplate),
  };
}

/** The pipelines that call Slipway, by path; those of GitHub where the platform is not known. */
export function renderCallers(input: CallerInput): Map<string, string> {
  if (input.forge !== "gitlab") return new Map([[githubWorkflow, githubCaller(input)]]);
  return new Map([[input.hasGitlabPipeline ? includedPipeline : gitlabPipeline, gitlabCaller(input)]]);
}

function githubCaller({ mainBranch, from, isGo, dockerHub }: CallerInput): string {
  const checks = `  ci:
    if: github.event_name == 'pull_request'
    permissions: { contents: read, packages: write }
    uses: acme/slipway/.github/workflows/ci.yml@v0.1.0
`;
  const hub = `      dockerhub_username: ${dockerHub}
    secrets:
      DOCKERHUB_TOKEN: \${{ secrets.DOCKERHUB_TOKEN }}
`;
  return `name: Slipway
on:
${isGo ? "  pull_request:\n" : ""}  push: { branches: [${JSON.stringify(mainBranch)}], tags: ["v*", "!v*-*"] }
permissions: {}
jobs:
${isGo ? checks : ""}  release:
    if: github.event_name == 'push'
    permissions: { contents: read, packages: write }
    uses: acme/slipway/.github/workflows/release.yml@v0.1.0
    with:
      from: ${from}
${isGo ? "" : "      skip_checks: true\n"}${dockerHub === undefined ? "" : hub}`;
}

function gitlabCaller({ from, isGo, dockerHub }: CallerInput): string {
  return `include:
  - remote: https://raw.githubusercontent.com/acme/slipway/v0.1.0/templates/pipeline.yml
    inputs:
      release_from: ${from}
${isGo ? "" : "      skip_checks: true\n"}${dockerHub === undefined ? "" : `      dockerhub_username: ${dockerHub}\n`}`;
}
