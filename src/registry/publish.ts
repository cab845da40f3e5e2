import { type Descriptor, type ImageManifest, parseManifest } from "../oci/manifest.js";
import type { ContentSource, PublishableImage } from "../oci/source.js";
import type { BlobTransfer, RegistryClient, StoredManifest } from "./client.js";
import { eachOf } from "./parallel.js";
import { formatReference, formatRepository, type Repository } from "./reference.js";
import { Upload } from "./upload.js";
import type { VerifiedImage } from "./verify.js";

/** What a push had to send, and what the registry already had. */
export interface Transfer {
  blobs: Record<BlobTransfer, number>;
  bytesSent: number;
  bytesSkipped: number;
}

const nothing = (): Transfer => ({
  blobs: { present: 0, mounted: 0, sent: 0 },
  bytesSent: 0,
  bytesSkipped: 0,
});

/** What a publication transfers that finds the image there. */
export function nothingSent({ variants }: VerifiedImage): Transfer {
  const blobs = distinctBlobs(variants);
  const bytesSkipped = blobs.reduce((sum, { size }) => sum + size, 0);
  return { blobs: { present: blobs.length, mounted: 0, sent: 0 }, bytesSent: 0, bytesSkipped };
}

/**
 * Brings an image into a repository under its digest: blobs, then the manifests of the platforms, then the
 * index. No tag is touched, so whatever breaks here leaves nothing that anybody pulls. An index may outlive what it
 * needs, where a clean-up took that for untagged: each part is asked for, and sent where it is missing.
 */
export async function pushImage(
  client: RegistryClient,
  repository: Repository,
  image: PublishableImage,
): Promise<Transfer> {
  const blobs = distinctBlobs(image.variants.map(({ manifest }) => manifest));
  const { index, variants, content } = image;
  const isStored = async ({ descriptor }: StoredManifest) =>
    (await client.headManifest(repository, descriptor.digest)) !== undefined;
  const hasIndex = await isStored(index);
  const transfer = await sendBlobs(client, repository, blobs, content);
  await eachOf(variants, async ({ descriptor, bytes }) => {
    const manifest = { descriptor, bytes };
    // Without its index, a platform is hardly ever there.
    if (!hasIndex || !(await isStored(manifest)))
      await client.putManifest(repository, descriptor.digest, manifest);
  });
  if (!hasIndex) await client.putManifest(repository, index.descriptor.digest, index);
  return transfer;
}

async function sendBlobs(
  client: RegistryClient,
  repository: Repository,
  blobs: readonly Descriptor[],
  content: ContentSource,
): Promise<Transfer> {
  const transfer = nothing();
  const upload = new Upload(formatRepository(repository), blobs, client.onProgress);
  const send = async (blob: Descriptor) => {
    const open = () => upload.open(blob, () => content.open(blob));
    const mountFrom = content.mountableFrom?.(repository.registry, blob);
    const outcome = await client.putBlob(repository, blob, open, mountFrom);
    transfer.blobs[outcome] += 1;
    if (outcome === "sent") transfer.bytesSent += blob.size;
    else transfer.bytesSkipped += blob.size;
    upload.complete(blob, outcome === "sent");
  };
  try {
    await eachOf(blobs, send);
  } finally {
    upload.end();
  }
  return transfer;
}

/** An image that a registry holds, as the source of a copy into another repository. */
export function publishedImage(
  client: RegistryClient,
  repository: Repository,
  image: VerifiedImage,
): PublishableImage {
  return {
    index: image.stored,
    variants: image.variants.map(({ stored: { descriptor, bytes } }) => ({
      descriptor,
      bytes,
      manifest: parseManifest(bytes, formatReference(repository, descriptor.digest)),
    })),
    content: storedContent(client, repository, image.digest),
  };
}

/** An image whose blobs are in a repository as well: others of its registry mount them instead of being sent them. */
export function mountableFrom(image: PublishableImage, { registry, path }: Repository): PublishableImage {
  const { content } = image;
  const mountable = (wanted: string, blob?: Descriptor) =>
    wanted === registry ? path : content.mountableFrom?.(wanted, blob);
  return { ...image, content: { ...content, mountableFrom: mountable } };
}

/** The blobs of a repository; `manifest` is the one they are read for. */
export function storedContent(
  client: RegistryClient,
  repository: Repository,
  manifest: string,
): ContentSource {
  return {
    name: formatReference(repository, manifest),
    read: (descriptor) => client.readBlob(repository, descriptor),
    open: (descriptor) => client.openBlob(repository, descriptor),
    mountableFrom: (registry) => (registry === repository.registry ? repository.path : undefined),
  };
}

/** Every blob once: layers shared by platforms have one digest. */
function distinctBlobs(variants: readonly Pick<ImageManifest, "config" | "layers">[]): Descriptor[] {
  const blobs = variants.flatMap(({ config, layers }) => [...layers, config]);
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}
