import type { Container, Secret } from "@dagger.io/dagger";
import { exportArchive } from "../engine.js";
import { messageOf, SlipwayError } from "../errors.js";
import { log } from "../log.js";
import { parseConfiguration } from "../oci/configuration.js";
import { readPlatform } from "../oci/join.js";
import { isIndex, parseIndex, parseManifest } from "../oci/manifest.js";
import { formatPlatform } from "../oci/platform.js";
import type { ImageVariant, PublishableImage } from "../oci/source.js";
import type { Project } from "../project.js";
import { manifestOf, parseReference } from "../registry/reference.js";
import { requireManifest } from "../registry/verify.js";
import { assembleStage, buildStage } from "./build.js";
import type { Check } from "./check.js";
import { builtTool, layTools } from "./equip.js";
import { measureImage, type Size } from "./layers.js";
import type { CiImagePlan } from "./plan.js";
import { type BaselinePull, pullSize, reportSize, sumOf } from "./size.js";
import type { ToolPlan } from "./tool-plan.js";
import { requireChecks, type Verification } from "./verification.js";
import { verifyCiImage } from "./verify.js";
import { checkVersions, versionOf } from "./versions.js";

/** A CI image that was built, with what was verified of each of its platforms. */
export interface ExaminedImage {
  image: PublishableImage;
  verifications: Verification[];
}

/**
 * Builds the CI image and the tools beside it, and verifies every platform; what does not hold is in the result, not
 * thrown.
 */
export async function examineCiImage(
  project: Project,
  plan: CiImagePlan,
  githubToken?: Secret,
): Promise<ExaminedImage> {
  const [image] = await Promise.all([
    assembleStage(plan, project.settings.ciImage.compression, githubToken),
    ...plan.tools.map(({ assemble }) => assemble()),
  ]);
  const verifications = await Promise.all(
    image.variants.map((variant) => examineVariant(project, plan, image, variant, githubToken)),
  );
  return { image, verifications };
}

/** Builds a tool alone, and verifies its version on each platform, in the base of the CI image. */
export async function examineTool(
  project: Project,
  plan: CiImagePlan,
  tool: ToolPlan,
  githubToken?: Secret,
): Promise<PublishableImage> {
  const [built, ...checks] = await Promise.all([
    tool.assemble(),
    ...tool.image.platforms.map(async (platform) => {
      const files = await builtTool(tool, platform, githubToken);
      const container = await layTools(project.pull(plan.base, platform), [files]).sync();
      return checkVersions(container, versionOf(plan.versions, tool.name));
    }),
  ]);
  log(requireChecks(checks.flat()));
  return built;
}

/** The CI image of one platform, with the tools beside it laid in. */
async function equippedImage(plan: CiImagePlan, platform: string, githubToken?: Secret): Promise<Container> {
  const [image, ...tools] = await Promise.all([
    buildStage(plan, platform, githubToken),
    ...plan.tools.map((tool) => builtTool(tool, platform, githubToken)),
  ]);
  return tools.length === 0 ? image : layTools(image, tools);
}

/** Verifies the CI image of one platform, as its jobs have it. */
export async function checkPlatform(
  plan: CiImagePlan,
  platform: string,
  githubToken?: Secret,
): Promise<{ container: Container; checks: Check[] }> {
  const container = await (await equippedImage(plan, platform, githubToken)).sync();
  return { container, checks: await verifyCiImage({ container, platform, versions: plan.versions }) };
}

async function examineVariant(
  project: Project,
  plan: CiImagePlan,
  image: PublishableImage,
  variant: ImageVariant,
  githubToken: Secret | undefined,
): Promise<Verification> {
  const settings = project.settings.ciImage;
  const platform = formatPlatform((await readPlatform(image.content, variant)).platform);
  const base = await baseLayers(project, plan, platform);
  const [{ checks }, measured, beside, baseline] = await Promise.all([
    checkPlatform(plan, platform, githubToken),
    measureImage(image.content, variant, { base, instructions: plan.layers }),
    Promise.all(
      plan.tools.map(async ({ name, assemble }) => ({ name, ...(await sizeOf(await assemble(), platform)) })),
    ),
    baselinePull(project, settings.size.baselineImage, platform),
  ]);
  return {
    platform,
    checks,
    size: reportSize(
      { ...measured, tools: beside, isForeign: plan.isForeign, hasOtherGo: plan.hasOtherGo },
      settings.size,
      baseline,
    ),
  };
}

/** The size of one platform of a tool's image, its configuration included. */
async function sizeOf({ content, variants }: PublishableImage, platform: string): Promise<Size> {
  const platforms = await Promise.all(
    variants.map(async (variant) => formatPlatform((await readPlatform(content, variant)).platform)),
  );
  const variant = variants[platforms.indexOf(platform)];
  if (variant === undefined) return { pulled: 0, uncompressed: 0 };
  const { layers, config } = await measureImage(content, variant, { base: [], instructions: [] });
  const { pulled, uncompressed } = sumOf(layers);
  return { pulled: pulled + config, uncompressed };
}

/** Diff IDs of the base image, as the engine has it: it may come from a mirror that only the engine knows. */
async function baseLayers(project: Project, { base }: CiImagePlan, platform: string): Promise<string[]> {
  const archive = await exportArchive(project.pull(base, platform));
  const [variant] = archive.variants;
  if (variant === undefined) return [];
  return parseConfiguration((await readPlatform(archive, variant)).config, archive.name).rootfs.diff_ids;
}

/** The pull size of the image that is replaced: its manifest says it, so no layer is pulled. */
async function baselinePull(project: Project, image: string, platform: string): Promise<BaselinePull> {
  const reference = parseReference(image);
  try {
    const client = project.client();
    const root = await requireManifest(client, reference, manifestOf(reference));
    if (!isIndex(root.descriptor.mediaType)) return { bytes: pullSize(parseManifest(root.bytes, image)) };
    const child = parseIndex(root.bytes, image).manifests.find(
      (entry) => entry.platform !== undefined && formatPlatform(entry.platform) === platform,
    );
    if (child === undefined) return { unread: `${image} has no ${platform}` };
    const { bytes } = await requireManifest(client, reference, child.digest);
    return { bytes: pullSize(parseManifest(bytes, image)) };
  } catch (error) {
    // A comparison that cannot be made is no reason to fail.
    if (error instanceof SlipwayError) return { unread: messageOf(error) };
    throw error;
  }
}
