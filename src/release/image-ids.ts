import { builder, inputsLabel } from "../dockerfile/assemble.js";
import { parseConfiguration } from "../oci/configuration.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import type { VerifiedImage } from "../registry/verify.js";

/**
 * The identity of an image by platform. An image that Slipway assembled is known by the digest of its configuration,
 * which covers the uncompressed layers: it is the same for the same content, however that is compressed. What the
 * engine built is no function of its input, and is known by the SHA-256 of its inputs: `inputs:<hex>`.
 */
export type ImageIds = Readonly<Record<string, string>>;

/** A platform of an image, whoever made it. */
interface IdentifiedPlatform {
  platform: ImagePlatform;
  /** Digest of the configuration. */
  imageId: string;
  config: Buffer;
}

/** The identity of an image that was assembled or built, before anything of it is compressed. */
export function imageIdsOf(variants: readonly IdentifiedPlatform[]): ImageIds {
  return Object.fromEntries(
    variants.map(({ platform, imageId, config }) => {
      const { config: container, history } = parseConfiguration(config, "image configuration");
      const labels = container.Labels ?? {};
      return [formatPlatform(platform), identityOf(imageId, labels, history.at(-1)?.comment)];
    }),
  );
}

/** The identity of an image that was read from a registry. */
export function publishedImageIds({ variants }: VerifiedImage): ImageIds {
  return Object.fromEntries(
    variants.map(({ platform, config, labels = {}, builder: made }) => [
      platform,
      identityOf(config.digest, labels, made),
    ]),
  );
}

/** What an image is known by that has these inputs. */
export function formatInputs(digest: string): string {
  return `inputs:${digest}`;
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

/** A label may come from a base that somebody else built on: the last entry of the history says who made the image. */
function identityOf(
  imageId: string,
  labels: Readonly<Record<string, string>>,
  made: string | undefined,
): string {
  const inputs = made === builder ? labels[inputsLabel] : undefined;
  return inputs === undefined ? imageId : formatInputs(inputs);
}
