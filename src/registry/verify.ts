import { RegistryError, VerificationError } from "../errors.js";
import {
  type Descriptor,
  isIndex,
  type PlatformDescriptor,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../image/manifest.js";
import { formatPlatform } from "../image/platform.js";
import type { RegistryClient, StoredManifest } from "./client.js";
import { eachOf } from "./parallel.js";
import { formatReference, type Repository } from "./reference.js";

/** One platform of a published image, as it was read back. */
export interface VerifiedVariant {
  platform: string;
  /** Digest of the platform's manifest. */
  digest: string;
  /** Its digest is the image ID: the same for the same content, however that is compressed. */
  labels: Record<string, string>;
  created?: string;
  config: Descriptor;
  layers: Descriptor[];
}

/** A published image, every part of which was found. */
export interface VerifiedImage {
  /** Digest that the reference resolves to. */
  digest: string;
  stored: StoredManifest;
  variants: VerifiedVariant[];
}

/** Expectations beside wholeness. */
export interface Expectation {
  digest?: string;
  /** The exact set, in any order. */
  platforms?: readonly string[];
}

/**
 * Reads an image without its layers: index, manifest and configuration of each platform. Undefined where the
 * registry says 404 for the reference; a part that is missing below it is an error.
 */
export async function readImage(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
): Promise<VerifiedImage | undefined> {
  const stored = await client.getManifest(repository, manifest);
  if (stored === undefined) return undefined;
  const reference = formatReference(repository, manifest);
  const children = isIndex(stored.descriptor.mediaType)
    ? parseIndex(stored.bytes, reference).manifests
    : [undefined];
  const variants = await eachOf(children, (child) => readVariant(client, repository, stored, child));
  return { digest: stored.descriptor.digest, stored, variants };
}

/**
 * Reads an image back to the last blob: every manifest, every configuration, every layer's presence, exactly
 * the platforms asked for, and nothing that is not a platform. All that does not hold is in one error.
 */
export async function verifyImage(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
  expected: Expectation = {},
): Promise<VerifiedImage> {
  const reference = formatReference(repository, manifest);
  const image = await readImage(client, repository, manifest);
  if (image === undefined)
    throw new RegistryError(`${reference}: does not exist (404). List the repository's tags for what does.`, {
      failure: "not-found",
      status: 404,
    });
  const failures = [...mismatches(image, expected), ...(await missingBlobs(client, repository, image))];
  if (failures.length > 0) throw new VerificationError(`${reference} is not whole: ${failures.join("; ")}.`);
  return image;
}

/** What of the expectations an image does not meet, a phrase each. */
export function mismatches(image: VerifiedImage, expected: Expectation): string[] {
  const found = image.variants.map(({ platform }) => platform);
  const wanted = expected.platforms ?? found;
  const phrases = [
    ...(expected.digest === undefined || expected.digest === image.digest
      ? []
      : [`expected the digest ${expected.digest}, found ${image.digest}`]),
    ...wanted.filter((platform) => !found.includes(platform)).map((platform) => `${platform} is missing`),
    ...found
      .filter((platform) => !wanted.includes(platform))
      .map((platform) => `${platform} was not asked for`),
    ...found
      .filter((platform, at) => found.indexOf(platform) !== at)
      .map((platform) => `${platform} is listed more than once`),
    ...(found.includes("unknown/unknown") ? ["it lists unknown/unknown, a build attestation"] : []),
  ];
  return [...new Set(phrases)];
}

async function missingBlobs(
  client: RegistryClient,
  repository: Repository,
  image: VerifiedImage,
): Promise<string[]> {
  const layers = new Set(image.variants.flatMap((variant) => variant.layers.map(({ digest }) => digest)));
  const found = await eachOf([...layers], async (digest) => ({
    digest,
    present: await client.hasBlob(repository, digest),
  }));
  return found.filter(({ present }) => !present).map(({ digest }) => `blob ${digest} is missing`);
}

async function readVariant(
  client: RegistryClient,
  repository: Repository,
  root: StoredManifest,
  child: PlatformDescriptor | undefined,
): Promise<VerifiedVariant> {
  const digest = child?.digest ?? root.descriptor.digest;
  const reference = formatReference(repository, digest);
  const stored = child === undefined ? root : await client.getManifest(repository, digest);
  if (stored === undefined)
    throw new VerificationError(
      `${formatReference(repository, root.descriptor.digest)} is not whole: its manifest ${digest} is missing.`,
    );
  const manifest = parseManifest(stored.bytes, reference);
  const config = parseConfig(
    await client.readBlob(repository, manifest.config),
    `${reference}: configuration`,
  );
  const platform = formatPlatform(config);
  if (child?.platform !== undefined && formatPlatform(child.platform) !== platform)
    throw new VerificationError(
      `${reference}: its configuration is for ${platform}, its index says ${formatPlatform(child.platform)}.`,
    );
  return {
    platform,
    digest,
    labels: config.config.Labels,
    ...(config.created === undefined ? {} : { created: config.created }),
    config: manifest.config,
    layers: manifest.layers,
  };
}
