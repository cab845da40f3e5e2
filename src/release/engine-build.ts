import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Container, type Directory, dag, ExistsType, type Platform } from "@dagger.io/dagger";
import { imageMaterial } from "../attest/provenance.js";
import { writeSources } from "../dockerfile/context-files.js";
import { summarizeDockerfile } from "../dockerfile/dockerfile.js";
import { scratch as scratchBase } from "../dockerfile/from.js";
import { pinText } from "../dockerfile/pinned-text.js";
import type { Source } from "../dockerfile/sources.js";
import { buildFailure, exportArchive, writeBuildContext } from "../engine.js";
import { InputError, SlipwayError, VerificationError } from "../errors.js";
import { scratch } from "../files.js";
import { parseConfiguration } from "../oci/configuration.js";
import type { Compression } from "../oci/formats.js";
import { joinPlatforms, readPlatform, type StoredPlatform } from "../oci/join.js";
import { formatPlatform, type ImagePlatform, parsePlatform } from "../oci/platform.js";
import type { Project } from "../project.js";
import { parseReference } from "../registry/reference.js";
import { binaryMaterials } from "./binary-materials.js";
import type { BuiltRelease } from "./built.js";
import { annotationsOf, type ReleaseDescription } from "./description.js";
import {
  checkProgram,
  type EngineBuild,
  finishPlatform,
  machineArguments,
  programPaths,
} from "./engine-image.js";
import { formatInputs } from "./image-ids.js";
import { chooseImage, readDockerfile } from "./input.js";
import { digestInputs } from "./input-digest.js";
import { pinImages } from "./pinned-images.js";
import { remarksOf } from "./remarks.js";
import type { StagedRelease, StagedTarget } from "./stage.js";

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

/** A platform as it is to be built. */
interface PlannedPlatform {
  target: StagedTarget;
  /** SHA-256 of everything that decides what it is. */
  inputs: string;
  copied: readonly Source[];
}

// Beside everything that a project may copy, and left out of it by an ignore file of its own.
const engineDockerfile = "slipway.Dockerfile";

/**
 * Has the engine build all platforms of a release, once it is known that no registry has it: the image is known by the
 * SHA-256 of its inputs, which does not take a build.
 */
export async function planEngineBuild(
  project: Project,
  description: ReleaseDescription,
  staged: StagedRelease,
  created: number,
): Promise<BuiltRelease> {
  const { path: name, text } = staged.chosen;
  const { mediaTypes, compression } = description.settings;
  const { labels } = staged;
  const { images, digests } = await pinImages(
    (reference) => digestOnEngine(project, reference),
    staged,
    text,
  );
  const platforms: PlannedPlatform[] = [];
  for (const target of staged.targets) {
    const copied = target.copied ?? wholeContext(target);
    const { platform, stage, buildArgs } = target;
    const inputs = await digestInputs({
      dockerfile: text,
      platform,
      stage,
      buildArgs,
      images: images.get(target) ?? [],
      copied,
      labels,
      created,
    });
    platforms.push({ target, inputs, copied });
  }
  return {
    origin: "engine",
    image: Object.fromEntries(
      platforms.map(({ target, inputs }) => [formatPlatform(target.platform), formatInputs(inputs)]),
    ),
    remarks: remarksOf(staged, {
      reason: reasonOf(staged),
      stages: staged.targets.flatMap(({ remarks }) => remarks),
      bases: [...digests.keys()],
    }),
    materials: async () => [
      ...[...digests].map(([reference, digest]) => imageMaterial(reference, digest)),
      ...(await binaryMaterials(staged.binaries)),
    ],
    pack: async () => {
      await project.signIn();
      const summary = summarizeDockerfile(text, staged.targets[0]?.buildArgs, staged.targets[0]?.stage);
      const built = await Promise.all(
        platforms.map(async ({ target, inputs, copied }) => {
          const { platform, buildArgs, stage } = target;
          const pinned =
            staged.dockerfile === undefined ? text : pinText(text, staged.dockerfile, target, digests);
          const directory = await writeContext(name, pinned, copied);
          const source = {
            directory,
            dockerfile: engineDockerfile,
            platform,
            buildArgs,
            ...(stage === undefined ? {} : { target: stage }),
          };
          return buildPlatform(project, source, {
            dockerfile: name,
            platform,
            summary,
            created,
            labels,
            inputs,
            compression,
          });
        }),
      );
      return joinPlatforms(built, { annotations: annotationsOf(description), format: mediaTypes });
    },
  };
}

/** By the engine, which may have mirrors and credentials of its own, and builds from what it finds there. */
async function digestOnEngine(project: Project, reference: string): Promise<string> {
  const pulled = await project.pull(reference).imageRef();
  const { digest } = parseReference(pulled, "base image");
  if (digest !== undefined) return digest;
  throw new VerificationError(`${reference}: the engine names no digest for it, but ${pulled}.`);
}

function reasonOf({ builderNeeded }: StagedRelease): string {
  const known =
    "The engine builds it; it is known by the SHA-256 of its inputs, and the same inputs find it again.";
  if (builderNeeded === undefined) return known;
  const { subject, expected, given } = builderNeeded.problem;
  return `${subject}: ${JSON.stringify(given)} takes a builder (assembled are ${expected}). ${known}`;
}

function wholeContext({ context }: StagedTarget): Source[] {
  const node = context.follow("/");
  return node === undefined ? [] : [{ path: "/", node }];
}

function writeContext(name: string, text: string, copied: readonly Source[]): Promise<Directory> {
  return writeBuildContext(async (directory) => {
    await writeSources(directory, copied, name);
    await writeFile(join(directory, engineDockerfile), text);
    await writeFile(
      join(directory, `${engineDockerfile}.dockerignore`),
      `${engineDockerfile}\n${engineDockerfile}.dockerignore\n`,
    );
  });
}

/** Has the engine build one stage of the project's own Dockerfile from the source, and gives its files. */
export async function buildStage(
  project: Project,
  { image, platform, target }: { image?: string | undefined; platform: string; target: string },
): Promise<Directory> {
  const { path: dockerfile, from } = await readDockerfile(project, chooseImage(project.settings, image));
  if (from === "module")
    throw new InputError({
      subject: "the source",
      expected: "a Dockerfile that has the stage",
      given: "none",
      fix: "Name it in release.dockerfile of slipway.json",
    });
  await project.signIn();
  const source = {
    directory: await writeBuildContext(async (directory) => void (await project.source.export(directory))),
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

async function buildPlatform(
  project: Project,
  source: PlatformSource,
  { compression, ...build }: Omit<EngineBuild, "inherited"> & { compression: Compression },
): Promise<StoredPlatform> {
  const container = await dockerBuild(source);
  const archive = await exportArchive(container, [], compression).catch((error: unknown) => {
    throw explainEmulation(buildFailure(build.dockerfile, error), build.platform);
  });
  const [variant] = archive.variants;
  if (variant === undefined) throw new VerificationError(`${build.dockerfile}: the engine built no image.`);
  const inherited = await baseVariables(project, build);
  const image = finishPlatform(await readPlatform(archive, variant), { ...build, inherited });
  await checkMachine(container, image, build);
  return image;
}

/** The engine's machine runs programs of other platforms only where it has an emulator for them. */
function explainEmulation(failure: Error, platform: ImagePlatform): Error {
  if (!/exec format error/i.test(failure.message)) return failure;
  const name = formatPlatform(platform);
  return new SlipwayError(
    `${failure.message}. A RUN for ${name} takes a machine of that platform, or an emulator on the engine's: have build-platform --platform ${name} run on a native runner, and publish the archives with join.`,
  );
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
  const { config } = parseConfiguration(image.config, "image configuration");
  for (const path of programPaths(config)) {
    if (!(await files.exists(path, { expectedType: ExistsType.RegularType }))) continue;
    const copy = join(await scratch("program"), "program");
    await files.file(path).export(copy);
    await checkProgram(await readFile(copy), path, build, (loader) => files.exists(loader));
    return;
  }
}
