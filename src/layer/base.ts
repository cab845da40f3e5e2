import { BuilderNeededError, InputError } from "../errors.js";
import { type ImageConfiguration, parseConfiguration } from "../oci/configuration.js";
import { requireDocument } from "../oci/document.js";
import type { ImageManifest } from "../oci/manifest.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import type { ContentSource } from "../oci/source.js";
import { pairLayers } from "../oci/stored-layer.js";
import type { StoredLayers } from "./uncompressed.js";

/**
 * The image that another one starts from, for one platform. Its blobs stay where they are; its name is its reference
 * and platform.
 */
export interface BaseImage extends StoredLayers {
  configuration: ImageConfiguration;
}

/** Reads the configuration of a base, and checks that it is one that can be built on for the platform. */
export async function openBase(
  content: ContentSource,
  manifest: ImageManifest,
  platform: ImagePlatform,
): Promise<BaseImage> {
  const name = `${content.name} (${formatPlatform(platform)})`;
  requireDocument(manifest.config.size, `${name}: configuration`);
  const configuration = parseConfiguration(await content.read(manifest.config), name);
  const refuse = (expected: string, given: unknown, fix?: string): never => {
    throw new InputError({ subject: name, expected, given, ...(fix === undefined ? {} : { fix }) });
  };
  const found = formatPlatform({
    ...configuration,
    variant: configuration.variant ?? platform.variant ?? "",
  });
  if (found !== formatPlatform(platform)) refuse(`a base for ${formatPlatform(platform)}`, found);
  const { OnBuild = [] } = configuration.config;
  if (OnBuild.length > 0)
    throw new BuilderNeededError({ subject: name, expected: "a base without ONBUILD", given: OnBuild });
  const layers = pairLayers(manifest.layers, configuration.rootfs.diff_ids, name);
  return { name, configuration, layers, content };
}
