import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { SigningError } from "../../errors.js";
import { keepSecret } from "../../secrets.js";
import { encodeStatement, type Statement } from "../statement.js";
import { encodeBundle, envelopeOf, parseBundle, type StatementBundle, signedBytesOf } from "./bundle.js";
import { identityIn } from "./certificate.js";
import { certify } from "./fulcio.js";
import type { SignerIdentity } from "./identity.js";
import { parseIdentityToken } from "./identity-token.js";
import { fingerprintOf, hintOf, isSignature, readPrivateKey, signatureBy } from "./key.js";
import { enter, isEntryOf } from "./rekor.js";
import type { Delivery } from "./service.js";
import { timestamp } from "./timestamp.js";

/** What signs: a key, or whoever a token names. */
export type SigningMeans =
  | { kind: "key"; pem: string; password?: string }
  | {
      kind: "identity";
      token: string;
      /** URL of the authority that certifies it. */
      fulcio: string;
      /** What the token has to be for; `sigstore` by default. */
      audience?: string;
    };

/** Who bears witness to a signature. Each may be left out. */
export interface Witnesses {
  /** URL of a transparency log. */
  rekor?: string;
  /** URL of a timestamp authority. */
  timestamps?: string;
}

/** Makes signatures, all in the name of one identity. */
export interface Signer {
  identity: SignerIdentity;
  /** A Sigstore bundle, as JSON, over a statement. */
  sign(statement: Statement): Promise<Buffer>;
  /**
   * Whether a bundle was made by this identity, under the same authority, and has the witnesses that are asked for:
   * another signature would say nothing more. What it says is for the caller to compare.
   */
  isSignedBy(bundle: Buffer): Promise<boolean>;
}

/** What a signer signs with, and what makes a bundle its own. */
interface Holder {
  identity: SignerIdentity;
  key: KeyObject;
  /** What verifies it, as PEM. */
  verifier: string;
  material: { certificate: Buffer } | { keyHint: string };
  /** Milliseconds since the epoch; a key alone does not end. */
  expires: number;
  made(bundle: StatementBundle, signedBytes: Buffer): Promise<boolean>;
}

/** Where the public Sigstore is asked. */
export const publicSigstore = {
  fulcio: "https://fulcio.sigstore.dev",
  rekor: "https://rekor.sigstore.dev",
} as const;

/**
 * Makes a signer of what the settings give. A key is opened, and a token's certificate is asked for, before anything
 * is signed: one of Fulcio's lives for ten minutes. `now` gives milliseconds since the epoch.
 */
export async function createSigner(
  means: SigningMeans,
  witnesses: Witnesses,
  delivery: Delivery,
  now: () => number,
): Promise<Signer> {
  requireTime(means, witnesses);
  const holder =
    means.kind === "key" ? await holderOfKey(means) : await holderOfCertificate(means, delivery, now());
  return {
    identity: holder.identity,
    sign: async (statement) => {
      requireValid(holder, now());
      return sign(holder, witnesses, delivery, encodeStatement(statement));
    },
    isSignedBy: (bundle) => isSignedBy(holder, witnesses, bundle),
  };
}

async function sign(
  { key, verifier, material }: Holder,
  { rekor, timestamps: authority }: Witnesses,
  delivery: Delivery,
  payload: Buffer,
): Promise<Buffer> {
  const signature = signatureBy(key, await signedBytesOf(payload));
  const envelope = await envelopeOf(payload, signature);
  const [entries, timestamps] = await Promise.all([
    rekor === undefined
      ? []
      : enter(delivery, rekor, { envelope, payload, signature }, verifier).then((entry) => [entry]),
    authority === undefined ? [] : timestamp(delivery, authority, signature).then((one) => [one]),
  ]);
  return encodeBundle({ payload, signature, ...material, entries, timestamps });
}

async function isSignedBy(holder: Holder, witnesses: Witnesses, bytes: Buffer): Promise<boolean> {
  const read = await parseBundle(bytes).catch(() => undefined);
  if (read === undefined) return false;
  const { tlogEntries, timestampVerificationData } = read.bundle.verificationMaterial;
  const isWitnessed =
    (witnesses.rekor === undefined || tlogEntries.some((entry) => isEntryOf(entry, read))) &&
    (witnesses.timestamps === undefined || (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > 0);
  return isWitnessed && holder.made(read, await signedBytesOf(read.payload));
}

async function holderOfKey({ pem, password }: SigningMeans & { kind: "key" }): Promise<Holder> {
  keepSecret(pem);
  if (password !== undefined) keepSecret(password);
  const key = await readPrivateKey(pem, password);
  const publicKey = createPublicKey(key);
  return {
    identity: { kind: "key", fingerprint: fingerprintOf(publicKey) },
    key,
    verifier: publicKey.export({ format: "pem", type: "spki" }).toString(),
    material: { keyHint: hintOf(publicKey) },
    expires: Number.POSITIVE_INFINITY,
    made: async ({ certificate, signature }, signedBytes) =>
      certificate === undefined && isSignature(publicKey, signedBytes, signature),
  };
}

async function holderOfCertificate(
  { token: jwt, fulcio, audience }: SigningMeans & { kind: "identity" },
  delivery: Delivery,
  now: number,
): Promise<Holder> {
  const token = parseIdentityToken(jwt, now, audience);
  const { key, certificate, authority } = await certify(delivery, fulcio, token);
  const identity = await identityIn(certificate.raw);
  if (identity === undefined)
    throw new SigningError(
      `Fulcio at ${fulcio}: its certificate does not say whose it is. Name another Fulcio, or sign with a key.`,
    );
  return {
    identity,
    key,
    verifier: certificate.toString(),
    material: { certificate: certificate.raw },
    expires: certificate.validToDate.getTime(),
    made: async ({ certificate: der, signature }, signedBytes) =>
      der !== undefined &&
      isIssuedBy(authority, der) &&
      isSame(identity, await identityIn(der)) &&
      isSignature(new X509Certificate(der).publicKey, signedBytes, signature),
  };
}

/** A certificate of Fulcio lives for minutes: without a witness of the time, nobody can tell that it was valid. */
function requireTime(means: SigningMeans, { rekor, timestamps }: Witnesses): void {
  if (means.kind === "key" || rekor !== undefined || timestamps !== undefined) return;
  throw new SigningError(
    "signatures by an identity token: expected a transparency log or a timestamp authority, got neither. Nobody could verify them: name one of both, or sign with a key.",
  );
}

/** What is signed after the end of a certificate cannot be verified. */
function requireValid({ expires }: Holder, now: number): void {
  if (now < expires) return;
  throw new SigningError(
    `the certificate of the signer: it was valid until ${new Date(expires).toISOString()}, and is needed later than that. Run the release again, which completes what is missing.`,
  );
}

/** Anybody can write a certificate that names somebody else. */
function isIssuedBy(authority: X509Certificate, der: Buffer): boolean {
  try {
    const certificate = new X509Certificate(der);
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  } catch {
    return false;
  }
}

function isSame(one: SignerIdentity, other: SignerIdentity | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
