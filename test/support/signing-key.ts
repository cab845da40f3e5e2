import { generateKeyPairSync } from "node:crypto";

/** A key that signs, and what verifies it. */
export interface SigningKey {
  /** The private half, in PEM. */
  pem: string;
  publicPem: string;
}

/** Makes a key of a kind that Slipway signs with. */
export function makeSigningKey(kind: "P-256" | "Ed25519" | "RSA" = "P-256"): SigningKey {
  const { privateKey, publicKey } = pairs[kind]();
  return {
    pem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

const pairs = {
  "P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  Ed25519: () => generateKeyPairSync("ed25519"),
  RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
