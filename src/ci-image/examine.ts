import type { Secret } from "@dagger.io/dagger";
import { exportArchive } from "../engine.js";
import { messageOf, SlipwayError } from "../errors.js";
import { parseConfiguration } from "../oci/configuration.js";
import { readPlatform } from "../oci/join.js";
import { isIndex, parseIndex, parseManifest } from "../oci/manifest.js";
import { formatPlatform } from "../oci/platform.js";
import type { ImageVariant, PublishableImage } from "../oci/source.js";
import type { Project } from "../project.js";
import { manifestOf, parseReference } from "../registry/reference.js";
import { requireManifest } from "../registry/verify.js";
import { assembleCiImage, buildCiImage } from "./build.js";
import { measureImage } from "./layers.js";
import type { CiImagePlan } from "./plan.js";
import { type BaselinePull, pullSize, reportSize } from "./size.js";
import type { Verification } from "./verification.js";
import { verifyCiImage } from "./verify.js";

/** A CI image that was built, with what was verified of each of its platforms. */
export interface ExaminedImage {
  image: PublishableImage;
  verifications: Verification[];
}

/** Builds the CI image and verifies every platform of it; what does not hold is in the result, not thrown. */
export async function examineCiImage(
  project: Project,
  plan: CiImagePlan,
  githubToken?: Secret,
): Promise<ExaminedImage> {
  const image = await assembleCiImage(plan, githubToken);
  const verifications = await Promise.all(
    image.variants.map((variant) => examineVariant(project, plan, image, variant, githubToken)),
  );
  return { image, verifications };
}

async function examineVariant(
  project: Project,
  plan: CiImagePlan,
  { content }: PublishableImage,
  variant: ImageVariant,
  githubToken: Secret | undefined,
): Promise<Verification> {
  const settings = project.settings.ciImage;
  const platform = formatPlatform((await readPlatform(content, variant)).platform);
  const container = await buildCiImage(plan, platform, githubToken);
  const base = await baseLayers(project, plan, platform);
  const [checks, measured, baseline] = await Promise.all([
    verifyCiImage({ container, platform, versions: plan.versions }),
    measureImage(content, variant, { base, instructions: plan.layers }),
    baselinePull(project, settings.size.baselineImage, platform),
  ]);
  return { platform, checks, size: reportSize(measured, settings.size, baseline) };
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
