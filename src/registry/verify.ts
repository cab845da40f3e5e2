import { RegistryError, VerificationError } from "../errors.js";
import { parseConfiguration } from "../oci/configuration.js";
import {
  type Descriptor,
  type ImageManifest,
  isIndex,
  type PlatformDescriptor,
  parseIndex,
  parseManifest,
} from "../oci/manifest.js";
import { formatPlatform } from "../oci/platform.js";
import type { RegistryClient, StoredManifest } from "./client.js";
import { eachOf } from "./parallel.js";
import { formatReference, type Repository } from "./reference.js";

/** One platform of a published image, as it was read back. */
export interface VerifiedVariant {
  platform: string;
  /** Digest of the platform's manifest. */
  digest: string;
  stored: StoredManifest;
  labels: Record<string, string>;
  created?: string;
  /** What built it, by the comment of its last history entry. */
  builder?: string;
  /** Its digest is the image ID: the same for the same content, however that is compressed. */
  config: Descriptor;
  layers: Descriptor[];
  /** Digests of their archives, as the configuration has them; empty for what is no platform. */
  diffIds: string[];
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
  /** The exact set, in any order. Without it an index may also list what is no platform, as attestations. */
  platforms?: readonly string[];
}

/** What was read of an image, and a phrase for each part of it that was not there. */
interface Reading {
  image: VerifiedImage;
  problems: string[];
}

// A registry that lost a blob still answers for the manifests, so that publishing again would send nothing.
const replace =
  "Delete the image there and publish it again; where a clean-up runs, let it keep all that a tagged index lists.";
const rebuild = "Publish it for exactly the platforms that are expected, without build attestations.";

// What build attestations are listed as.
const noPlatform = "unknown/unknown";

// Of images that are published, the largest list some forty; each may be 4 MiB.
const mostChildren = 128;

/** What clients have read by digest, which is always the same: several tags hold one image, and are looked at twice. */
const known = new WeakMap<RegistryClient, Map<string, VerifiedImage>>();

/**
 * Reads an image without its layers: index, manifest and configuration of each platform. Undefined where the
 * registry says 404 for the reference; a part that is missing below it is an error. What a client has read by its
 * digest is not asked for again: that it is still there shows where it is verified.
 */
export async function readImage(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
): Promise<VerifiedImage | undefined> {
  const images = known.get(client) ?? new Map<string, VerifiedImage>();
  known.set(client, images);
  const read = images.get(formatReference(repository, manifest));
  if (read !== undefined) return read;
  const stored = await client.getManifest(repository, manifest);
  if (stored === undefined) return undefined;
  const image = await readStored(client, repository, stored);
  if (manifest === image.digest) images.set(formatReference(repository, manifest), image);
  return image;
}

/** Reads what a manifest that is already here refers to, without layers. */
export async function readStored(
  client: RegistryClient,
  repository: Repository,
  stored: StoredManifest,
): Promise<VerifiedImage> {
  const { image, problems } = await readParts(client, repository, stored);
  requireWhole(formatReference(repository, image.digest), problems, []);
  return image;
}

/**
 * Reads an image back to the last blob: every manifest, every configuration, every layer's presence, and exactly
 * the platforms asked for. All that does not hold is in one error.
 */
export async function verifyImage(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
  expected: Expectation = {},
): Promise<VerifiedImage> {
  const stored = await requireManifest(client, repository, manifest);
  const { image, problems } = await readParts(client, repository, stored);
  const missing = [...problems, ...(await missingLayers(client, repository, image))];
  requireWhole(formatReference(repository, manifest), missing, mismatches(image, expected));
  return image;
}

/** Reads back what was just put: a registry may take a moment to show it, so that what is missing is asked for again. */
export function verifyPushed(
  client: RegistryClient,
  repository: Repository,
  digest: string,
  platforms: readonly string[],
): Promise<VerifiedImage> {
  return client.untilShown(() => verifyImage(client, repository, digest, { digest, platforms }));
}

/** Completes the verification of an image that was read before: what is expected of it, and its layers. */
export async function verifyRead(
  client: RegistryClient,
  repository: Repository,
  image: VerifiedImage,
  expected: Expectation,
): Promise<void> {
  const missing = await missingLayers(client, repository, image);
  requireWhole(formatReference(repository, image.digest), missing, mismatches(image, expected));
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
      .map(
        (platform) =>
          `${platform}${platform === noPlatform ? ", a build attestation," : ""} was not asked for`,
      ),
    ...found
      .filter((platform, at) => platform !== noPlatform && found.indexOf(platform) !== at)
      .map((platform) => `${platform} is listed more than once`),
  ];
  return [...new Set(phrases)];
}

/** A manifest that has to be there. */
export async function requireManifest(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
): Promise<StoredManifest> {
  const stored = await client.getManifest(repository, manifest);
  if (stored !== undefined) return stored;
  throw new RegistryError(
    `${formatReference(repository, manifest)}: does not exist (404). List the repository's tags for what does.`,
    { failure: "not-found", status: 404, transient: true },
  );
}

async function readParts(
  client: RegistryClient,
  repository: Repository,
  stored: StoredManifest,
): Promise<Reading> {
  const { digest, mediaType } = stored.descriptor;
  const children = isIndex(mediaType)
    ? parseIndex(stored.bytes, formatReference(repository, digest)).manifests
    : [undefined];
  if (children.length > mostChildren)
    throw new VerificationError(
      `${formatReference(repository, digest)}: lists ${children.length} manifests, at most ${mostChildren} are read. No image has more platforms and attestations.`,
    );
  const parts = await eachOf(children, (child) => readVariant(client, repository, stored, child));
  return {
    image: { digest, stored, variants: parts.filter((part) => typeof part !== "string") },
    problems: children.length === 0 ? ["it lists nothing"] : parts.filter((part) => typeof part === "string"),
  };
}

/** One platform, or a phrase that says which part of it is missing. */
async function readVariant(
  client: RegistryClient,
  repository: Repository,
  root: StoredManifest,
  child: PlatformDescriptor | undefined,
): Promise<VerifiedVariant | string> {
  const digest = child?.digest ?? root.descriptor.digest;
  const reference = formatReference(repository, digest);
  const stored = child === undefined ? root : await client.getManifest(repository, digest);
  if (stored === undefined) return `manifest ${digest} is missing`;
  const manifest = parseManifest(stored.bytes, reference);
  if (child?.platform !== undefined && formatPlatform(child.platform) === noPlatform)
    return readAttestation(client, repository, stored, manifest);
  const bytes = await unlessAbsent(client.readBlob(repository, manifest.config));
  if (bytes === undefined) return `configuration ${manifest.config.digest} is missing`;
  const config = parseConfiguration(bytes, `${reference}: configuration`);
  const { length } = config.rootfs.diff_ids;
  if (length !== manifest.layers.length)
    return `manifest ${digest} has ${manifest.layers.length} layers, its configuration diff IDs for ${length}`;
  if (child !== undefined && child.size !== stored.descriptor.size)
    return `manifest ${digest} has ${stored.descriptor.size} bytes, the index says ${child.size}`;
  const platform = formatPlatform(config);
  if (child?.platform !== undefined && formatPlatform(child.platform) !== platform)
    return `manifest ${digest} is for ${platform}, the index says ${formatPlatform(child.platform)}`;
  const builder = config.history.at(-1)?.comment;
  return {
    platform,
    digest,
    stored,
    labels: config.config.Labels ?? {},
    ...(config.created === undefined ? {} : { created: config.created }),
    ...(builder === undefined ? {} : { builder }),
    config: manifest.config,
    layers: manifest.layers,
    diffIds: config.rootfs.diff_ids,
  };
}

/** What is for no platform: its configuration may be any document, an empty one as well. */
async function readAttestation(
  client: RegistryClient,
  repository: Repository,
  stored: StoredManifest,
  { config, layers }: ImageManifest,
): Promise<VerifiedVariant | string> {
  if ((await client.blobSize(repository, config)) === undefined)
    return `configuration ${config.digest} is missing`;
  return {
    platform: noPlatform,
    digest: stored.descriptor.digest,
    stored,
    labels: {},
    config,
    layers,
    diffIds: [],
  };
}

async function missingLayers(
  client: RegistryClient,
  repository: Repository,
  image: VerifiedImage,
): Promise<string[]> {
  const layers = new Map(
    image.variants.flatMap(({ layers: all }) => all.map((layer) => [layer.digest, layer])),
  );
  const phrases = await eachOf([...layers.values()], async (layer) => {
    const found = await client.blobSize(repository, layer);
    if (found === layer.size) return [];
    const { digest, size } = layer;
    if (found === undefined) return [`layer ${digest} is missing`];
    return [`layer ${digest} has ${found} bytes, its manifest says ${size}`];
  });
  return phrases.flat();
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RegistryError && error.failure === "not-found") return undefined;
    throw error;
  }
}

/** Missing parts explain missing platforms, so that they decide what there is to do. */
function requireWhole(reference: string, missing: readonly string[], others: readonly string[]): void {
  if (missing.length + others.length === 0) return;
  const fix = missing.length > 0 ? replace : rebuild;
  // An index may list one manifest many times.
  const message = `${reference} is not whole: ${[...new Set([...missing, ...others])].join("; ")}. ${fix}`;
  throw new VerificationError(message, missing.length > 0);
}
