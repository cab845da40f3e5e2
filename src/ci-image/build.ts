import { type Container, dag, type Platform, type Secret } from "@dagger.io/dagger";
import { buildFailure, exportArchive } from "../engine.js";
import { VerificationError } from "../errors.js";
import { parseConfiguration } from "../oci/configuration.js";
import { joinPlatforms, readPlatform, type StoredPlatform } from "../oci/join.js";
import { formatPlatform } from "../oci/platform.js";
import type { PublishableImage } from "../oci/source.js";
import { reveal } from "../secrets.js";
import type { CiImagePlan } from "./plan.js";

/** The image of one platform, built by the engine when something asks for its content. */
async function ciImageContainer(
  plan: CiImagePlan,
  platform: string,
  githubToken?: Secret,
): Promise<Container> {
  const secrets = githubToken === undefined ? [] : [await namedToken(githubToken)];
  const built = plan.context.dockerBuild({
    dockerfile: plan.dockerfile,
    platform: platform as Platform,
    buildArgs: Object.entries(plan.buildArgs).map(([name, value]) => ({ name, value })),
    secrets,
  });
  // The engine leaves secrets mounted in what it built, and build arguments as environment variables.
  const sealed = built.withoutMount(`/run/secrets/${tokenName}`).withoutSecretVariable(tokenName);
  const clean = plan.transientArgs.reduce((container, name) => container.withoutEnvVariable(name), sealed);
  return Object.entries(plan.image.labels).reduce(
    (container, [name, value]) => container.withLabel(name, value),
    clean,
  );
}

/** The name under which Dockerfile.ci mounts the token: a secret of the command line has none. */
const tokenName = "GITHUB_TOKEN";

async function namedToken(token: Secret): Promise<Secret> {
  return dag.setSecret(tokenName, await reveal(token));
}

/** The image of one platform, built. A step that fails is an error in its own words. */
export async function buildCiImage(
  plan: CiImagePlan,
  platform: string,
  githubToken?: Secret,
): Promise<Container> {
  try {
    return await (await ciImageContainer(plan, platform, githubToken)).sync();
  } catch (error) {
    throw buildFailure(plan.dockerfile, error);
  }
}

/** Builds all platforms and gives the image as it is to be published, its digest included. */
export async function assembleCiImage(plan: CiImagePlan, githubToken?: Secret): Promise<PublishableImage> {
  const { platforms } = plan.image;
  const variants = await Promise.all(
    platforms.map((platform) => ciImageContainer(plan, platform, githubToken)),
  );
  const layout = await exportArchive(dag.container(), variants).catch((error: unknown) => {
    throw buildFailure(plan.dockerfile, error);
  });
  const built = await Promise.all(layout.variants.map((variant) => readPlatform(layout, variant)));
  const found = built.map(({ platform }) => formatPlatform(platform));
  if (found.toSorted().join() !== platforms.toSorted().join())
    throw new VerificationError(
      `${plan.dockerfile}: built for ${found.join(", ") || "no platform"}, asked for ${platforms.join(", ")}.`,
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
