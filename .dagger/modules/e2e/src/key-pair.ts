import { generateKeyPairSync } from "node:crypto";

/** A key that signs and the one that verifies it, both in PEM. */
export interface KeyPair {
  privateKey: string;
  publicKey: string;
}

/** A new pair of keys, of the kind that cosign makes. */
export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}
