import { InputError } from "../errors.js";
import { type BaseImage, openBase } from "../layer/base.js";
import { type Descriptor, isIndex, parseIndex, parseManifest } from "../oci/manifest.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import type { RegistryClient } from "../registry/client.js";
import { storedContent } from "../registry/publish.js";
import { formatReference, manifestOf, parseReference, type Reference } from "../registry/reference.js";
import { requireManifest } from "../registry/verify.js";

/** An image as it was found in its registry. */
export interface FoundBase extends BaseImage {
  /** Digest of the manifest of the platform. */
  digest: string;
}

/** Opens an image for one platform in its registry. */
export async function readBase(
  client: RegistryClient,
  name: string,
  platform: ImagePlatform,
): Promise<FoundBase> {
  const reference = parseReference(name, "base image");
  const root = await requireManifest(client, reference, manifestOf(reference));
  const { mediaType, digest } = root.descriptor;
  const chosen = isIndex(mediaType) ? childFor(reference, root.bytes, platform) : { digest };
  const stored = chosen.digest === digest ? root : await requireManifest(client, reference, chosen.digest);
  const manifest = parseManifest(stored.bytes, formatReference(reference, chosen.digest));
  const base = await openBase(storedContent(client, reference, chosen.digest), manifest, platform);
  return { ...base, digest: chosen.digest };
}

function childFor(reference: Reference, bytes: Buffer, platform: ImagePlatform): Pick<Descriptor, "digest"> {
  const wanted = formatPlatform(platform);
  const { manifests } = parseIndex(bytes, formatReference(reference, manifestOf(reference)));
  const children = manifests.flatMap(({ digest, platform: listed }) =>
    listed === undefined ? [] : [{ digest, platform: formatPlatform(listed) }],
  );
  const child = children.find((candidate) => candidate.platform === wanted);
  if (child !== undefined) return child;
  throw new InputError({
    subject: `base image ${formatReference(reference, manifestOf(reference))}`,
    expected: `an image for ${wanted}`,
    given: `one for ${children.map((candidate) => candidate.platform).join(", ")}`,
    fix: "Choose a base that has it, or remove the platform from release.platforms in slipway.json",
  });
}
