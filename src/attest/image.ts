import type { PublishableImage } from "../oci/source.js";
import type { RegistryClient } from "../registry/client.js";
import type { Repository } from "../registry/reference.js";
import type { VerifiedImage, VerifiedVariant } from "../registry/verify.js";
import {
  type AttachedOutcome,
  Attestation,
  type StatementSigner,
  type WantedDocument,
} from "./attestation.js";
import { type ProvenanceInput, provenanceOf } from "./provenance.js";
import type { Inventory } from "./sbom/package.js";
import { describeContents, readContents, type SbomFormat } from "./sbom/sbom.js";
import { subjectOf } from "./statement.js";

/** What is attached to an image. */
export interface ImageDocuments {
  /** What statements call the image. */
  name: string;
  /** Formats of the SBOM; none where there is to be none. */
  sbom: readonly SbomFormat[];
  /** Files of the source that lock what programs are made of which say nothing themselves, by name. */
  lockfiles?: (() => Promise<ReadonlyMap<string, string>>) | undefined;
  /** Says how the image came about; absent where that is not to be said. */
  provenance?: (() => Promise<ProvenanceInput>) | undefined;
  signer?: (() => Promise<StatementSigner>) | undefined;
}

/**
 * Completes what is attached to an image in a repository that holds it; `image` is where its content is read. Undefined
 * where nothing is to be attached.
 */
export type Attach = (
  repository: Repository,
  verified: VerifiedImage,
  image: PublishableImage,
) => Promise<AttachedOutcome[] | undefined>;

/** Attaches the documents of one image, in each of its repositories; `holders` are those that held it before. */
export function attachTo(
  client: RegistryClient,
  documents: ImageDocuments | undefined,
  holders: readonly Repository[],
): Attach {
  if (documents === undefined) return async () => undefined;
  const attestation = new Attestation({ client, signer: documents.signer, holders });
  return (repository, verified, image) =>
    attestation.attach(repository, wantedDocuments(documents, verified, image));
}

/**
 * The documents of an image: an SBOM of each platform, attached to its manifest; provenance and signature of the whole,
 * attached to the index.
 */
function wantedDocuments(
  documents: ImageDocuments,
  verified: VerifiedImage,
  image: PublishableImage,
): WantedDocument[] {
  const { name, provenance } = documents;
  const digests = [verified.digest, ...verified.variants.map(({ digest }) => digest)];
  const whole = {
    subject: verified.stored.descriptor,
    // One of a single platform has no other manifest.
    about: [...new Set(digests)].map((digest) => subjectOf(name, digest)),
  };
  return [
    ...verified.variants.flatMap((variant) => wantedSboms(documents, variant, image)),
    ...(provenance === undefined
      ? []
      : [{ ...whole, kind: "provenance" as const, predicate: async () => provenanceOf(await provenance()) }]),
    { ...whole, kind: "signature", predicate: async () => ({}) },
  ];
}

function wantedSboms(
  { name, sbom, lockfiles }: ImageDocuments,
  variant: VerifiedVariant,
  { content }: PublishableImage,
): WantedDocument[] {
  // Read once for all formats.
  let inventory: Promise<Inventory> | undefined;
  const read = async () => readContents(variant, content, await lockfiles?.());
  const contents = () => (inventory ??= read());
  return sbom.map((format) => ({
    kind: format,
    subject: variant.stored.descriptor,
    platform: variant.platform,
    about: [subjectOf(name, variant.digest)],
    predicate: async () => describeContents(variant, await contents(), { name, format }),
  }));
}
