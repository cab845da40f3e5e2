import { createPublicKey, generateKeyPairSync, randomBytes, scryptSync } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { describe, expect, it } from "vitest";
import {
  fingerprintOf,
  isSignature,
  readPrivateKey,
  readPublicKey,
  signatureBy,
} from "../../../src/attest/signature/key.js";
import { messageThrownBy } from "../../support/thrown.js";

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed25519 = generateKeyPairSync("ed25519");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pkcs8 = (key: typeof p256.privateKey) => key.export({ format: "pem", type: "pkcs8" }).toString();
const spki = (key: typeof p256.publicKey) => key.export({ format: "pem", type: "spki" }).toString();
const encrypted = p256.privateKey
  .export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "swordfish" })
  .toString();

/** As cosign does it (sigstore/pkg/cryptoutils and go-securesystemslib/encrypted). */
function cosignKey(label: string, password: string, changes: object = {}): string {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const params = { N: 16_384, r: 8, p: 1 };
  const der = p256.privateKey.export({ format: "der", type: "pkcs8" });
  const sealed = xsalsa20poly1305(scryptSync(password, salt, 32, params), nonce).encrypt(der);
  const content = {
    kdf: { name: "scrypt", params, salt: salt.toString("base64") },
    cipher: { name: "nacl/secretbox", nonce: nonce.toString("base64") },
    ciphertext: Buffer.from(sealed).toString("base64"),
    ...changes,
  };
  const body = Buffer.from(JSON.stringify(content)).toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

const sigstore = "ENCRYPTED SIGSTORE PRIVATE KEY";

describe("a signing key", () => {
  it.each([
    ["P-256, PKCS#8", pkcs8(p256.privateKey), undefined, p256],
    ["P-256, SEC 1", p256.privateKey.export({ format: "pem", type: "sec1" }).toString(), undefined, p256],
    ["Ed25519", pkcs8(ed25519.privateKey), undefined, ed25519],
    ["RSA", pkcs8(rsa.privateKey), undefined, rsa],
    ["RSA, PKCS#1", rsa.privateKey.export({ format: "pem", type: "pkcs1" }).toString(), undefined, rsa],
    ["encrypted PKCS#8", encrypted, "swordfish", p256],
    ["cosign's", cosignKey(sigstore, "swordfish"), "swordfish", p256],
    ["cosign's with an empty password", cosignKey(sigstore, ""), "", p256],
    ["cosign's former", cosignKey("ENCRYPTED COSIGN PRIVATE KEY", "swordfish"), "swordfish", p256],
  ])("is read: %s", async (_, pem, password, pair) => {
    const key = await readPrivateKey(pem, password);
    const data = Buffer.from("signed");
    const publicKey = readPublicKey(spki(pair.publicKey));
    expect(isSignature(publicKey, data, signatureBy(key, data))).toBe(true);
    expect(isSignature(publicKey, Buffer.from("other"), signatureBy(key, data))).toBe(false);
    expect(fingerprintOf(key)).toBe(
      fingerprintOf(createPublicKey(pair.publicKey.export({ format: "jwk" }) && spki(pair.publicKey))),
    );
  });

  it.each([
    ["a wrong password", encrypted, "carp", "expected the password of the key"],
    [
      "a wrong password of cosign's",
      cosignKey(sigstore, "swordfish"),
      "carp",
      "expected the password of the key",
    ],
    ["no password", encrypted, undefined, "expected a password, for it is encrypted"],
    [
      "no password of cosign's",
      cosignKey(sigstore, ""),
      undefined,
      "expected a password, for it is encrypted",
    ],
    [
      "a key derivation that takes gigabytes",
      cosignKey(sigstore, "a", { kdf: { name: "scrypt", params: { N: 1 << 22, r: 8, p: 1 }, salt: "" } }),
      "a",
      "one that is not of that form",
    ],
    [
      "a nonce of another length",
      cosignKey(sigstore, "a", { cipher: { name: "nacl/secretbox", nonce: "AAAA" } }),
      "a",
      "one that is not of that form",
    ],
    [
      "cosign's frame alone",
      `-----BEGIN ${sigstore}-----\n\n-----END ${sigstore}-----`,
      "a",
      "one that is not of that form",
    ],
    ["a public key", spki(p256.publicKey), undefined, 'got "a public key"'],
    ["something else", "swordfish", undefined, 'got "a text of 9 characters"'],
    [
      "another curve",
      pkcs8(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey),
      undefined,
      'got "ec secp384r1"',
    ],
    [
      "a short RSA key",
      pkcs8(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey),
      undefined,
      'got "rsa 1024"',
    ],
    ["another kind", pkcs8(generateKeyPairSync("x25519").privateKey), undefined, 'got "x25519"'],
  ])("is refused: %s", async (_, pem, password, expected) => {
    const message = await messageThrownBy(() => readPrivateKey(pem, password));
    expect(message).toContain("the signing key: expected");
    expect(message).toContain(expected);
    expect(message).toContain("cosign generate-key-pair");
    for (const secret of ["swordfish", "carp"]) expect(message).not.toContain(secret);
  });

  it.each([
    ["a private key", pkcs8(p256.privateKey), 'got "a private key"'],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", 'got "something else"'],
    ["half of one", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", 'got "something else"'],
    [
      "another curve",
      spki(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey),
      'got "ec secp384r1"',
    ],
  ])("does not verify where it is %s", async (_, pem, expected) => {
    expect(await messageThrownBy(() => readPublicKey(pem))).toContain(expected);
  });
});
