import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { parseJson } from "../../json.js";

/** How cosign encrypts a private key: NaCl's secretbox under a key that scrypt derives from the password. */
const schema = z.object({
  kdf: z.object({
    name: z.literal("scrypt"),
    // Ten times the memory of cosign's own, which is 64 MiB.
    params: z.object({
      N: z
        .number()
        .int()
        .min(2)
        .max(1 << 19),
      r: z.number().int().min(1).max(16),
      p: z.number().int().min(1).max(16),
    }),
    salt: z.base64(),
  }),
  cipher: z.object({ name: z.literal("nacl/secretbox"), nonce: z.base64() }),
  ciphertext: z.base64(),
});

const keyBytes = 32;
const nonceBytes = 24;

/** Whether a PEM is a key as `cosign generate-key-pair` writes it, now and formerly. */
export function isEncryptedByCosign(pem: string): boolean {
  return /^-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----$/m.test(pem);
}

/** The key in it, as PKCS#8; `undefined` where the password does not open it, and where it is not of that form. */
export async function decryptedByCosign(
  pem: string,
  password: string,
): Promise<Buffer | "malformed" | "locked"> {
  const body = pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "");
  const parsed = schema.safeParse(parseJson(Buffer.from(body, "base64").toString("utf8"))).data;
  if (parsed === undefined) return "malformed";
  const { kdf, cipher, ciphertext } = parsed;
  const nonce = Buffer.from(cipher.nonce, "base64");
  if (nonce.length !== nonceBytes) return "malformed";
  const { N, r, p } = kdf.params;
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
  const options = { N, r, p, maxmem: 256 * N * r };
  const key = await derive(password, Buffer.from(kdf.salt, "base64"), keyBytes, options);
  const { xsalsa20poly1305 } = await import("@noble/ciphers/salsa.js");
  try {
    return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(Buffer.from(ciphertext, "base64")));
  } catch {
    return "locked";
  }
}
