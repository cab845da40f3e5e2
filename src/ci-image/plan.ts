import type { Directory, Secret } from "@dagger.io/dagger";
import type { CiImageSettings } from "../config.js";
import { type DockerfileSummary, summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { InputError, lastLine, messageOf } from "../errors.js";
import { log } from "../log.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";
import { type Project, readSecret } from "../project.js";
import { parseReference, type Repository } from "../registry/reference.js";
import { readImage } from "../registry/verify.js";
import { reveal } from "../secrets.js";
import { type PinnedBase, resolveBuildArgs } from "./build-args.js";
import { type CiImageFiles, readCiImageFiles, toolsFile } from "./files.js";
import { type CiImage, describeCiImage, labels } from "./image.js";
import { type MiseVersion, type PublishedLabel, resolveMise } from "./mise.js";
import { namedTools, requestedTools } from "./tools.js";
import type { ExpectedVersions } from "./versions.js";

/** A CI image that is described but not built. */
export interface CiImagePlan {
  image: CiImage;
  /** Image reference of the last stage's base, with its digest. */
  base: string;
  dockerfile: string;
  context: Directory;
  buildArgs: Record<string, string>;
  /** Instructions of the Dockerfile that make a layer. */
  layers: readonly string[];
  /** Build arguments that are no environment variables of the image. */
  transientArgs: readonly string[];
  /** What the image claims to hold. */
  versions: ExpectedVersions;
}

/** Where publish-ci-image and rollback-ci-image go: a call without a target is a mistake. */
export function targetRepositories({ settings }: Project): readonly Repository[] {
  const { repositories } = settings.ciImage;
  if (repositories.length > 0) return repositories;
  throw new InputError({
    subject: "slipway.json: ciImage.repositories",
    expected: 'at least one repository, as in ["ghcr.io/acme/ci"]',
    given: repositories,
  });
}

/** The platform to build: the one asked for, if it is one of the image's. */
export function choosePlatform({ platforms }: CiImage, wanted?: string): string {
  const platform = wanted === undefined ? platforms[0] : formatPlatform(parsePlatform(wanted, "--platform"));
  if (platform !== undefined && platforms.includes(platform)) return platform;
  throw new InputError({
    subject: "--platform",
    expected: `one of ${platforms.join(", ")}`,
    given: platform,
    fix: "Add it to ciImage.platforms in slipway.json",
  });
}

/** What the choice of mise's version takes beside the settings. */
export interface MiseChoice {
  /** `latest` or an exact version; wins over the settings. */
  wanted?: string | undefined;
  githubToken?: Secret | undefined;
}

/** Decides everything about the image that does not need a build; only the base is asked for its digest. */
export async function planCiImage(project: Project, githubToken?: Secret): Promise<CiImagePlan> {
  const settings = project.settings.ciImage;
  const files = await readCiImageFiles(project.source, settings);
  const summary = summaryOf(settings, files);
  const takesMise = requireUse(settings, summary);
  const [mise, bases] = await Promise.all([
    takesMise ? chooseMise(project, files, { githubToken }) : undefined,
    Promise.all(basesOf(settings, summary).map((base) => resolveBase(project, base))),
  ]);
  for (const note of mise?.notes ?? []) log(`mise: ${note}`);
  const miseVersion = mise?.version;
  const buildArgs = resolveBuildArgs(settings, summary, { bases, miseVersion });
  const configToml = files.content.get(toolsFile)?.toString("utf8") ?? "";
  const { platforms, alpine, dockerfile } = settings;
  const content = Object.fromEntries(files.content);
  return {
    image: describeCiImage({
      content,
      bases: bases.map(({ pinned }) => pinned),
      buildArgs,
      platforms,
      miseVersion,
      alpine,
    }),
    versions: { alpine, ...claimedVersions(settings, configToml, miseVersion) },
    base: bases.at(-1)?.pinned ?? "",
    dockerfile,
    context: files.directory,
    buildArgs,
    layers: summary.layers,
    transientArgs: summary.transientArgs,
  };
}

/**
 * What the image is held against. A Dockerfile that takes the version of mise installs what Slipway's own does; any other
 * one is its project's affair, as far as the configuration names no versions.
 */
function claimedVersions(
  { go }: CiImageSettings,
  configToml: string,
  mise: string | undefined,
): ExpectedVersions {
  if (mise === undefined) return { go, ...namedTools(configToml, toolsFile) };
  const asked = namedTools(configToml, toolsFile).go;
  if (asked !== undefined && asked !== go)
    log(
      `${toolsFile} asks for Go ${asked}, and the image has the Go of its base, ${go}: set ciImage.buildArgs.BASE_IMAGE and ciImage.go in slipway.json for that one.`,
    );
  return { ...requestedTools(configToml, toolsFile), go, mise };
}

/** Whether the Dockerfile takes the version of mise; a setting that it does not take would do nothing. */
function requireUse({ dockerfile, mise }: CiImageSettings, { args }: DockerfileSummary): boolean {
  const takes = args.has("MISE_VERSION");
  if (!takes && mise.version !== undefined)
    throw new InputError({
      subject: "slipway.json: ciImage.mise.version",
      expected: `no version, since ${dockerfile} declares no ARG MISE_VERSION to take it`,
      given: mise.version,
      fix: "Declare the argument there and install that version, or leave the setting out",
    });
  return takes;
}

/**
 * The version of mise to install: the one asked for, else that of the settings, else the pin of the Dockerfile,
 * which is also what is taken when no source of `latest` answers.
 */
export async function chooseMise(
  project: Project,
  files: CiImageFiles,
  { wanted, githubToken }: MiseChoice,
): Promise<MiseVersion> {
  const settings = project.settings.ciImage;
  const pin = pinOf(settings, files);
  return resolveMise({
    wanted: wanted ?? settings.mise.version ?? pin,
    pin,
    fetch: project.fetch,
    githubApi: new URL(settings.mise.githubApi),
    versionUrl: new URL(settings.mise.versionUrl),
    publishedLabel: () => publishedLabel(project),
    now: Date.now,
    ...(githubToken === undefined
      ? {}
      : { token: () => readSecret("--github-token", () => reveal(githubToken)) }),
  });
}

/** The version in the label of the `latest` image of the first repository: what the previous run published. */
async function publishedLabel(project: Project): Promise<PublishedLabel | undefined> {
  const [repository] = project.settings.ciImage.repositories;
  if (repository === undefined) return undefined;
  const [variant] = (await readImage(project.client(), repository, "latest"))?.variants ?? [];
  const version = variant?.labels[labels.mise];
  if (version === undefined) return undefined;
  const created = new Date(variant?.created ?? "");
  return Number.isNaN(created.getTime()) ? { version } : { version, created };
}

/** The version of mise that a Dockerfile pins. */
function pinOf(settings: CiImageSettings, files: CiImageFiles): string {
  const pin = summaryOf(settings, files).args.get("MISE_VERSION");
  if (pin === undefined || pin === "")
    throw new InputError({
      subject: `${settings.dockerfile}: ARG MISE_VERSION`,
      expected: "a default, as in ARG MISE_VERSION=2025.12.13",
      given: pin,
    });
  return pin;
}

function basesOf({ dockerfile }: CiImageSettings, { bases }: DockerfileSummary): readonly string[] {
  if (bases.length > 0) return bases;
  throw new InputError({ subject: dockerfile, expected: "a FROM that names an image", given: undefined });
}

async function resolveBase(project: Project, wanted: string): Promise<PinnedBase> {
  parseReference(wanted, "base image");
  const [platform] = project.settings.ciImage.platforms;
  try {
    return { wanted, pinned: await project.pull(wanted, platform).imageRef() };
  } catch (error) {
    throw new InputError({
      subject: "base image",
      expected: "an image that the engine can pull",
      given: wanted,
      fix: `The engine says: ${lastLine(messageOf(error))}. Check ciImage.buildArgs.BASE_IMAGE and the engine's registries`,
    });
  }
}

function summaryOf({ dockerfile, buildArgs }: CiImageSettings, { content }: CiImageFiles): DockerfileSummary {
  return summarizeDockerfile(content.get(dockerfile)?.toString("utf8") ?? "", buildArgs);
}
