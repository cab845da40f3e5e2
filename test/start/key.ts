import { generateKeyPairSync } from "node:crypto";
import type { AttestSettings, Settings } from "../../src/config.js";
import { openSigning, type Signing } from "../../src/signing.js";
import { directFetch } from "../support/client.js";

/** A key that was made for one run, and what it signs with. */
export interface SigningKey {
  /** PEM, as `cosign.pub` is. */
  publicKey: string;
  signing: Signing;
}

/** Signs by the settings of a project as `with-signing-key` does, and asks no service: nothing leaves the machine. */
export async function openKey(settings: Settings): Promise<SigningKey> {
  const { privateKey, publicKey } = makeKeyPair();
  const { rekor: _, timestamps: __, ...own } = settings.attest;
  const attest: AttestSettings = own;
  const signing = { key: { plaintext: async () => privateKey } };
  return {
    publicKey,
    signing: await openSigning({ settings: { ...settings, attest }, signing, fetch: directFetch }),
  };
}

/** A pair of P-256, as `cosign generate-key-pair` makes. */
export function makeKeyPair(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}
