import { join } from "node:path";
import { type Container, dag, type Platform, type Secret } from "@dagger.io/dagger";
import { lastLine, messageOf, SlipwayError, VerificationError } from "../errors.js";
import { scratch } from "../files.js";
import { type LayoutArchive, openLayoutArchive } from "../image/layout.js";
import { buildIndex, type ImageConfig, type PlatformDescriptor, parseConfig } from "../image/manifest.js";
import { formatPlatform } from "../image/platform.js";
import type { ContentSource, ImageVariant, PublishableImage } from "../image/source.js";
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
  return dag.setSecret(tokenName, (await token.plaintext()).trim());
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
    throw buildError(plan, error);
  }
}

/** Builds all platforms and gives the image as it is to be published, its digest included. */
export async function assembleCiImage(plan: CiImagePlan, githubToken?: Secret): Promise<PublishableImage> {
  const { platforms } = plan.image;
  const variants = await Promise.all(
    platforms.map((platform) => ciImageContainer(plan, platform, githubToken)),
  );
  const layout = await exportArchive(dag.container(), variants).catch((error: unknown) => {
    throw buildError(plan, error);
  });
  const described = await Promise.all(layout.variants.map((variant) => describe(layout, variant)));
  const built = described.map(({ platform }) => platform && formatPlatform(platform));
  if (built.toSorted().join() !== platforms.toSorted().join())
    throw new VerificationError(
      `${plan.dockerfile}: built for ${built.join(", ") || "no platform"}, asked for ${platforms.join(", ")}.`,
    );
  const annotations = await annotationsOf(layout);
  return { index: buildIndex(described, annotations), variants: layout.variants, content: layout };
}

/** The OCI labels of the image, for the index: GHCR reads title, description and source only there. */
async function annotationsOf(layout: LayoutArchive): Promise<Record<string, string>> {
  const [variant] = layout.variants;
  const imageLabels = variant === undefined ? {} : (await variantConfig(layout, variant)).config.Labels;
  return Object.fromEntries(
    Object.entries(imageLabels).filter(([name]) => name.startsWith("org.opencontainers.image.")),
  );
}

/** Exports an image into the module's own container, and opens it there. */
export async function exportArchive(
  container: Container,
  variants: Container[] = [],
): Promise<LayoutArchive> {
  const path = join(await scratch("image"), "image.tar");
  await container.asTarball({ platformVariants: variants }).export(path);
  return openLayoutArchive(path);
}

/** The configuration of one platform of an image. */
export async function variantConfig(
  content: ContentSource,
  { manifest }: ImageVariant,
): Promise<ImageConfig> {
  return parseConfig(await content.read(manifest.config), `${content.name}: image configuration`);
}

async function describe(content: ContentSource, variant: ImageVariant): Promise<PlatformDescriptor> {
  const { os, architecture, variant: version } = await variantConfig(content, variant);
  return {
    ...variant.descriptor,
    platform: { os, architecture, ...(version === undefined ? {} : { variant: version }) },
  };
}

/** What the failing command printed last: the engine's own message is only its exit code. */
function buildError({ dockerfile }: CiImagePlan, error: unknown): Error {
  const printed = error instanceof Error && "stderr" in error ? lastLine(String(error.stderr)) : "";
  const reason = printed || lastLine(messageOf(error));
  // Slipway's own Dockerfile names itself in what it prints.
  return new SlipwayError(reason.startsWith(`${dockerfile}: `) ? reason : `${dockerfile}: ${reason}`);
}
