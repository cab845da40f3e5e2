import { type Directory, dag } from "@dagger.io/dagger";
import { askVersion } from "../binaries/version-output.js";
import { parsePlatforms, type ReleaseSettings, type Settings } from "../config.js";
import { InputError } from "../errors.js";
import { readFiles, scratch } from "../files.js";
import { Phases } from "../phases.js";
import type { Project } from "../project.js";
import { readManualRef, readRef } from "../tags/ref.js";
import { requestTags } from "../tags/request.js";
import type { LoadSource } from "./contexts.js";
import type { ReleaseDescription } from "./description.js";
import { requireDistinctTags } from "./distinct-tags.js";
import { type ChosenDockerfile, chooseDockerfile } from "./dockerfile-choice.js";
import { releaseTargets, type Target } from "./plan.js";
import type { ReleaseInput } from "./stage.js";

/** What the caller says of a release, as it is written on the command line. */
export interface ReleaseArguments {
  ref: string;
  /** In place of those of the settings; none, or left out, is those of the settings. */
  platforms?: readonly string[] | undefined;
  preRelease: boolean;
  revision?: string | undefined;
  /** SOURCE_DATE_EPOCH: seconds since 1970; 0 is not known. */
  sourceDateEpoch?: number | undefined;
  /** The only tag of a run by hand; none, or empty, is no such run. */
  as?: string | undefined;
}

/** What a call releases, by the rules of the project: all its images. */
export function describeRelease(project: Project, given: ReleaseArguments): ReleaseDescription[] {
  return project.settings.release.images.map(describerOf(project, given));
}

/** The same of one image, which may go without a name where there is one. */
export function describeImage(
  project: Project,
  { image, ...given }: ReleaseArguments & { image?: string | undefined },
): ReleaseDescription {
  return describerOf(project, given)(chooseImage(project.settings, image));
}

/** What a call says of every image. */
function describerOf(
  { settings: { release } }: Project,
  { ref, platforms = [], preRelease, revision, sourceDateEpoch, as }: ReleaseArguments,
): (image: ReleaseSettings) => ReleaseDescription {
  // No platform at all, or an empty revision, is a variable that a pipeline leaves unset.
  const chosen = platforms.length === 0 ? undefined : parsePlatforms(platforms, "--platforms");
  const rules = { ...release, preRelease: preRelease || release.preReleases };
  const trigger = as ? readManualRef(ref, as, rules) : readRef(ref, rules);
  return (image) => ({
    settings: { ...image, platforms: chosen ?? image.platforms },
    trigger,
    revision: revision || undefined,
    created: sourceDateEpoch || undefined,
  });
}

/** The image that an argument names; it may be left out where there is one. */
export function chooseImage({ release }: Settings, name: string | undefined): ReleaseSettings {
  const [first, ...others] = release.images;
  const chosen = name ? release.images.find((image) => image.name === name) : others.length === 0 && first;
  if (chosen) return chosen;
  const names = release.images.flatMap((image) => image.name ?? []);
  throw new InputError({
    subject: "--image",
    expected: names.length === 0 ? "nothing, since release.images names none" : `one of ${names.join(", ")}`,
    given: name || undefined,
  });
}

/**
 * What a call builds of one platform, to be joined later. Docker's media types have no annotations, by which join
 * knows what belongs together.
 */
export function describePlatform(
  project: Project,
  { platform, ...given }: ReleaseArguments & { platform: string; image?: string | undefined },
): ReleaseDescription {
  const { settings, ...rest } = describeImage(project, given);
  const platforms = parsePlatforms([platform], "--platform");
  return { ...rest, settings: { ...settings, platforms, mediaTypes: "oci" } };
}

/** Where a release goes, and with what: its tags, a client with the right to push, and a measure of time. */
export function openPublication(
  project: Project,
  descriptions: readonly ReleaseDescription[],
  targetsOf: (description: ReleaseDescription) => readonly Target[] = ({ settings }) =>
    releaseTargets(settings),
) {
  const images = descriptions.map((description) => ({
    name: description.settings.name,
    targets: targetsOf(description),
    tags: requestTags(description),
  }));
  requireDistinctTags(images);
  const client = project.client(images.flatMap(({ targets }) => targets.map(({ repository }) => repository)));
  return { client, phases: new Phases(project.now), images };
}

/** Brings a release into files of the module's own container. */
export async function readReleaseInput(
  project: Project,
  description: ReleaseDescription,
  binaries: string | undefined,
): Promise<ReleaseInput> {
  const [dockerfile, workspace] = await Promise.all([
    readDockerfile(project, description.settings),
    scratch("release"),
  ]);
  const loadSource = sourceLoader(project.source, dockerfile.path);
  return { ...description, loadSource, binaries, dockerfile, workspace, askVersion };
}

/** Brings the binaries into files of the module's own container; none are binaries that the source has. */
export async function readBinaries(binaries: Directory | undefined): Promise<string | undefined> {
  return binaries === undefined ? undefined : exported(binaries, "binaries");
}

/** Brings what a Dockerfile copies of the source here, with what says whether it may: .git stays where it is. */
function sourceLoader(source: Directory, dockerfile: string): LoadSource {
  return (paths) => {
    const always = [".dockerignore", `${dockerfile}.dockerignore`, ".git/info/sparse-checkout"];
    const wanted = paths?.flatMap((path) => [path.slice(1), `${path.slice(1)}/**`]);
    const files =
      wanted === undefined
        ? source.filter({ exclude: [".git/*", "!.git/info"] })
        : source.filter({ include: [...wanted, ...always] });
    return exported(files, "source");
  };
}

async function exported(directory: Directory, name: string): Promise<string> {
  const path = await scratch(name);
  await directory.export(path);
  return path;
}

/** Brings archives into files of the module's own container; what else lies in the directory stays where it is. */
export async function readArchives(archives: Directory): Promise<string> {
  return exported(archives.filter({ include: ["*.tar", "*/*.tar"] }), "archives");
}

/** The Dockerfile of an image: a project without one of its own gets Slipway's. */
export function readDockerfile(
  { source }: Project,
  { dockerfile }: ReleaseSettings,
): Promise<ChosenDockerfile> {
  return chooseDockerfile(
    dockerfile,
    (paths) => readFiles(source, paths),
    (paths) => readFiles(dag.currentModule().source(), paths),
  );
}
