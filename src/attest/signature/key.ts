import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { InputError } from "../../errors.js";
import { decryptedByCosign, isEncryptedByCosign } from "./encrypted-key.js";

const fix = 'Make one with "cosign generate-key-pair", and pass the private key and its password as secrets';
const kinds = "a P-256, Ed25519 or RSA key of at least 2048 bits, in PEM form";

/** A private key: PKCS#8, SEC 1 or PKCS#1, encrypted or not, or as cosign encrypts it. */
export async function readPrivateKey(pem: string, password?: string): Promise<KeyObject> {
  const isEncrypted = /ENCRYPTED/.test(pem);
  if (isEncrypted && password === undefined) throw refused("a password, for it is encrypted", "none");
  const key = isEncryptedByCosign(pem)
    ? await openCosign(pem, password ?? "")
    : openPem(pem, password, isEncrypted);
  return requireKind(key, "the signing key");
}

/** A public key in PEM form. */
export function readPublicKey(pem: string): KeyObject {
  const subject = "the public key to verify with";
  // A private key gives its public one, and has no place where anybody verifies.
  if (/-----BEGIN PUBLIC KEY-----|-----BEGIN RSA PUBLIC KEY-----/.test(pem))
    try {
      return requireKind(createPublicKey(pem), subject);
    } catch (error) {
      if (error instanceof InputError) throw error;
    }
  throw new InputError({
    subject,
    expected: kinds,
    given: pem.includes("PRIVATE KEY") ? "a private key" : "something else",
    fix: 'Pass the file that cosign calls cosign.pub, or what "openssl pkey -pubout" gives',
  });
}

/** SHA-256 of a public key, in hexadecimal: by what it is named in reports. */
export function fingerprintOf(key: KeyObject): string {
  return digestOf(key).toString("hex");
}

/** The same as bundles hint at it. */
export function hintOf(key: KeyObject): string {
  return digestOf(key).toString("base64");
}

/** Signs with what every verifier takes for this kind of key. */
export function signatureBy(key: KeyObject, data: Buffer): Buffer {
  return sign(hashFor(key), data, key);
}

/** Whether a signature is that of the key over these bytes. */
export function isSignature(key: KeyObject, data: Buffer, signature: Buffer): boolean {
  try {
    return verify(hashFor(key), data, key, signature);
  } catch {
    return false;
  }
}

async function openCosign(pem: string, password: string): Promise<KeyObject> {
  const opened = await decryptedByCosign(pem, password);
  if (opened === "malformed") throw refused("a key that cosign encrypted", "one that is not of that form");
  if (opened === "locked") throw wrongPassword();
  return createPrivateKey({ key: opened, format: "der", type: "pkcs8" });
}

function openPem(pem: string, password: string | undefined, isEncrypted: boolean): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(password === undefined ? {} : { passphrase: password }) });
  } catch {
    if (isEncrypted) throw wrongPassword();
    throw refused(kinds, pem.includes("PUBLIC KEY") ? "a public key" : `a text of ${pem.length} characters`);
  }
}

function requireKind(key: KeyObject, subject: string): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isTaken =
    type === "ed25519" ||
    (type === "ec" && details?.namedCurve === "prime256v1") ||
    (type === "rsa" && (details?.modulusLength ?? 0) >= 2048);
  if (isTaken) return key;
  const size = details?.namedCurve ?? details?.modulusLength ?? "";
  throw new InputError({ subject, expected: kinds, given: `${type} ${size}`.trim(), fix });
}

function hashFor({ asymmetricKeyType }: KeyObject): "sha256" | null {
  return asymmetricKeyType === "ed25519" ? null : "sha256";
}

function digestOf(key: KeyObject): Buffer {
  const { type } = key;
  const der = (type === "private" ? createPublicKey(key) : key).export({ format: "der", type: "spki" });
  return createHash("sha256").update(der).digest();
}

function wrongPassword(): InputError {
  return refused("the password of the key", "one that does not open it");
}

function refused(expected: string, given: string): InputError {
  return new InputError({ subject: "the signing key", expected, given, fix });
}
