import { documentForms } from "../attest/document.js";
import { describeIdentity } from "../attest/signature/identity.js";
import {
  parseSignaturePolicy,
  readAttachedSbom,
  type SignedBy,
  type VerifiedDocument,
  verifyDocuments,
} from "../attest/verification.js";
import { InputError } from "../errors.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";
import type { RegistryClient } from "../registry/client.js";
import { formatReference, manifestOf, parseReference, type Reference } from "../registry/reference.js";
import { readImage, type VerifiedImage, type VerifiedVariant, verifyImage } from "../registry/verify.js";
import { markdownTable, megabytes, type Report } from "../report.js";
import { asMarkdown } from "../text.js";

/**
 * Reads any image back to the last blob; what is not whole is an error, and so is one that nobody has signed who should
 * have, where that is asked for.
 */
export async function verifyReference(
  client: RegistryClient,
  text: string,
  signedBy?: SignedBy,
): Promise<Report> {
  const reference = parseReference(text, "--reference");
  const policy = signedBy && (await parseSignaturePolicy(signedBy));
  const image = await verifyImage(client, reference, manifestOf(reference));
  const signed = policy && (await verifyDocuments(client, reference, image.digest, policy));
  return reportVerified(text, reference, image, signed);
}

/** The SBOM of one platform of an image, as JSON: signed as it is asked for, where it is. */
export async function readSbom(
  client: RegistryClient,
  text: string,
  { platform, signedBy }: { platform?: string | undefined; signedBy?: SignedBy | undefined },
): Promise<string> {
  const reference = parseReference(text, "--reference");
  const policy = signedBy && (await parseSignaturePolicy(signedBy));
  const image = await readImage(client, reference, manifestOf(reference));
  const { digest } = choosePlatform(text, image?.variants ?? [], platform);
  return `${JSON.stringify(await readAttachedSbom(client, reference, digest, policy), undefined, 2)}\n`;
}

/** Each platform has an SBOM of its own. */
function choosePlatform(
  reference: string,
  variants: readonly VerifiedVariant[],
  wanted: string | undefined,
): VerifiedVariant {
  const chosen = wanted
    ? variants.find(({ platform }) => platform === formatPlatform(parsePlatform(wanted, "--platform")))
    : variants.length === 1 && variants[0];
  if (chosen) return chosen;
  throw new InputError({
    subject: "--platform",
    expected: `one that ${reference} has: ${variants.map(({ platform }) => platform).join(", ") || "it does not exist"}`,
    given: wanted || undefined,
  });
}

/** An image that was read back to the last blob: `asked` is the reference as it was given. */
function reportVerified(
  asked: string,
  reference: Reference,
  { digest, variants }: VerifiedImage,
  signed?: readonly VerifiedDocument[],
): Report {
  const platforms = variants.map(({ platform, digest: manifest, config, layers }) => ({
    platform,
    manifest,
    imageId: config.digest,
    layers: layers.length,
    bytes: layers.reduce((sum, { size }) => sum + size, config.size),
  }));
  const rows = platforms.map(({ platform, manifest, imageId, layers, bytes }) => [
    platform,
    manifest,
    imageId,
    String(layers),
    megabytes(bytes),
  ]);
  return {
    markdown: [
      `${asMarkdown(asked)} is whole: ${digest}`,
      markdownTable(["platform", "manifest", "image ID", "layers", "pulled"], rows),
      ...(signed === undefined ? [] : [markdownTable(["signed", "by", "at"], signed.map(signedRow))]),
    ].join("\n\n"),
    data: {
      reference: asked,
      digest,
      platforms,
      ...(signed === undefined ? {} : { signed: signed.map(signedData) }),
    },
    outputs: {
      DIGEST: digest,
      IMAGE: formatReference(reference, digest),
      PLATFORMS: platforms.map(({ platform }) => platform),
    },
  };
}

function signedData({ kind, statement, signer, signedAt }: VerifiedDocument) {
  return { kind, predicateType: statement.predicateType, signer, signedAt: signedAt?.toISOString() };
}

function signedRow({ kind, statement, signer, signedAt }: VerifiedDocument): string[] {
  const name = kind === undefined ? statement.predicateType : documentForms[kind].name;
  return [name, describeIdentity(signer), signedAt?.toISOString() ?? "a key alone does not say"];
}
