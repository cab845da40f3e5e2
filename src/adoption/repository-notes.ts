import { parseSettings } from "../config.js";
import { eitherContextOf } from "./build-context.js";
import { type CallerInput, includedPipeline } from "./callers.js";
import type { Draft } from "./draft.js";
import { dockerfilesOf, type Unbuilt } from "./image-source.js";
import type { Note } from "./note.js";
import type { Repository } from "./repository.js";
import { toolsFile } from "./tool-versions.js";

/** The files that were read. */
export function readBy(repository: Repository): string[] {
  const others = [
    "go.mod",
    toolsFile,
    ".tool-versions",
    "mise.toml",
    ".mise.toml",
    "bun.lock",
    ".git/config",
  ];
  return [
    ...(repository.goreleaserFile === undefined ? [] : [repository.goreleaserFile]),
    ...repository.workflows,
    ...repository.dockerfiles,
    ...others.filter((path) => repository.text(path) !== undefined),
  ];
}

/** What pushes an image in a line of a script. */
const publishes =
  /\b(?:docker|podman|nerdctl|buildah)\s[^\n#]*(?:\bpush\b|--push\b)|^\s*(?:--\S.*\s)?--push\b|\bimagetools create\b|\b(?:skopeo|crane|regctl)\s+\S*\s*copy\b|\/kaniko\/executor\b|\bko (?:build|publish)\b/;

/** The same in a file that does other things as well: a command in full, and no flag of another. */
const pushesImages =
  /\b(?:docker|podman|nerdctl|buildah)\b[^#;&|]*\s(?:push\s|--push\b|--output[= ]type=registry)|\bimagetools create\b|\b(?:skopeo|crane|regctl)\s+\S*\s*copy\b|\/kaniko\/executor\b/;

const aScript = [
  "a script that publishes images",
  "scripts are not read: compare what it pushes with release.repositories, release.tags and release.platforms, or, where it is the CI image, with ciImage.repositories, and take it out before both publish",
] as const;

/** A command that goes on in the next line, as one. */
function joinedLines(text = ""): string {
  return text.replace(/\\\r?\n\s*/g, " ");
}

/** As much of each line as is looked at: a command is at its beginning. */
function linesOf(text = ""): string[] {
  return text.split("\n").map((line) => line.slice(0, 2000));
}

/** What is known of a repository beside its files. */
export interface NotedRepository {
  mainBranch: string | undefined;
  hasImages: boolean;
  /** What its pipelines are written by. */
  input: CallerInput;
  /** Whether the page has the pipeline of binaries that a job of the project builds. */
  isShown: boolean;
  /** Whether a pipeline was written that one of GitLab has to include. */
  isIncluded: boolean;
  /** Lines for the `.gitignore` that is there. */
  toIgnore: readonly string[];
}

/** What is to be known of the repository itself. */
export function noteRepository(
  repository: Repository,
  settings: Readonly<Record<string, unknown>>,
  { mainBranch, hasImages, input, isShown, isIncluded, toIgnore }: NotedRepository,
): Note[] {
  const notes: Note[] = [];
  const release = parseSettings(JSON.stringify(settings)).release;
  const add = (kind: Note["kind"], file: string, what: string, why: string) =>
    notes.push({ kind, file, what, why });
  const isUnnamed = release.images.some(({ repositories }) => repositories.length === 0);
  if (!hasImages)
    add(
      "to-do",
      "slipway.json",
      "release",
      'nothing says what an image would hold, so no release is written: write a Dockerfile.release (for one program: FROM scratch, COPY app /app, ENTRYPOINT ["/app"]), delete what init has written, this page included, and call it again',
    );
  else if (isUnnamed)
    add(
      "to-do",
      "slipway.json",
      "release.repositories",
      "nothing here says where images go: name the repositories, as in ghcr.io/acme/app",
    );
  if (input.forge === "gitlab" && input.from !== undefined && release.preReleases)
    add(
      "differs",
      ".gitlab-ci.yml",
      "pre-releases",
      "the push of v1.2.3-rc.1 publishes nothing: a pipeline that is run by hand for that tag does",
    );
  if (mainBranch === undefined)
    add(
      "to-do",
      "slipway.json",
      "release.mainBranch",
      "the checkout does not say which branch is the main one: it is main, unless that setting says otherwise",
    );
  for (const dockerfile of new Set(release.images.flatMap((image) => image.dockerfile ?? [])))
    if (!repository.has(dockerfile)) add("to-do", dockerfile, "the Dockerfile", "there is no such file");
  const used = release.images.map(({ dockerfile }) => dockerfile ?? repository.defaultDockerfile);
  for (const path of repository.dockerfiles.filter((path) => !used.includes(path)))
    add(
      "differs",
      "slipway.json",
      path,
      "no image of the settings is made by this Dockerfile: release.dockerfile, or an image of release.images, names it",
    );
  for (const { dockerfile = repository.defaultDockerfile ?? "", platforms } of release.images) {
    const foreign = platforms.filter((platform) => !/^linux\/(?:amd64|386)$/.test(platform));
    if (input.from === "binaries" && foreign.length > 0 && runsThere(repository.text(dockerfile) ?? ""))
      add(
        "to-do",
        dockerfile,
        "RUN",
        `the job that releases has no emulator, and its machine is of linux/amd64: for ${foreign.join(", ")} it fails there. Put it into a stage FROM --platform=$BUILDPLATFORM and take its files by COPY --from, as those of ca-certificates; take a base that has them; or pass an engine with emulators as engine`,
      );
  }
  for (const unbuilt of input.unbuilt)
    add("to-do", unbuilt.dockerfile, unbuilt.paths.join(", "), wayOutOf(unbuilt, isShown));
  for (const use of hasImages ? dockerfilesOf(repository, settings) : []) {
    const directory = eitherContextOf(repository, use);
    if (directory !== undefined)
      add(
        "to-do",
        use.path,
        "the whole build context",
        `it is the root of the repository in a release: where ${directory} is meant, write that, as in COPY ${directory} .`,
      );
  }
  for (const file of [".gitlab-ci.yml", ...repository.includedPipelines, ...repository.workflows])
    if (linesOf(repository.text(file)).some((line) => publishes.test(line))) add("to-do", file, ...aScript);
  for (const file of repository.scripts)
    if (linesOf(joinedLines(repository.text(file))).some((line) => pushesImages.test(line)))
      add("to-do", file, ...aScript);
  if (repository.has("slipway.json"))
    add(
      "to-do",
      "slipway.json",
      "the settings",
      "they were there: compare them with those at the end of this page",
    );
  const { dockerHub, others } = input;
  if (isIncluded) add("to-do", ".gitlab-ci.yml", "include", `add - local: ${includedPipeline} to it`);
  if (isIncluded && /^stages\s*:/m.test(repository.text(".gitlab-ci.yml") ?? ""))
    add(
      "to-do",
      ".gitlab-ci.yml",
      "stages",
      `the jobs of ${includedPipeline} are in build, test and deploy: add those that are missing, or pass image_stage, setup_stage, check_stage, build_stage and release_stage there`,
    );
  if (toIgnore.length > 0)
    add(
      "to-do",
      ".gitignore",
      toIgnore.join(" "),
      "jobs and calls leave these in the checkout: add them, a line each, so that nobody commits them",
    );
  if (dockerHub !== undefined)
    add(
      "to-do",
      "DOCKERHUB_TOKEN",
      "the secret",
      `a token of Docker Hub with Read & Write, of the account that pushes to ${dockerHub}; dockerhub_username of the pipeline names that account`,
    );
  for (const [at, { host, name }] of others.entries())
    add(
      "to-do",
      host,
      "its credentials",
      at === 0
        ? `a token that may push there, as the secret REGISTRY_PASSWORD; registry_username of the pipeline names its account, here ${name} by the path`
        : `the pipeline signs in to one such registry, and that is ${others[0]?.host}: publish there from a job of your own, or take it out`,
    );
  return notes;
}

/** Whether a stage runs something for the platform of the image, and not for that of the machine. */
function runsThere(dockerfile: string): boolean {
  const [, ...stages] = dockerfile.split(/^[ \t]*FROM[ \t]/im);
  return stages.some(
    (stage) => /^[ \t]*RUN\s/im.test(stage) && !/^--platform=\$\{?BUILDPLATFORM\b/.test(stage),
  );
}

/** What to do about a Dockerfile that no pipeline has all files of. */
function wayOutOf({ context, paths }: Unbuilt, isShown: boolean): string {
  if (context !== undefined)
    return `it is below ${context}, and the build context of a release is the root: write the paths from there, as in COPY ${context}/${paths[0]}, or release it by --source ${context} in a job of your own, with a slipway.json there. So no pipeline is written that releases`;
  return `git does not have what is copied, and no pipeline of Slipway's makes it: a stage of the Dockerfile can, or a job of yours, whose binaries the pipeline releases: ${isShown ? "the next section has that pipeline, and " : ""}https://github.com/acme/slipway/blob/v0.1.0/docs/release.md#binaries-that-you-build says how. So none is written that releases`;
}

/** What is another way for every project. */
export function alwaysSo({ goreleaserFile, workflows }: Repository, { images }: Draft): string[] {
  if (images.length === 0 || (goreleaserFile === undefined && workflows.length === 0)) return [];
  return [
    "A tag that moves (`latest`, `1.2`, `stable`) follows the highest version that is published. GoReleaser and docker/metadata-action move it with every release, older ones included, and GoReleaser with pre-releases as well.",
    "A tag that names a version or a commit never moves: where it exists as another image, nothing is published.",
    "The time in labels is that of the commit, and not of the build, so that the same release can be made again: pass `--source-date-epoch`.",
    "Files of the build context come from the source, with the binaries laid over it, and `.dockerignore` holds for them.",
    "GoReleaser's `dockers_v2` and docker/build-push-action put an SBOM or provenance into the index, as a platform `unknown/unknown`; Slipway attaches its own to the image, outside of the index.",
  ];
}

/** Commands to go on with. */
export function nextCommands(
  hasImages: boolean,
  { isPrebuilt }: { isPrebuilt: boolean },
): { command: string; does: string }[] {
  const call = "dagger call -m github.com/acme/slipway@v0.1.0 --source .";
  if (!hasImages)
    return [
      { command: `${call} ci`, does: "Lints, tests and builds at once, and says of each how it ended." },
    ];
  return [
    {
      command: `${call} rehearse${isPrebuilt ? " --binaries dist" : ""}`,
      does: `Releases twice into a registry of its own${isPrebuilt ? ", once your build has left dist" : ""}. It needs no credentials.`,
    },
    {
      command: `${call} plan --ref refs/tags/v1.2.3`,
      does: "Says what a release would set, and why. It reads the registries and changes nothing.",
    },
  ];
}
