import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import type { VerifiedImage } from "../registry/verify.js";

/**
 * The identity of an image: the digest of each platform's configuration. It covers the uncompressed layers, so
 * that it is the same for the same content, however that is compressed.
 */
export type ImageIds = Readonly<Record<string, string>>;

/** The identity of an image that was assembled, before anything of it is compressed. */
export function imageIdsOf(variants: readonly { platform: ImagePlatform; imageId: string }[]): ImageIds {
  return Object.fromEntries(variants.map(({ platform, imageId }) => [formatPlatform(platform), imageId]));
}

/** The identity of an image that was read from a registry. */
export function publishedImageIds({ variants }: VerifiedImage): ImageIds {
  return Object.fromEntries(variants.map(({ platform, config }) => [platform, config.digest]));
}

/** Whether two images have the same content on the same platforms. */
export function isSameImage(a: ImageIds, b: ImageIds): boolean {
  return formatImageIds(a) === formatImageIds(b);
}

/** `linux/amd64 sha256:…, linux/arm64 sha256:…`, in the order of the platforms' names. */
export function formatImageIds(ids: ImageIds): string {
  return Object.entries(ids)
    .map(([platform, id]) => `${platform} ${id}`)
    .toSorted()
    .join(", ");
}
