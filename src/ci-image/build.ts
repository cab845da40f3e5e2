import { type Container, type Directory, dag, type Platform, type Secret } from "@dagger.io/dagger";
import { buildFailure, exportArchive } from "../engine.js";
import { VerificationError } from "../errors.js";
import { parseConfiguration } from "../oci/configuration.js";
import type { Compression } from "../oci/formats.js";
import { joinPlatforms, readPlatform, type StoredPlatform } from "../oci/join.js";
import { formatPlatform } from "../oci/platform.js";
import type { PublishableImage } from "../oci/source.js";
import { reveal } from "../secrets.js";
import type { CiImage } from "./image.js";

/** A stage of a Dockerfile.ci, and the image that it is. */
export interface StageBuild {
  image: CiImage;
  dockerfile: string;
  context: Directory;
  /** Absent for the last stage. */
  target?: string | undefined;
  buildArgs: Record<string, string>;
  /** Build arguments that are no environment variables of the image. */
  transientArgs: readonly string[];
  /** Whether it starts from nothing: then the engine takes its platform for that of the machine. */
  isScratch: boolean;
}

/** The image of one platform, built by the engine when something asks for its content. */
async function stageContainer(build: StageBuild, platform: string, githubToken?: Secret): Promise<Container> {
  const secrets = githubToken === undefined ? [] : [await namedToken(githubToken)];
  const built = build.context.dockerBuild({
    dockerfile: build.dockerfile,
    platform: platform as Platform,
    buildArgs: Object.entries(build.buildArgs).map(([name, value]) => ({ name, value })),
    secrets,
    ...(build.target === undefined ? {} : { target: build.target }),
  });
  const clean = build.isScratch
    ? dag.container({ platform: platform as Platform }).withRootfs(built.rootfs())
    : sealed(built, build.transientArgs);
  return Object.entries(build.image.labels).reduce(
    (container, [name, value]) => container.withLabel(name, value),
    clean,
  );
}

/** The engine leaves secrets mounted in what it built, and build arguments as environment variables. */
function sealed(built: Container, transientArgs: readonly string[]): Container {
  const withoutToken = built.withoutMount(`/run/secrets/${tokenName}`).withoutSecretVariable(tokenName);
  return transientArgs.reduce((container, name) => container.withoutEnvVariable(name), withoutToken);
}

/** The name under which Dockerfile.ci mounts the token: a secret of the command line has none. */
const tokenName = "GITHUB_TOKEN";

async function namedToken(token: Secret): Promise<Secret> {
  return dag.setSecret(tokenName, await reveal(token));
}

/** The image of one platform, built. A step that fails is an error in its own words. */
export async function buildStage(
  build: StageBuild,
  platform: string,
  githubToken?: Secret,
): Promise<Container> {
  try {
    return await (await stageContainer(build, platform, githubToken)).sync();
  } catch (error) {
    throw buildFailure(build.dockerfile, error);
  }
}

/** Builds all platforms and gives the image as it is to be published, its digest included. */
export async function assembleStage(
  build: StageBuild,
  compression: Compression,
  githubToken?: Secret,
): Promise<PublishableImage> {
  const { platforms } = build.image;
  const variants = await Promise.all(
    platforms.map((platform) => stageContainer(build, platform, githubToken)),
  );
  const layout = await exportArchive(dag.container(), variants, compression).catch((error: unknown) => {
    throw buildFailure(build.dockerfile, error);
  });
  const built = await Promise.all(layout.variants.map((variant) => readPlatform(layout, variant)));
  const found = built.map(({ platform }) => formatPlatform(platform));
  if (found.toSorted().join() !== platforms.toSorted().join())
    throw new VerificationError(
      `${build.dockerfile}: built for ${found.join(", ") || "no platform"}, asked for ${platforms.join(", ")}.`,
    );
  return joinPlatforms(built, { annotations: annotationsOf(built), format: "oci" });
}

/** The OCI labels of the image, for the index: GHCR reads title, description and source only there. */
function annotationsOf([first]: readonly StoredPlatform[]): Record<string, string> {
  const imageLabels =
    first === undefined ? {} : (parseConfiguration(first.config, "image configuration").config.Labels ?? {});
  return Object.fromEntries(
    Object.entries(imageLabels).filter(([name]) => name.startsWith("org.opencontainers.image.")),
  );
}
