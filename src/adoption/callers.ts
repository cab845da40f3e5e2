import { parseSettings } from "../config.js";
import type { Origin } from "../forge/origin.js";
import type { Repository } from "./repository.js";

/** What the pipelines of a repository are written by. */
export interface CallerInput {
  forge: Origin["forge"] | undefined;
  mainBranch: string;
  /**
   * Where released images come from: binaries that are built before, or a Dockerfile that compiles; undefined where
   * there is no image.
   */
  from: "binaries" | "source" | undefined;
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
  { mainBranch, hasImages }: { mainBranch: string; hasImages: boolean },
): CallerInput {
  const { images } = parseSettings(JSON.stringify(settings)).release;
  const texts = images.map(({ dockerfile = repository.defaultDockerfile }) =>
    repository.text(dockerfile ?? ""),
  );
  const compiles = texts.some((text) => /^[ \t]*RUN\s/im.test(text ?? ""));
  const isGo = repository.has("go.mod");
  const builds = repository.goreleaserFile === undefined && (compiles || !isGo) ? "source" : "binaries";
  const hub = images.flatMap(({ repositories }) =>
    repositories.filter(({ repository: { registry } }) => registry === "docker.io"),
  );
  return {
    forge: repository.origin?.forge,
    mainBranch,
    from: hasImages ? builds : undefined,
    isGo,
    dockerHub: hub[0]?.repository.path.split("/")[0],
    hasGitlabPipeline:
      repository.has(gitlabPipeline) && !(repository.text(gitlabPipeline) ?? "").includes(gitlabTemplate),
  };
}

/**
 * The pipelines that call Slipway, by path; those of GitHub where the platform is not known, and none where there is
 * nothing to call.
 */
export function renderCallers(input: CallerInput): Map<string, string> {
  if (!input.isGo && input.from === undefined) return new Map();
  if (input.forge !== "gitlab") return new Map([[githubWorkflow, githubCaller(input)]]);
  return new Map([[input.hasGitlabPipeline ? includedPipeline : gitlabPipeline, gitlabCaller(input)]]);
}

function githubCaller({ mainBranch, from, isGo, dockerHub }: CallerInput): string {
  const releases = from !== undefined;
  const push = [`branches: [${JSON.stringify(mainBranch)}]`, ...(releases ? ['tags: ["v*", "!v*-*"]'] : [])];
  return text([
    "name: Slipway",
    "on:",
    ...(isGo ? ["  pull_request:"] : []),
    `  push: { ${push.join(", ")} }`,
    "permissions: {}",
    "jobs:",
    ...(isGo ? checksJob(releases) : []),
    ...(releases ? releaseJob(from, { isGo, dockerHub }) : []),
  ]);
}

/** A release has checks of its own. */
function checksJob(releases: boolean): string[] {
  return [
    "  ci:",
    ...(releases ? ["    if: github.event_name == 'pull_request'"] : []),
    "    permissions: { contents: read, packages: write, id-token: write }",
    "    uses: acme/slipway/.github/workflows/ci.yml@v0.1.0",
  ];
}

function releaseJob(from: string, { isGo, dockerHub }: Pick<CallerInput, "isGo" | "dockerHub">): string[] {
  return [
    "  release:",
    "    if: github.event_name == 'push'",
    "    permissions: { contents: read, packages: write, id-token: write }",
    "    uses: acme/slipway/.github/workflows/release.yml@v0.1.0",
    "    with:",
    `      from: ${from}`,
    ...(isGo ? [] : ["      skip_checks: true"]),
    ...(dockerHub === undefined
      ? []
      : [
          `      dockerhub_username: ${yamlText(dockerHub)}`,
          "    secrets:",
          `      DOCKERHUB_TOKEN: \${{ secrets.DOCKERHUB_TOKEN }}`,
        ]),
  ];
}

function gitlabCaller({ from, isGo, dockerHub }: CallerInput): string {
  return text([
    "include:",
    "  - remote: https://raw.githubusercontent.com/acme/slipway/v0.1.0/templates/pipeline.yml",
    "    inputs:",
    `      release_from: ${from ?? "none"}`,
    ...(isGo ? [] : ["      skip_checks: true"]),
    ...(dockerHub === undefined ? [] : [`      dockerhub_username: ${yamlText(dockerHub)}`]),
  ]);
}

/** A text as YAML reads it back: quoted where it could be a number or a word with a meaning. */
function yamlText(word: string): string {
  return /^(?!(?:null|true|false|yes|no|on|off|[yn])$)[a-z][a-z_-]*$/i.test(word)
    ? word
    : JSON.stringify(word);
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
