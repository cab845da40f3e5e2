import type { AttachedDocument } from "../oci/attachment.js";
import type { Referrer } from "../registry/lists.js";
import { bundleMediaType } from "./signature/bundle.js";
import { encodeStatement, predicateTypes, type Statement, statementMediaType } from "./statement.js";

/** What is attached to images. */
export type DocumentKind = "spdx" | "cyclonedx" | "provenance" | "signature";

interface DocumentForm {
  /** For people. */
  name: string;
  /** What a statement with it is about (in-toto attestation framework, `predicateType`). */
  predicateType: string;
  /** How it is attached without a signature; a signature is nothing without one. */
  unsigned?: { mediaType: string; content: "predicate" | "statement" };
}

/** By what policies ask for. */
export const documentForms: Readonly<Record<DocumentKind, DocumentForm>> = {
  spdx: {
    name: "SBOM (SPDX)",
    predicateType: predicateTypes.spdx,
    unsigned: { mediaType: "application/spdx+json", content: "predicate" },
  },
  cyclonedx: {
    name: "SBOM (CycloneDX)",
    predicateType: predicateTypes.cyclonedx,
    unsigned: { mediaType: "application/vnd.cyclonedx+json", content: "predicate" },
  },
  provenance: {
    name: "provenance",
    predicateType: predicateTypes.provenance,
    unsigned: { mediaType: statementMediaType, content: "statement" },
  },
  signature: { name: "signature", predicateType: predicateTypes.signature },
};

const kinds = Object.keys(documentForms) as DocumentKind[];

// Which of the documents of a manifest are Slipway's, and what they are, without reading them.
const predicateAnnotation = "dev.slipway.predicate-type";

/** A document that is signed, as cosign attaches it. */
export function signedDocument(kind: DocumentKind, bundle: Buffer): AttachedDocument {
  const { predicateType } = documentForms[kind];
  return {
    mediaType: bundleMediaType,
    bytes: bundle,
    annotations: {
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": predicateType,
      [predicateAnnotation]: predicateType,
    },
  };
}

/** A document as it is; undefined where it is nothing without a signature. */
export function unsignedDocument(kind: DocumentKind, statement: Statement): AttachedDocument | undefined {
  const { predicateType, unsigned } = documentForms[kind];
  if (unsigned === undefined) return undefined;
  const bytes =
    unsigned.content === "statement"
      ? encodeStatement(statement)
      : Buffer.from(JSON.stringify(statement.predicate));
  return { mediaType: unsigned.mediaType, bytes, annotations: { [predicateAnnotation]: predicateType } };
}

/** What Slipway has attached; undefined where it is somebody else's. */
export function kindOf({ annotations }: Referrer): DocumentKind | undefined {
  const predicateType = annotations?.[predicateAnnotation];
  return predicateType === undefined ? undefined : kindOfPredicate(predicateType);
}

/** What a statement with such a predicate is. */
export function kindOfPredicate(predicateType: string): DocumentKind | undefined {
  return kinds.find((kind) => documentForms[kind].predicateType === predicateType);
}

/** What a document is that nobody has signed, by its media type. */
export function kindOfMediaType(mediaType: string | undefined): DocumentKind | undefined {
  return kinds.find((kind) => documentForms[kind].unsigned?.mediaType === mediaType);
}

/** Whether it is signed. */
export function isSigned({ artifactType }: Referrer): boolean {
  return artifactType === bundleMediaType;
}
