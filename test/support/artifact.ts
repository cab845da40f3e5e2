import { digestOf, type ImageManifest, mediaTypes } from "../../src/oci/manifest.js";
import type { StoredManifest } from "../../src/registry/client.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient } from "./client.js";
import { describeBytes } from "./image.js";

/** The manifest of something that is attached to `subject` (image specification, "Guidelines for Artifact Usage"). */
export function makeReferrer(subject: StoredManifest, content: string): StoredManifest & { blob: Buffer } {
  const blob = Buffer.from(content);
  const manifest: ImageManifest & { artifactType: string; subject: object } = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: "application/vnd.example.signature",
    config: describeBytes(blob),
    layers: [describeBytes(blob)],
    subject: subject.descriptor,
  };
  return { ...storedManifest(manifest, mediaTypes.manifest), blob };
}

/** An index over any manifests, other indexes included. */
export function makeIndex(...manifests: readonly StoredManifest[]): StoredManifest {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: manifests.map(({ descriptor }) => descriptor),
  };
  return storedManifest(index, mediaTypes.index);
}

/** A manifest with the bytes that a registry stores. */
export function storedManifest(manifest: object, mediaType: string): StoredManifest {
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** Attaches content to a manifest; with the referrers tag as for a registry without the referrers API. */
export async function attach(
  repository: Repository,
  subject: StoredManifest,
  content: string,
  options: { referrersTag: boolean },
): Promise<{ referrer: StoredManifest; index?: StoredManifest }> {
  const client = makeClient();
  const referrer = makeReferrer(subject, content);
  await client.putBlob(repository, describeBytes(referrer.blob), async () => referrer.blob);
  await client.putManifest(repository, referrer.descriptor.digest, referrer);
  if (!options.referrersTag) return { referrer };
  const index = makeIndex(referrer);
  await client.putManifest(repository, referrersTagOf(subject), index);
  return { referrer, index };
}

/** The tag that holds the referrers of a manifest (distribution specification, "Referrers Tag Schema"). */
export function referrersTagOf({ descriptor }: StoredManifest): string {
  return descriptor.digest.replace(":", "-");
}
