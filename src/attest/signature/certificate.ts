import { isTooLarge } from "./bundle.js";
import type { CertificateIdentity } from "./identity.js";

// Fulcio's extension for the repository that a job ran for, and those for who vouched for the identity: as a DER
// string, and formerly as bare bytes.
const repositoryExtension = "1.3.6.1.4.1.57264.1.12";
const issuerExtension = "1.3.6.1.4.1.57264.1.8";
const formerIssuerExtension = "1.3.6.1.4.1.57264.1.1";

// Far more than an address of a workflow takes.
const longestName = 2000;

/** Whom a certificate (DER) says it was issued to; undefined where it does not. */
export async function identityIn(der: Buffer): Promise<CertificateIdentity | undefined> {
  if (isTooLarge(der)) return undefined;
  const { X509Certificate } = await import("@sigstore/core");
  try {
    const certificate = X509Certificate.parse(Buffer.from(der));
    const identity = certificate.subjectAltName;
    const issuer =
      certificate.extension(issuerExtension)?.valueObj.subs[0]?.value ??
      certificate.extension(formerIssuerExtension)?.value;
    if (identity === undefined || issuer === undefined) return undefined;
    // Names are shown before anybody vouches for them.
    if (Math.max(identity.length, issuer.length) > longestName) return undefined;
    const repository = certificate.extension(repositoryExtension)?.valueObj.subs[0]?.value.toString("utf8");
    return {
      kind: "certificate",
      identity,
      issuer: issuer.toString("utf8"),
      ...(repository === undefined ? {} : { repository }),
    };
  } catch {
    return undefined;
  }
}
