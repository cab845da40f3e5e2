import type { Secret } from "@dagger.io/dagger";
import { type CiImageSettings, parseSettings } from "../config.js";
import type { DockerfileSummary } from "../dockerfile/dockerfile.js";
import { InputError } from "../errors.js";
import { log } from "../log.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";
import type { Project } from "../project.js";
import type { Repository } from "../registry/reference.js";
import type { StageBuild } from "./build.js";
import { resolveBuildArgs } from "./build-args.js";
import { type CiImageFiles, readCiImageFiles, toolsFile, toolsLock } from "./files.js";
import { type CiImage, describeCiImage } from "./image.js";
import { resolveInputs, summaryOf } from "./inputs.js";
import { pinnedContext } from "./pinned-bases.js";
import { planTools, type ToolPlan } from "./tool-plan.js";
import { installedBy, knownTools, namedTools, requestedTools, stages } from "./tools.js";
import type { ExpectedVersions } from "./versions.js";

/** A CI image that is described but not built. */
export interface CiImagePlan extends StageBuild {
  /** Image reference of the stage's base, with its digest. */
  base: string;
  /** All images that its stages start from, each with its digest. */
  bases: readonly string[];
  /** The files that decide what it contains, by path. */
  files: ReadonlyMap<string, Uint8Array>;
  /** Instructions of the Dockerfile that make a layer. */
  layers: readonly string[];
  /** What the image claims to hold, the tools beside it included. */
  versions: ExpectedVersions;
  /** Whether the Dockerfile is of another kind than Slipway's own. */
  isForeign: boolean;
  /** Whether its Go is of another minor version than Slipway's own. */
  hasOtherGo: boolean;
  /** Tools beside the image, each an image of its own; none where it has them inside. */
  tools: readonly ToolPlan[];
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

/** Decides everything about the image that does not need a build; only the base is asked for its digest. */
export async function planCiImage(project: Project, githubToken?: Secret): Promise<CiImagePlan> {
  const settings = project.settings.ciImage;
  const files = await readCiImageFiles(project.source, settings);
  const summary = summaryOf(settings, files);
  const inputs = await resolveInputs(project, files, summary, githubToken);
  const { miseVersion, bases } = inputs;
  const tools = [...knownTools, ...settings.tools];
  const areBeside = isSlim(settings, summary);
  const buildArgs = resolveBuildArgs(settings, summary, {
    ...inputs,
    // Without more of them, which ones it installs stays the Dockerfile's own affair.
    tools: areBeside || settings.tools.length === 0 ? undefined : tools.filter((name) => name !== "mise"),
  });
  const configToml = files.content.get(toolsFile)?.toString("utf8") ?? "";
  const { platforms, alpine, dockerfile, target } = settings;
  const context = await pinnedContext(files, dockerfile, bases, {
    // The digests are those of all platforms.
    platform: parsePlatform(platforms[0] ?? "linux/amd64", "slipway.json: ciImage.platforms"),
    buildArgs,
    ...(target === undefined ? {} : { stage: target }),
  });
  return {
    image: describeCiImage({
      content: contentOf(summary, files, areBeside),
      bases: bases.map(({ pinned }) => pinned),
      buildArgs,
      platforms,
      miseVersion,
      alpine,
      target,
    }),
    versions: { alpine, ...claimedVersions(settings, configToml, miseVersion) },
    base: bases.at(-1)?.pinned ?? "",
    bases: bases.map(({ pinned }) => pinned),
    files: files.content,
    dockerfile,
    context,
    target,
    buildArgs,
    layers: summary.layers,
    transientArgs: summary.transientArgs,
    isScratch: false,
    isForeign: !summary.stages.includes(stages.tool),
    hasOtherGo: minorOf(settings.go) !== minorOf(parseSettings(undefined).ciImage.go),
    tools: areBeside ? await planTools(project, tools, { githubToken, known: { files, inputs } }) : [],
  };
}

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** Whether the tools lie beside the image. */
function isSlim({ target }: CiImageSettings, summary: DockerfileSummary): boolean {
  return summary.stages.includes(stages.tool) && (target ?? summary.stages.at(-1)) === stages.slim;
}

/**
 * The files that decide what the image contains. Of the versions of tools, slim contains nothing, and full what mise
 * installs by them: a task that changes makes no other image. A Dockerfile of another kind may copy them whole.
 */
function contentOf(
  summary: DockerfileSummary,
  { content }: CiImageFiles,
  areBeside: boolean,
): Record<string, Uint8Array> {
  if (!summary.stages.includes(stages.tool)) return Object.fromEntries(content);
  const { [toolsFile]: tools, [toolsLock]: lock, ...others } = Object.fromEntries(content);
  if (areBeside) return others;
  return {
    ...others,
    [toolsFile]: Buffer.from(JSON.stringify(installedBy(tools?.toString("utf8") ?? "", toolsFile))),
    ...(lock === undefined ? {} : { [toolsLock]: lock }),
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
