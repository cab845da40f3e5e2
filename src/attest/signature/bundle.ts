import type { BundleWithDsseEnvelope, TransparencyLogEntry } from "@sigstore/bundle";
import { VerificationError } from "../../errors.js";
import { jsonLimit, parseBounded } from "../../json.js";
import { parseStatement, type Statement, statementMediaType } from "../statement.js";

/** A signature over the bytes of a statement, and what bears witness to it. */
export interface SignedStatement {
  payload: Buffer;
  signature: Buffer;
  /** The certificate of the key, as DER; else a hint at the key. */
  certificate?: Buffer;
  keyHint?: string;
  entries: readonly TransparencyLogEntry[];
  timestamps: readonly Buffer[];
}

/** A bundle that was read: one signature over one statement. */
export interface StatementBundle {
  bundle: BundleWithDsseEnvelope;
  statement: Statement;
  payload: Buffer;
  signature: Buffer;
  /** Certificate of the signer, as DER; undefined where a key stands by itself. */
  certificate: Buffer | undefined;
}

/** Media type of the bundles that are made here, and the artifact type by which cosign finds what carries one. */
export const bundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

// Each takes a while to verify.
const mostWitnesses = 32;
// Bytes of a certificate, or a timestamp: one has a few thousand, and what parses them takes thousands of times as much.
const mostOfOne = 64 << 10;

/** What is signed of a statement's bytes: its media type as well (DSSE, version 1). */
export async function signedBytesOf(payload: Buffer): Promise<Buffer> {
  const { dsse } = await import("@sigstore/core");
  return dsse.preAuthEncoding(statementMediaType, Buffer.from(payload));
}

/** The signed envelope alone, as JSON, which is what transparency logs take. */
export async function envelopeOf(payload: Buffer, signature: Buffer): Promise<string> {
  const { envelopeToJSON } = await import("@sigstore/bundle");
  const signatures = [{ sig: signature, keyid: "" }];
  return JSON.stringify(envelopeToJSON({ payload, payloadType: statementMediaType, signatures }));
}

/** The bundle as it is attached to an image. */
export async function encodeBundle(signed: SignedStatement): Promise<Buffer> {
  const { bundleToJSON, toDSSEBundle } = await import("@sigstore/bundle");
  const { certificate, keyHint } = signed;
  const bundle = toDSSEBundle({
    artifact: signed.payload,
    artifactType: statementMediaType,
    signature: signed.signature,
    certificateChain: false,
    ...(certificate === undefined ? {} : { certificate }),
    ...(keyHint === undefined ? {} : { keyHint }),
  });
  // cosign compares a keyid with one of its own making, and finds no signature by the key where they differ.
  for (const each of bundle.content.dsseEnvelope.signatures) each.keyid = "";
  bundle.verificationMaterial.tlogEntries = [...signed.entries];
  const rfc3161Timestamps = signed.timestamps.map((signedTimestamp) => ({ signedTimestamp }));
  bundle.verificationMaterial.timestampVerificationData = { rfc3161Timestamps };
  return Buffer.from(JSON.stringify(bundleToJSON(bundle)));
}

/** Reads a bundle, whoever made it: what it says is not verified by that. */
export async function parseBundle(bytes: Buffer): Promise<StatementBundle> {
  const { bundleFromJSON, isBundleWithDsseEnvelope } = await import("@sigstore/bundle");
  let bundle: ReturnType<typeof bundleFromJSON>;
  try {
    bundle = bundleFromJSON(parseBounded(bytes.toString("utf8"), jsonLimit));
  } catch {
    throw refused("is no bundle of Sigstore");
  }
  if (!isBundleWithDsseEnvelope(bundle)) throw refused("signs no statement");
  const { payload, payloadType, signatures } = bundle.content.dsseEnvelope;
  if (witnessesOf(bundle) > mostWitnesses)
    throw refused("has more entries and timestamps than anybody makes");
  if (witnessingIn(bundle).some(isTooLarge))
    throw refused("has a certificate or timestamp of more bytes than any has");
  // It has one signature, else it is no bundle of Sigstore.
  const [first] = signatures;
  const statement = payloadType === statementMediaType ? parseStatement(payload) : undefined;
  if (first === undefined || statement === undefined)
    throw refused("signs something else than an in-toto statement");
  return {
    bundle,
    statement,
    payload,
    signature: first.sig,
    certificate: certificatesIn(bundle.verificationMaterial)[0],
  };
}

function witnessesOf({ verificationMaterial }: BundleWithDsseEnvelope): number {
  const { tlogEntries, timestampVerificationData } = verificationMaterial;
  return tlogEntries.length + (timestampVerificationData?.rfc3161Timestamps.length ?? 0);
}

/** Everything that is parsed as ASN.1. */
function witnessingIn({ verificationMaterial }: BundleWithDsseEnvelope): Buffer[] {
  const { timestampVerificationData } = verificationMaterial;
  return [
    ...certificatesIn(verificationMaterial),
    ...(timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp),
  ];
}

/** Whether a certificate or timestamp is larger than any is: nobody parses it. */
export function isTooLarge({ length }: Buffer): boolean {
  return length > mostOfOne;
}

/** That of the signer is the first. */
function certificatesIn({ content }: BundleWithDsseEnvelope["verificationMaterial"]): Buffer[] {
  if (content.$case === "certificate") return [content.certificate.rawBytes];
  return content.$case === "x509CertificateChain"
    ? content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes)
    : [];
}

function refused(what: string): VerificationError {
  return new VerificationError(`the signature: its file ${what}. Sign the image again, or ask who did.`);
}
