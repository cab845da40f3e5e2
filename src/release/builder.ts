import { type Directory, dag, type File } from "@dagger.io/dagger";
import { BuilderNeededError } from "../errors.js";
import { writeLayoutArchive } from "../oci/layout-writer.js";
import { Phases } from "../phases.js";
import type { Project } from "../project.js";
import type { RegistryClient } from "../registry/client.js";
import { assembleRelease } from "./assemble.js";
import type { BuiltRelease } from "./built.js";
import type { ReleaseDescription } from "./description.js";
import { planEngineBuild } from "./engine-build.js";
import { readBinaries, readReleaseInput } from "./input.js";
import { type StagedRelease, stageRelease } from "./stage.js";

/** What makes the image of a release. */
export enum Builder {
  /** Slipway where the Dockerfile runs nothing, else the engine; the report names the line that decided. */
  Auto = "Auto",
  /** Slipway assembles it: the same input gives the same image. A Dockerfile that runs something is an error. */
  Slipway = "Slipway",
  /** The engine builds it, whatever the Dockerfile says. */
  Engine = "Engine",
}

/** How a call has a release built. */
export interface BuildRequest {
  builder: Builder;
  binaries?: Directory | undefined;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  sourceDateEpoch: number;
  /** Reads the base images. */
  client: RegistryClient;
  /** Measures what each part takes. */
  phases: Phases;
}

/** Prepares all images of a release; nothing is published. */
export async function buildImages(
  project: Project,
  descriptions: readonly ReleaseDescription[],
  { binaries, ...options }: BuildRequest,
): Promise<BuiltRelease[]> {
  const directory = await options.phases.during("checks", () => readBinaries(binaries));
  const built: BuiltRelease[] = [];
  // One after the other: each is assembled in memory.
  for (const description of descriptions)
    built.push(await buildImage(project, description, { ...options, directory }));
  return built;
}

/**
 * Prepares one image of a release; nothing is published. Its identity is known then: Slipway assembles it for that, and
 * what the engine builds is built only where it has to be sent.
 */
async function buildImage(
  project: Project,
  description: ReleaseDescription,
  {
    builder,
    directory,
    sourceDateEpoch,
    client,
    phases,
  }: Omit<BuildRequest, "binaries"> & { directory: string | undefined },
): Promise<BuiltRelease> {
  const input = await phases.during("checks", () => readReleaseInput(project, description, directory));
  const staged = await phases.during("checks", () => stageRelease(input));
  const options = { client, sourceDateEpoch };
  const byEngine = (release: StagedRelease) =>
    phases.during("checks", () => planEngineBuild(project, description, release, sourceDateEpoch));
  if (builder === Builder.Engine) return byEngine(staged);
  try {
    return await phases.during("assembly", () => assembleRelease(staged, options));
  } catch (error) {
    if (builder === Builder.Slipway || !(error instanceof BuilderNeededError)) throw error;
    return byEngine({ ...staged, builderNeeded: error });
  }
}

/** One image of a release as an OCI archive. */
export async function buildArchive(
  project: Project,
  description: ReleaseDescription,
  { binaries, ...options }: Omit<BuildRequest, "client" | "phases">,
  name: string,
): Promise<File> {
  const tools = { client: project.client(), phases: new Phases(project.now) };
  const directory = await readBinaries(binaries);
  const built = await buildImage(project, description, { ...options, ...tools, directory });
  await writeLayoutArchive(await built.pack(), name);
  return dag.currentModule().workdirFile(name);
}
