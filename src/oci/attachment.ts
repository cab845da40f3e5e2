import { type Descriptor, digestOf, mediaTypes } from "./manifest.js";

/** A blob that is small enough to be held. */
export interface HeldBlob {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** A document that is to be attached to a manifest. */
export interface AttachedDocument {
  /** What it is: the artifact type, and the media type of its bytes. */
  mediaType: string;
  bytes: Buffer;
  annotations: Readonly<Record<string, string>>;
}

/**
 * Something that is attached to a manifest: an artifact of one layer with a subject (image specification v1.1, sections
 * "Guidelines for Artifact Usage" and "Image Manifest Property Descriptions").
 */
export interface Attachment {
  /** Digest of what it is attached to. */
  subject: string;
  manifest: HeldBlob;
  /** How lists of referrers have it. */
  listed: Descriptor & { artifactType: string };
  blobs: readonly HeldBlob[];
}

const emptyConfiguration = heldBlob("application/vnd.oci.empty.v1+json", Buffer.from("{}"));

/** The same document, attached to the same manifest, is the same attachment. */
export function buildAttachment(
  { mediaType, digest, size }: Descriptor,
  document: AttachedDocument,
): Attachment {
  const layer = heldBlob(document.mediaType, document.bytes);
  const annotations = { ...document.annotations };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: document.mediaType,
      config: emptyConfiguration.descriptor,
      layers: [layer.descriptor],
      subject: { mediaType, digest, size },
      annotations,
    }),
  );
  const manifest = heldBlob(mediaTypes.manifest, bytes);
  return {
    subject: digest,
    manifest,
    listed: { ...manifest.descriptor, artifactType: document.mediaType, annotations },
    blobs: [emptyConfiguration, layer],
  };
}

/** Bytes with what refers to them. */
export function heldBlob(mediaType: string, bytes: Buffer): HeldBlob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}
