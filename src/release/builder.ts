import { type Directory, dag, type File } from "@dagger.io/dagger";
import { InputError } from "../errors.js";
import { writeLayoutArchive } from "../oci/layout-writer.js";
import type { Phases } from "../phases.js";
import type { Project } from "../project.js";
import type { RegistryClient } from "../registry/client.js";
import { assembleRelease } from "./assemble.js";
import type { BuiltRelease } from "./built.js";
import type { ReleaseDescription } from "./description.js";
import { buildOnEngine } from "./engine-build.js";
import { readReleaseInput } from "./input.js";
import { stageRelease } from "./stage.js";

/** What makes the image of a release. */
export enum Builder {
  Slipway = "Slipway",
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

type Build = (
  project: Project,
  description: ReleaseDescription,
  request: BuildRequest,
) => Promise<BuiltRelease>;

const builds: Record<Builder, Build> = {
  [Builder.Slipway]: assembleBinaries,
  [Builder.Engine]: (project, description, request) =>
    request.phases.during("build", () => buildOnEngine(project, description, request)),
};

/** Builds a release; nothing is published. */
export const buildRelease: Build = (project, description, request) =>
  builds[request.builder](project, description, request);

/** The image of a release as an OCI archive. */
export async function writeArchive(built: BuiltRelease, name: string): Promise<File> {
  await writeLayoutArchive(await built.pack(), name);
  return dag.currentModule().workdirFile(name);
}

async function assembleBinaries(
  project: Project,
  description: ReleaseDescription,
  { binaries, sourceDateEpoch, client, phases }: BuildRequest,
): Promise<BuiltRelease> {
  if (binaries === undefined)
    throw new InputError({
      subject: "--binaries",
      expected: "a directory of prebuilt binaries",
      given: undefined,
      fix: "Pass it, or have the engine compile the source with --builder Engine",
    });
  const staged = await phases.during("checks", async () =>
    stageRelease(await readReleaseInput(project, description, binaries)),
  );
  return phases.during("assembly", () => assembleRelease(staged, { client, sourceDateEpoch }));
}
