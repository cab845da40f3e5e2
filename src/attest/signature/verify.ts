import type { KeyObject } from "node:crypto";
import type { SignedEntity } from "@sigstore/verify";
import { VerificationError } from "../../errors.js";
import { isAbout, type Statement } from "../statement.js";
import { parseBundle, type StatementBundle } from "./bundle.js";
import { identityIn } from "./certificate.js";
import {
  type CertificateIdentity,
  describeIdentity,
  type IdentityPolicy,
  isOfAnotherRepository,
  matches,
  type SignerIdentity,
} from "./identity.js";
import { fingerprintOf, readPublicKey } from "./key.js";
import type { TrustedRoot } from "./trust-root.js";

/**
 * What a signature has to be: by a key, or by an identity that authorities of the trust root vouch for. What the
 * trust root lists is required: an entry in a log where it lists logs, and a certificate's own entry where it lists
 * logs of certificates. A key needs no trust root, and is all that counts without one.
 */
export type SignaturePolicy =
  | { signer: { kind: "key"; pem: string }; trustRoot?: TrustedRoot }
  | { signer: IdentityPolicy; trustRoot: TrustedRoot };

/** A statement, and who was found to have signed it. */
export interface VerifiedStatement {
  statement: Statement;
  signer: SignerIdentity;
  /** When a log or a timestamp authority saw the signature; undefined where only a key counts. */
  signedAt: Date | undefined;
}

/** By the code of what `@sigstore/verify` finds. */
const findings: Readonly<Record<string, string>> = {
  SIGNATURE_ERROR: "the signature is not that of its key over this statement",
  PUBLIC_KEY_ERROR: "the key was not valid when it was made",
  CERTIFICATE_ERROR:
    "its certificate is of no authority of the trusted root, or was not valid when it was made",
  TIMESTAMP_ERROR: "nothing that the trusted root knows says when it was made",
  TLOG_ERROR: "the trusted root asks for an entry in a transparency log, and it has none",
  TLOG_BODY_ERROR: "its entry in the transparency log is about another signature",
  TLOG_INCLUSION_PROOF_ERROR: "its entry is not proven to be in a transparency log of the trusted root",
  TLOG_INCLUSION_PROMISE_ERROR: "its entry was not promised by a transparency log of the trusted root",
  TLOG_MISSING_INCLUSION_ERROR: "its entry has no proof that it is in the transparency log",
};

/**
 * Verifies a bundle: the signature, who made it, what the trusted root asks for, and that the statement is about an
 * image (`digest`, as registries write it).
 */
export async function verifyBundle(
  bytes: Buffer,
  policy: SignaturePolicy,
  digest: string,
): Promise<VerifiedStatement> {
  const read = await parseBundle(bytes);
  const signer =
    policy.signer.kind === "key"
      ? await verifyKey(read, readPublicKey(policy.signer.pem), policy.trustRoot)
      : await verifyIdentity(read, policy.signer, policy.trustRoot as TrustedRoot);
  if (!isAbout(read.statement, digest))
    throw refused(
      `expected a statement about ${digest}, got one about ${subjectsOf(read.statement)}`,
      "It belongs to another image: do not use this one before its publisher has signed it.",
    );
  const isWitnessed = policy.trustRoot !== undefined;
  return { statement: read.statement, signer, signedAt: isWitnessed ? await timeOf(read) : undefined };
}

async function verifyKey(
  read: StatementBundle,
  key: KeyObject,
  trustRoot: TrustedRoot | undefined,
): Promise<SignerIdentity> {
  const wanted = { kind: "key", fingerprint: fingerprintOf(key) } as const;
  if (read.certificate !== undefined) {
    const signed = await identityIn(read.certificate);
    throw otherSigner(describeIdentity(wanted), signed ? describeIdentity(signed) : "a certificate");
  }
  const { toSignedEntity } = await import("@sigstore/verify");
  const entity = toSignedEntity(read.bundle);
  const content = trustRoot === undefined ? { ...entity, tlogEntries: [], timestamps: [] } : entity;
  await verifyEntity(content, trustRoot, { log: trustRoot !== undefined, time: false }, key);
  return wanted;
}

async function verifyIdentity(
  read: StatementBundle,
  policy: IdentityPolicy,
  trustRoot: TrustedRoot,
): Promise<SignerIdentity> {
  const wanted = `${policy.identity.text} (issuer ${policy.issuer.text})`;
  if (read.certificate === undefined) throw otherSigner(wanted, "a key without a certificate");
  const { toSignedEntity } = await import("@sigstore/verify");
  await verifyEntity(toSignedEntity(read.bundle), trustRoot, { log: true, time: true });
  // Names are compared after it: before, anybody could have written them.
  const signed = await identityIn(read.certificate);
  if (signed === undefined) throw otherSigner(wanted, "a certificate that names nobody");
  if (!matches(policy.identity, signed.identity) || !matches(policy.issuer, signed.issuer))
    throw otherSigner(wanted, describeIdentity(signed));
  requireRepository(policy, signed);
  return signed;
}

/** Whoever calls a workflow of another repository has its identity: by that alone, strangers would be believed. */
function requireRepository({ repository }: IdentityPolicy, signed: CertificateIdentity): void {
  const found = signed.repository ?? "no repository";
  if (repository !== undefined && !matches(repository, found))
    throw refused(
      `expected one for ${repository.text}, got one for ${found}`,
      "Name the repository that you trust, or do not use the image.",
    );
  if (repository === undefined && isOfAnotherRepository(signed))
    throw refused(
      `${signed.identity} is a workflow that many repositories call, and ran for ${found}`,
      "Pass --source-repository with the one that you trust.",
    );
}

/** Everything but the names, by `@sigstore/verify`. */
async function verifyEntity(
  entity: SignedEntity,
  trustRoot: TrustedRoot | undefined,
  requires: { log: boolean; time: boolean },
  key?: KeyObject,
): Promise<void> {
  const { toTrustMaterial, Verifier } = await import("@sigstore/verify");
  const { TrustedRoot } = await import("@sigstore/protobuf-specs");
  const root = trustRoot ?? TrustedRoot.fromJSON({});
  const finder = key && (() => ({ publicKey: key, validFor: () => true }));
  const atMostOne = (list: readonly unknown[]) => Math.min(1, list.length);
  const verifier = new Verifier(toTrustMaterial(root, finder), {
    ctlogThreshold: atMostOne(root.ctlogs),
    tlogThreshold: requires.log ? atMostOne(root.tlogs) : 0,
    timestampThreshold: requires.time ? 1 : 0,
  });
  try {
    verifier.verify(entity);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const found = findings[code] ?? "it cannot be verified";
    const said = error instanceof Error && code !== "SIGNATURE_ERROR" ? ` (${error.message})` : "";
    throw refused(`${found}${said}`, "Do not use the image before its publisher has explained it.");
  }
}

async function timeOf({ bundle }: StatementBundle): Promise<Date | undefined> {
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  // Only a promise of the log covers the time.
  const promised = tlogEntries.find(({ inclusionPromise }) => inclusionPromise !== undefined);
  if (promised !== undefined) return new Date(Number(promised.integratedTime) * 1000);
  const [first] = timestampVerificationData?.rfc3161Timestamps ?? [];
  if (first === undefined) return undefined;
  const { RFC3161Timestamp } = await import("@sigstore/core");
  return RFC3161Timestamp.parse(Buffer.from(first.signedTimestamp)).tstInfo.genTime;
}

function subjectsOf({ subject }: Statement): string {
  return subject
    .flatMap(({ digest }) => Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`))
    .join(", ");
}

function otherSigner(wanted: string, found: string): VerificationError {
  return refused(
    `expected one by ${wanted}, got one by ${found}`,
    "Name the signer that you trust, or do not use the image.",
  );
}

function refused(what: string, next: string): VerificationError {
  return new VerificationError(`the signature: ${what}. ${next}`);
}
