import { messageOf, SlipwayError, VerificationError } from "../errors.js";
import type { RegistryClient } from "../registry/client.js";
import type { Referrer } from "../registry/lists.js";
import { eachOf } from "../registry/parallel.js";
import { formatReference, type Repository } from "../registry/reference.js";
import { readReferrers } from "../registry/referrers.js";
import { statementIn, tryDocument } from "./attached.js";
import { type DocumentKind, isSigned, kindOfPredicate } from "./document.js";
import { type IdentityPolicy, parseIdentityPolicy } from "./signature/identity.js";
import { parseTrustRoot, publicTrustRoot } from "./signature/trust-root.js";
import { type SignaturePolicy, type VerifiedStatement, verifyBundle } from "./signature/verify.js";

/** A signed document whose signature holds. */
export interface VerifiedDocument extends VerifiedStatement {
  /** What it is; absent where it is none that Slipway knows. */
  kind?: DocumentKind | undefined;
  /** Digest of the manifest that it is attached as. */
  digest: string;
}

/** Who has to have signed, as the command line says it. */
export interface SignedBy {
  /** An identity, or a public key in PEM. */
  signer: string;
  issuer?: string | undefined;
  /** URL of the repository that the job ran for. */
  repository?: string | undefined;
  /** A trusted_root.json. Default: that of the public Sigstore; with a key, none. */
  trustedRoot?: Buffer | undefined;
}

// More than anybody attaches to an image; and of what is wrong with them, what an error says.
const mostSignatures = 1000;
const mostReasons = 10;

/** Reads who has to have signed; an identity counts only where a trusted root vouches for it. */
export async function parseSignaturePolicy({
  signer,
  issuer,
  repository,
  trustedRoot,
}: SignedBy): Promise<SignaturePolicy> {
  const given = trustedRoot && (await parseTrustRoot(trustedRoot));
  if (signer.includes("-----BEGIN"))
    return { signer: { kind: "key", pem: signer }, ...(given === undefined ? {} : { trustRoot: given }) };
  const identity: IdentityPolicy = parseIdentityPolicy(signer, issuer, repository);
  return { signer: identity, trustRoot: given ?? (await publicTrustRoot()) };
}

/** The documents of a manifest that are signed as the policy asks for; none is an error with all that was found. */
export async function verifyDocuments(
  client: RegistryClient,
  repository: Repository,
  digest: string,
  policy: SignaturePolicy,
): Promise<VerifiedDocument[]> {
  const referrers = await readReferrers(client, repository, digest);
  const signed = referrers.filter(isSigned).slice(0, mostSignatures);
  const results = await eachOf(signed, (referrer) =>
    verify(client, repository, referrer, { digest, policy }),
  );
  const verified = results.filter((result) => typeof result !== "string");
  if (verified.length > 0) return verified;
  const reasons = [...new Set(results.filter((result) => typeof result === "string"))];
  const unsaid = reasons.splice(mostReasons).length;
  const reference = formatReference(repository, digest);
  throw new VerificationError(
    reasons.length === 0
      ? `${reference}: nothing that is signed is attached to it. Publish it again with a key or an identity token, or do not use it.`
      : [
          `${reference}: no signature holds.`,
          ...reasons,
          ...(unsaid === 0 ? [] : [`${unsaid} more do not hold.`]),
        ],
  );
}

async function verify(
  client: RegistryClient,
  repository: Repository,
  referrer: Referrer,
  { digest, policy }: { digest: string; policy: SignaturePolicy },
): Promise<VerifiedDocument | string> {
  const document = await tryDocument(client, repository, referrer);
  if (document === undefined) return `${referrer.digest}: is listed, and no document is there.`;
  try {
    const found = await verifyBundle(document.bytes, policy, digest);
    return { ...found, kind: kindOfPredicate(found.statement.predicateType), digest: referrer.digest };
  } catch (error) {
    // Whatever is wrong with one of them, another may be good.
    return `${referrer.digest}: ${error instanceof SlipwayError ? messageOf(error) : "is no bundle of Sigstore that can be read."}`;
  }
}

/** What the SBOM of a platform is found by: the one that is signed as asked for, else any that Slipway can read. */
export async function readAttachedSbom(
  client: RegistryClient,
  repository: Repository,
  digest: string,
  policy?: SignaturePolicy,
): Promise<object> {
  const found =
    policy === undefined
      ? await unverifiedSbom(client, repository, digest)
      : (await verifyDocuments(client, repository, digest, policy)).find(({ kind }) => isSbom(kind))
          ?.statement.predicate;
  if (found !== undefined) return found;
  throw new VerificationError(
    `${formatReference(repository, digest)}: no SBOM is attached to it${policy === undefined ? "" : " that is signed so"}. Publish it again with attest.sbom in slipway.json, which attaches one.`,
  );
}

/** One that is signed says nothing more here: nobody is asked for. */
async function unverifiedSbom(
  client: RegistryClient,
  repository: Repository,
  digest: string,
): Promise<object | undefined> {
  const referrers = await readReferrers(client, repository, digest);
  for (const referrer of referrers.slice(0, mostSignatures)) {
    const document = await tryDocument(client, repository, referrer);
    const statement = document && (await statementIn(document, digest));
    if (statement !== undefined && isSbom(kindOfPredicate(statement.predicateType)))
      return statement.predicate;
  }
  return undefined;
}

function isSbom(kind: DocumentKind | undefined): boolean {
  return kind === "spdx" || kind === "cyclonedx";
}
