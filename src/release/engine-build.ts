import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Container, type Directory, dag, ExistsType, type Platform } from "@dagger.io/dagger";
import type { Binary } from "../binaries/binaries.js";
import type { PreflightCheck } from "../binaries/preflight.js";
import { uncheckedRemarks } from "../binaries/preflight-report.js";
import { askVersion } from "../binaries/version-output.js";
import { summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { scratch as scratchBase } from "../dockerfile/from.js";
import { buildFailure, exportArchive } from "../engine.js";
import { InputError, VerificationError } from "../errors.js";
import { scratch } from "../files.js";
import { joinPlatforms, readPlatform, type StoredPlatform } from "../oci/join.js";
import { formatPlatform, type ImagePlatform, parsePlatform } from "../oci/platform.js";
import type { Project } from "../project.js";
import type { BuiltRelease } from "./built.js";
import { annotationsOf, buildArgumentsOf, type ReleaseDescription } from "./description.js";
import {
  checkProgram,
  type EngineBuild,
  finishPlatform,
  machineArguments,
  programPaths,
} from "./engine-image.js";
import { imageIdsOf } from "./image-ids.js";
import { readDockerfile, readOwnDockerfile } from "./input.js";
import { checkBinaries, findBinaries } from "./stage.js";

/** What the engine builds from. */
interface EngineContext {
  directory: Directory;
  /** Text of the Dockerfile, which lies in the directory. */
  dockerfile: string;
  binaries: readonly Binary[];
  /** What was checked of them. */
  checks: readonly PreflightCheck[];
}

/** What one platform is built from. */
interface PlatformSource {
  directory: Directory;
  /** Path of the Dockerfile in the directory. */
  dockerfile: string;
  platform: ImagePlatform;
  /** What the Dockerfile is told of the release. */
  buildArgs?: Readonly<Record<string, string>>;
  /** The stage to build. Default: the last one. */
  target?: string;
}

const engineRemark =
  "Built by the engine: building again may give another image, which a version that is published refuses. What build-platform gives can be kept, and joined again.";

/**
 * Has the engine build all platforms of a release: from binaries that were checked and laid out as
 * `linux/<arch>/<name>`, else from the source.
 */
export async function buildOnEngine(
  project: Project,
  description: ReleaseDescription,
  { binaries, sourceDateEpoch }: { binaries?: Directory | undefined; sourceDateEpoch: number },
): Promise<BuiltRelease> {
  const { dockerfile, platforms, mediaTypes } = description.settings;
  const context =
    binaries === undefined
      ? await sourceContext(project)
      : await binaryContext(project, description, binaries);
  const { directory } = context;
  const buildArgs = buildArgumentsOf(description, context.binaries);
  const summary = summarizeDockerfile(context.dockerfile, buildArgs);
  await project.signIn();
  const built = await Promise.all(
    platforms.map((name) => {
      const platform = parsePlatform(name);
      const build = { dockerfile, platform, summary, created: sourceDateEpoch };
      return buildPlatform(project, { directory, dockerfile, platform, buildArgs }, build);
    }),
  );
  return {
    origin: "engine",
    image: imageIdsOf(built),
    remarks: [...uncheckedRemarks(context.checks), engineRemark],
    pack: async () => joinPlatforms(built, { annotations: annotationsOf(description), format: mediaTypes }),
  };
}

/** Has the engine build one stage of the project's own Dockerfile from the source, and gives its files. */
export async function buildStage(project: Project, platform: string, target: string): Promise<Directory> {
  const { dockerfile } = project.settings.release;
  const { directory } = await sourceContext(project);
  await project.signIn();
  const source = {
    directory,
    dockerfile,
    platform: parsePlatform(platform, "--platform"),
    target,
  };
  return (await dockerBuild(source))
    .rootfs()
    .sync()
    .catch((error: unknown) => {
      throw buildFailure(dockerfile, error);
    });
}

async function dockerBuild({
  directory,
  dockerfile,
  platform,
  buildArgs = {},
  target,
}: PlatformSource): Promise<Container> {
  const given = { ...buildArgs, ...machineArguments(await dag.defaultPlatform()) };
  return directory.dockerBuild({
    dockerfile,
    platform: formatPlatform(platform) as Platform,
    buildArgs: Object.entries(given).map(([name, value]) => ({ name, value })),
    ...(target === undefined ? {} : { target }),
  });
}

async function sourceContext(project: Project): Promise<EngineContext> {
  const dockerfile = await readOwnDockerfile(project);
  if (dockerfile !== undefined) return { directory: project.source, dockerfile, binaries: [], checks: [] };
  throw new InputError({
    subject: "slipway.json: release.dockerfile",
    expected: "a Dockerfile in the source that compiles it",
    given: project.settings.release.dockerfile,
    fix: "Pass --binaries for what is built already",
  });
}

/** The binaries are checked here, and go into the build from where they are. */
async function binaryContext(
  project: Project,
  description: ReleaseDescription,
  binaries: Directory,
): Promise<EngineContext> {
  const dockerfile = await readDockerfile(project);
  const copy = await scratch("binaries");
  await binaries.export(copy);
  const set = await findBinaries(description, copy);
  const checks = await checkBinaries(description, copy, set, { baseOf: () => undefined, askVersion });
  const directory = set.binaries.reduce(
    (context, { staged, path }) => context.withFile(staged, binaries.file(path), { permissions: 0o755 }),
    dag.directory().withNewFile(description.settings.dockerfile, dockerfile),
  );
  return { directory, dockerfile, binaries: set.binaries, checks };
}

async function buildPlatform(
  project: Project,
  source: PlatformSource,
  build: Omit<EngineBuild, "inherited">,
): Promise<StoredPlatform> {
  const container = await dockerBuild(source);
  const archive = await exportArchive(container).catch((error: unknown) => {
    throw buildFailure(build.dockerfile, error);
  });
  const [variant] = archive.variants;
  if (variant === undefined) throw new VerificationError(`${build.dockerfile}: the engine built no image.`);
  const inherited = await baseVariables(project, build);
  const image = finishPlatform(await readPlatform(archive, variant), { ...build, inherited });
  await checkMachine(container, image, build);
  return image;
}

/** Names only where a build argument may have one of them; a base that the summary does not resolve gives none. */
async function baseVariables(
  project: Project,
  { summary: { base, transientArgs }, platform }: Pick<EngineBuild, "summary" | "platform">,
): Promise<string[]> {
  if (base === scratchBase || base.includes("$") || transientArgs.length === 0) return [];
  const variables = await project.pull(base, formatPlatform(platform)).envVariables();
  return Promise.all(variables.map((variable) => variable.name()));
}

/** An image that starts from nothing has no other sign of its platform than its program. */
async function checkMachine(
  container: Container,
  image: StoredPlatform,
  build: Pick<EngineBuild, "dockerfile" | "platform">,
): Promise<void> {
  const files = container.rootfs();
  for (const path of programPaths(image)) {
    if (!(await files.exists(path, { expectedType: ExistsType.RegularType }))) continue;
    const copy = join(await scratch("program"), "program");
    await files.file(path).export(copy);
    await checkProgram(await readFile(copy), path, build, (loader) => files.exists(loader));
    return;
  }
}
