import { parseSettings } from "../config.js";
import type { Origin } from "../forge/origin.js";
import { asJson, asMarkdown } from "../text.js";
import { publishesImages } from "./github/build-step.js";
import { parseWorkflow, type Triggers } from "./github/workflow.js";
import { imageSourceOf, type Unbuilt } from "./image-source.js";
import type { Repository } from "./repository.js";
import type { SettingsDocument } from "./settings-document.js";

/** A registry, and who pushes there. */
export interface Account {
  host: string;
  name: string;
}

/** What the pipelines of a repository are written by. */
export interface CallerInput {
  forge: Origin["forge"] | undefined;
  mainBranch: string;
  /**
   * Where released images come from: binaries that are built before, or a Dockerfile that compiles; undefined where
   * there is no image, or none that a pipeline of Slipway's builds.
   */
  from: "binaries" | "source" | undefined;
  /** The artifact of a job before the release that holds its binaries. */
  artifact?: string;
  /** Whether tags without a v may be versions, by the workflows that publish now. */
  withoutV: boolean;
  /** Whether the push of a pre-release publishes now. */
  preReleases: boolean;
  /** Whether lint and test of a Go project have something to check. */
  isGo: boolean;
  /** The path of Docker Hub that is pushed to, where one is. */
  dockerHub: string | undefined;
  /** Why no pipeline of Slipway's builds what the images hold. */
  unbuilt: readonly Unbuilt[];
  /** Other registries that are pushed to: the pipeline signs in to the first one. */
  others: readonly Account[];
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
  settings: SettingsDocument,
  { mainBranch, hasImages }: { mainBranch: string; hasImages: boolean },
): CallerInput {
  const forge = repository.origin?.forge;
  const accounts = accountsOf(settings);
  const source = hasImages ? imageSourceOf(repository, settings) : undefined;
  const publishing = repository.workflows.flatMap((file) =>
    publishingTriggers(repository.text(file) ?? "", file),
  );
  return {
    forge,
    mainBranch,
    from: source?.from,
    unbuilt: source?.unbuilt ?? [],
    withoutV: publishing.some(({ withoutV }) => withoutV),
    preReleases:
      parseSettings(JSON.stringify(settings)).release.preReleases &&
      publishing.some(({ preReleases }) => preReleases),
    isGo: repository.has("go.mod"),
    dockerHub: accounts.find(({ host }) => host === dockerHubHost)?.name,
    others: accounts.filter(({ host }) => host !== dockerHubHost && !isOwn(host, repository.origin)),
    hasGitlabPipeline:
      repository.has(gitlabPipeline) && !(repository.text(gitlabPipeline) ?? "").includes(gitlabTemplate),
  };
}

/** What starts a workflow, where it publishes. */
function publishingTriggers(text: string, file: string): Triggers[] {
  const { triggers, jobs } = parseWorkflow(text, file);
  const steps = [...jobs.values()].flatMap((job) => job.steps);
  const publishes = steps.some(
    (step) => publishesImages(step) || /^goreleaser\/goreleaser-action(@|$)/.test(step.uses ?? ""),
  );
  return publishes ? [triggers] : [];
}

const dockerHubHost = "docker.io";

/** Whether the platform itself signs its pipelines in to a registry; an instance of GitLab may have it anywhere near. */
function isOwn(registry: string, origin: Origin | undefined): boolean {
  if (origin?.forge !== "gitlab") return registry === "ghcr.io";
  const domain = origin.host.replace(/^gitlab\./, "").replace(/:\d+$/, "");
  const host = registry.replace(/:\d+$/, "");
  return host === domain || host.endsWith(`.${domain}`) || host === `registry.${origin.host}`;
}

/** The registries of the settings, each with the first name of a path there, which is most often the account. */
function accountsOf(settings: SettingsDocument): Account[] {
  const { images } = parseSettings(JSON.stringify(settings)).release;
  const all = images.flatMap(({ repositories }) => repositories.map(({ repository }) => repository));
  return [...Map.groupBy(all, ({ registry }) => registry)].map(([host, [first]]) => ({
    host,
    name: first?.path.split("/")[0] ?? "",
  }));
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

/**
 * The pipeline of a project whose Dockerfile copies what a job of its own builds, as markdown: what that job has to hand
 * over, and to whom. Undefined where no job is missing.
 */
export function describePrebuilt(input: CallerInput): string | undefined {
  const { forge, unbuilt } = input;
  if (
    input.from !== undefined ||
    unbuilt.length === 0 ||
    unbuilt.some(({ context }) => context !== undefined)
  )
    return undefined;
  const paths = unbuilt.flatMap((each) => each.paths);
  const inDist = paths.find((path) => path.startsWith("dist/"));
  const rewrite =
    inDist === undefined
      ? ""
      : ` \`dist\` itself is no part of the paths: in the Dockerfile write COPY ${asMarkdown(inDist.slice("dist/".length))}, and not COPY ${asMarkdown(inDist)}.`;
  const named =
    "A job of yours builds what the Dockerfile copies and leaves it in `dist`, a file for each program and platform, whose name or folder says which it is: `dist/app-linux-amd64`, `dist/linux/amd64/app` or `dist/amd64/app`. The release lays those of a platform over the source, at its root: each under its path in `dist`, and as `app`.";
  const [path, handed, caller] =
    forge === "gitlab"
      ? [
          input.hasGitlabPipeline ? includedPipeline : gitlabPipeline,
          "The job has the name `slipway-build-binaries`, and keeps `dist` as its artifact, which the template says. Whatever its script needs it brings along by `image`.",
          gitlabCaller({ ...input, from: "binaries" }) + prebuiltOnGitlab,
        ]
      : [
          githubWorkflow,
          "The job packs it into `dist.tar`, which keeps the modes of files, and uploads that as an artifact; `artifact` says its name to the release.",
          githubCaller({ ...input, from: "binaries", artifact: "dist" }),
        ];
  return [
    `${named} ${handed} Write it as \`${path}\`${path === includedPipeline ? ` and include it in \`${gitlabPipeline}\`, by \`- local: ${path}\`` : ""}, with your own build in place of \`./build.sh\`; the Dockerfile copies ${asMarkdown(paths.join(", "))}.${rewrite}`,
    `\`\`\`yaml\n${caller.trimEnd()}\n\`\`\``,
  ].join("\n\n");
}

const prebuiltOnGitlab = `slipway-build-binaries:
  image: registry.example.com/acme/builder # one with what your build needs
  services: []
  before_script: []
  script: ./build.sh # leaves dist
`;

const prebuiltOnGithub = [
  "  build:",
  "    if: github.event_name == 'push'",
  "    permissions: { contents: read }",
  "    runs-on: ubuntu-24.04",
  "    steps:",
  "      - uses: actions/checkout@v7",
  "        with: { persist-credentials: false }",
  "      - run: ./build.sh && tar -cf dist.tar dist",
  "      - uses: actions/upload-artifact@v7",
  "        with: { name: dist, path: dist.tar, retention-days: 1 }",
];

function githubCaller(input: CallerInput): string {
  const { mainBranch, from, isGo, artifact } = input;
  const releases = from !== undefined;
  const tags = [
    "v*",
    ...(input.withoutV ? ["[0-9]*"] : []),
    ...(input.preReleases ? [] : [input.withoutV ? "!*-*" : "!v*-*"]),
  ];
  const push = [
    `branches: [${asJson(mainBranch)}]`,
    ...(releases ? [`tags: [${tags.map((pattern) => asJson(pattern)).join(", ")}]`] : []),
  ];
  return text([
    "name: Slipway",
    "on:",
    ...(isGo ? ["  pull_request:"] : []),
    `  push: { ${push.join(", ")} }`,
    "permissions: {}",
    "jobs:",
    ...(isGo ? checksJob(releases) : []),
    ...(artifact === undefined ? [] : prebuiltOnGithub),
    ...(releases ? releaseJob(from, input) : []),
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

function releaseJob(from: string, input: CallerInput): string[] {
  const { dockerHub, others, artifact } = input;
  const secrets = [
    ...(dockerHub === undefined ? [] : ["DOCKERHUB_TOKEN"]),
    ...(others.length === 0 ? [] : ["REGISTRY_PASSWORD"]),
  ];
  const passed = [
    `from: ${from}`,
    ...(artifact === undefined ? [] : [`artifact: ${artifact}`]),
    ...inputsOf(input),
  ];
  return [
    "  release:",
    ...(artifact === undefined ? [] : ["    needs: build"]),
    "    if: github.event_name == 'push'",
    "    permissions: { contents: read, packages: write, id-token: write }",
    "    uses: acme/slipway/.github/workflows/release.yml@v0.1.0",
    // Together they would be more lines than a caller has.
    ...(secrets.length > 1
      ? [`    with: { ${passed.join(", ")} }`]
      : ["    with:", ...passed.map((line) => `      ${line}`)]),
    ...(secrets.length === 0 ? [] : ["    secrets:"]),
    ...secrets.map((name) => `      ${name}: \${{ secrets.${name} }}`),
  ];
}

/** What both platforms call alike. */
function inputsOf({ isGo, dockerHub, others: [other] }: CallerInput): string[] {
  return [
    ...(isGo ? [] : ["skip_checks: true"]),
    ...(dockerHub === undefined ? [] : [`dockerhub_username: ${yamlText(dockerHub)}`]),
    ...(other === undefined
      ? []
      : [`registry: ${yamlHost(other.host)}`, `registry_username: ${yamlText(other.name)}`]),
  ];
}

function gitlabCaller(input: CallerInput): string {
  return text([
    "include:",
    "  - remote: https://raw.githubusercontent.com/acme/slipway/v0.1.0/templates/pipeline.yml",
    "    inputs:",
    `      release_from: ${input.from ?? "none"}`,
    ...inputsOf(input).map((line) => `      ${line}`),
  ]);
}

/** A host is a text to YAML, unless it has a port. */
function yamlHost(host: string): string {
  return /^[a-z][a-z0-9.-]*$/i.test(host) ? host : asJson(host);
}

/** A text as YAML reads it back: quoted where it could be a number or a word with a meaning. */
function yamlText(word: string): string {
  return /^(?!(?:null|true|false|yes|no|on|off|[yn])$)[a-z][a-z_-]*$/i.test(word) ? word : asJson(word);
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
