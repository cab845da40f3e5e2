import { parseConfiguration } from "../oci/configuration.js";
import type { ContentSource, PublishableImage } from "../oci/source.js";
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

/** Attaches the documents of one image. */
export interface Attacher {
  /** Begins to read what is in an image that no repository has yet, while it is sent. */
  begin(image: PublishableImage): void;
  /**
   * Completes what is attached to it in a repository that holds it; `image` is where its content is read. Undefined where
   * nothing is to be attached.
   */
  attach(
    repository: Repository,
    verified: VerifiedImage,
    image: PublishableImage,
  ): Promise<AttachedOutcome[] | undefined>;
  /** Looks once more at what was attached in a repository, right before a tag leads to it. */
  confirm(repository: Repository): Promise<void>;
}

/** Attaches the documents of one image, in each of its repositories; `holders` are those that held it before. */
export function attacherOf(
  client: RegistryClient,
  documents: ImageDocuments | undefined,
  holders: readonly Repository[],
): Attacher {
  if (documents === undefined)
    return { begin: () => {}, attach: async () => undefined, confirm: async () => {} };
  const attestation = new Attestation({ client, signer: documents.signer, holders });
  const contents = new Contents(documents);
  return {
    begin: (image) => {
      if (documents.sbom.length > 0) contents.begin(image);
    },
    attach: (repository, verified, image) =>
      attestation.attach(repository, wantedDocuments(documents, contents, verified, image)),
    confirm: (repository) => attestation.confirm(repository),
  };
}

/** What is in the platforms of an image, each read once for all formats and repositories. */
class Contents {
  readonly #read = new Map<string, Promise<Inventory>>();
  #lockfiles: ReturnType<NonNullable<ImageDocuments["lockfiles"]>> | undefined;

  constructor(private readonly documents: Pick<ImageDocuments, "lockfiles">) {}

  of(variant: ReadableVariant, content: ContentSource): Promise<Inventory> {
    const known = this.#read.get(variant.digest) ?? this.#contentsOf(variant, content);
    this.#read.set(variant.digest, known);
    return known;
  }

  begin({ variants, content }: PublishableImage): void {
    for (const { descriptor, manifest } of variants) {
      const { digest } = descriptor;
      const read = async () => {
        const config = parseConfiguration(await content.read(manifest.config), content.name);
        const { layers } = manifest;
        return this.#contentsOf({ digest, layers, diffIds: config.rootfs.diff_ids }, content);
      };
      const begun = read();
      // Whoever asks for it is told what is wrong.
      begun.catch(() => {});
      this.#read.set(digest, begun);
    }
  }

  async #contentsOf(variant: ReadableVariant, content: ContentSource): Promise<Inventory> {
    this.#lockfiles ??= this.documents.lockfiles?.();
    return readContents(variant, content, await this.#lockfiles);
  }
}

type ReadableVariant = Pick<VerifiedVariant, "digest" | "layers" | "diffIds">;

/**
 * The documents of an image: an SBOM of each platform, attached to its manifest; provenance and signature of the whole,
 * attached to the index.
 */
function wantedDocuments(
  documents: ImageDocuments,
  contents: Contents,
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
    ...verified.variants.flatMap((variant) => wantedSboms(documents, contents, variant, image)),
    ...(provenance === undefined
      ? []
      : [{ ...whole, kind: "provenance" as const, predicate: async () => provenanceOf(await provenance()) }]),
    { ...whole, kind: "signature", predicate: async () => ({}) },
  ];
}

function wantedSboms(
  { name, sbom }: ImageDocuments,
  contents: Contents,
  variant: VerifiedVariant,
  { content }: PublishableImage,
): WantedDocument[] {
  return sbom.map((format) => ({
    kind: format,
    subject: variant.stored.descriptor,
    platform: variant.platform,
    about: [subjectOf(name, variant.digest)],
    predicate: async () => describeContents(variant, await contents.of(variant, content), { name, format }),
  }));
}
