import type { Secret } from "@dagger.io/dagger";
import type { CiImageSettings } from "../config.js";
import { type DockerfileSummary, summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { InputError, lastLine, messageOf } from "../errors.js";
import { log } from "../log.js";
import { type Project, readSecret } from "../project.js";
import { parseReference } from "../registry/reference.js";
import { readImage } from "../registry/verify.js";
import { reveal } from "../secrets.js";
import type { FoundOut, PinnedBase } from "./build-args.js";
import type { CiImageFiles } from "./files.js";
import { labels } from "./image.js";
import { type MiseVersion, type PublishedLabel, resolveMise } from "./mise.js";

/** What the choice of mise's version takes beside the settings. */
export interface MiseChoice {
  /** `latest` or an exact version; wins over the settings. */
  wanted?: string | undefined;
  githubToken?: Secret | undefined;
}

/** Finds out what a build takes beside files and settings: the version of mise, and the digests of the bases. */
export async function resolveInputs(
  project: Project,
  files: CiImageFiles,
  summary: DockerfileSummary,
  githubToken?: Secret,
): Promise<FoundOut> {
  const settings = project.settings.ciImage;
  const takesMise = requireUse(settings, summary);
  const [mise, bases] = await Promise.all([
    takesMise ? chooseMise(project, files, { githubToken }) : undefined,
    Promise.all(basesOf(settings, summary).map((base) => resolveBase(project, base))),
  ]);
  for (const note of mise?.notes ?? []) log(`mise: ${note}`);
  return { miseVersion: mise?.version, bases };
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

/** The stage of the Dockerfile that is the image, read without a build. */
export function summaryOf(
  { dockerfile, buildArgs, target }: CiImageSettings,
  { content }: CiImageFiles,
): DockerfileSummary {
  const summary = summarizeDockerfile(content.get(dockerfile)?.toString("utf8") ?? "", buildArgs, target);
  if (target === undefined || summary.stages.includes(target.toLowerCase())) return summary;
  throw new InputError({
    subject: "slipway.json: ciImage.target",
    expected: `a stage of ${dockerfile} (${summary.stages.join(", ") || "it names none"})`,
    given: target,
  });
}
