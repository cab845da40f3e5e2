import { type Directory, dag } from "@dagger.io/dagger";
import { askVersion } from "../binaries/version-output.js";
import { parsePlatforms } from "../config.js";
import { readFiles, scratch } from "../files.js";
import { Phases } from "../phases.js";
import type { Project } from "../project.js";
import { readManualRef, readRef } from "../tags/ref.js";
import { requestTags } from "../tags/request.js";
import type { LoadSource } from "./contexts.js";
import type { ReleaseDescription } from "./description.js";
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

/** What a call releases, by the rules of the project. */
export function describeRelease(
  { settings: { release } }: Project,
  { ref, platforms = [], preRelease, revision, sourceDateEpoch, as }: ReleaseArguments,
): ReleaseDescription {
  // No platform at all, or an empty revision, is a variable that a pipeline leaves unset.
  const chosen = platforms.length === 0 ? release.platforms : parsePlatforms(platforms, "--platforms");
  const rules = { ...release, preRelease: preRelease || release.preReleases };
  return {
    settings: { ...release, platforms: chosen },
    trigger: as ? readManualRef(ref, as, rules) : readRef(ref, rules),
    revision: revision || undefined,
    created: sourceDateEpoch || undefined,
  };
}

/**
 * What a call builds of one platform, to be joined later. Docker's media types have no annotations, by which join
 * knows what belongs together.
 */
export function describePlatform(
  project: Project,
  platform: string,
  given: ReleaseArguments,
): ReleaseDescription {
  const { settings, ...rest } = describeRelease(project, given);
  const platforms = parsePlatforms([platform], "--platform");
  return { ...rest, settings: { ...settings, platforms, mediaTypes: "oci" } };
}

/** Where a release goes, and with what: its tags, a client with the right to push, and a measure of time. */
export function openPublication(
  project: Project,
  description: ReleaseDescription,
  targets: readonly Target[] = releaseTargets(project.settings.release),
) {
  const client = project.client(targets.map(({ repository }) => repository));
  return { client, phases: new Phases(project.now), targets, tags: requestTags(description) };
}

/** Brings a release into files of the module's own container. */
export async function readReleaseInput(
  project: Project,
  description: ReleaseDescription,
  binaries: Directory | undefined,
): Promise<ReleaseInput> {
  const [dockerfile, directory, workspace] = await Promise.all([
    readDockerfile(project),
    binaries === undefined ? undefined : exported(binaries, "binaries"),
    scratch("release"),
  ]);
  const loadSource = sourceLoader(project.source, dockerfile.path);
  return { ...description, loadSource, binaries: directory, dockerfile, workspace, askVersion };
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

/** The Dockerfile of a release: a project without one of its own gets Slipway's. */
export function readDockerfile({ source, settings }: Project): Promise<ChosenDockerfile> {
  return chooseDockerfile(
    settings.release.dockerfile,
    (paths) => readFiles(source, paths),
    (paths) => readFiles(dag.currentModule().source(), paths),
  );
}
