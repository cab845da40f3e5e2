import { type Directory, dag } from "@dagger.io/dagger";
import { parsePlatforms, type ReleaseSettings } from "../config.js";
import { InputError } from "../errors.js";
import { readFiles, scratch } from "../files.js";
import { type Dockerfile, parseDockerfile } from "../image/dockerfile.js";
import type { Project } from "../project.js";
import { readRef, type Trigger } from "./ref.js";
import type { ReleaseInput } from "./stage.js";
import { askVersion } from "./version-output.js";

/** What the caller says of a release, as it is written on the command line. */
export interface ReleaseArguments {
  ref: string;
  /** In place of those of the settings; none, or left out, is those of the settings. */
  platforms?: readonly string[] | undefined;
  preRelease: boolean;
  revision?: string | undefined;
}

/** What the ref of a call asks for, by the rules of the project. */
export function releaseTrigger({ settings }: Project, { ref, preRelease }: ReleaseArguments): Trigger {
  return readRef(ref, { mainBranch: settings.release.mainBranch, preRelease });
}

/** The settings of one call. No platform at all is a variable that a pipeline leaves unset. */
export function releaseSettings(
  { settings: { release } }: Project,
  { platforms = [] }: Pick<ReleaseArguments, "platforms">,
): ReleaseSettings {
  if (platforms.length === 0) return release;
  return { ...release, platforms: parsePlatforms(platforms, "--platforms") };
}

/** Brings a release into files of the module's own container. */
export async function readReleaseInput(
  project: Project,
  binaries: Directory,
  given: ReleaseArguments,
): Promise<ReleaseInput> {
  const settings = releaseSettings(project, given);
  const trigger = releaseTrigger(project, given);
  const dockerfile = await readDockerfile(project);
  const [directory, workspace] = await Promise.all([scratch("binaries"), scratch("release")]);
  await binaries.export(directory);
  const { revision } = given;
  return { settings, trigger, binaries: directory, dockerfile, workspace, revision, askVersion };
}

/** A project without a Dockerfile.release of its own gets Slipway's. */
async function readDockerfile({ source, settings }: Project): Promise<Dockerfile> {
  const { dockerfile: path } = settings.release;
  const own = await readFiles(source, [path]);
  const text = own.get(path) ?? (await readFiles(dag.currentModule().source(), [path])).get(path);
  if (text === undefined)
    throw new InputError({
      subject: "slipway.json: release.dockerfile",
      expected: "a file in the source",
      given: path,
    });
  return parseDockerfile(text.toString("utf8"), path);
}
