import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { z } from "zod";
import { jsonLimit, parseBounded } from "../../json.js";
import type { IdentityToken } from "./identity-token.js";
import { signatureBy } from "./key.js";
import { ask, type Delivery, endpoint, type Service, unreadable } from "./service.js";

/** A key that lives as long as this process, and who it is certified to belong to. */
export interface CertifiedKey {
  key: KeyObject;
  certificate: X509Certificate;
  /** The authority that issued it. */
  authority: X509Certificate;
}

const chain = z.object({ chain: z.object({ certificates: z.array(z.string()).min(2) }) });

const answerSchema = z.union([
  z.object({ signedCertificateEmbeddedSct: chain }).transform((each) => each.signedCertificateEmbeddedSct),
  z.object({ signedCertificateDetachedSct: chain }).transform((each) => each.signedCertificateDetachedSct),
]);

/** Has a new key certified for whoever the token names. One request serves all signatures of a process. */
export async function certify(
  delivery: Delivery,
  fulcio: string,
  token: IdentityToken,
): Promise<CertifiedKey> {
  const { privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const service = serviceAt(fulcio, token.issuer);
  const { body } = await ask(delivery, service, {
    url: endpoint(fulcio, "/api/v2/signingCert"),
    contentType: "application/json",
    accept: "application/json",
    statuses: [200, 201],
    body: JSON.stringify({
      credentials: { oidcIdentityToken: token.jwt },
      publicKeyRequest: {
        publicKey: { algorithm: "ECDSA", content: publicKey.export({ format: "pem", type: "spki" }) },
        proofOfPossession: signatureBy(key, Buffer.from(token.subject)).toString("base64"),
      },
    }),
  });
  const { certificate, authority } = certificatesIn(body, service);
  if (!certificate.publicKey.equals(createPublicKey(key)))
    throw unreadable(service, "certifies another key than the one that it was asked for");
  return { key, certificate, authority };
}

function certificatesIn(body: Buffer, service: Service): Omit<CertifiedKey, "key"> {
  const parsed = answerSchema.safeParse(parseBounded(body.toString("utf8"), jsonLimit)).data;
  try {
    const [certificate, authority] = (parsed?.chain.certificates ?? []).map(
      (pem) => new X509Certificate(pem),
    );
    if (certificate !== undefined && authority !== undefined) return { certificate, authority };
  } catch {
    // Said below.
  }
  throw unreadable(service, "holds no chain of certificates");
}

function serviceAt(fulcio: string, issuer: string): Service {
  return {
    name: `Fulcio at ${fulcio}`,
    unavailable:
      "Nothing was signed: run the release again, which completes what is missing, or sign with a key.",
    refused: `It has to know ${issuer}, which issued the identity token, and the token has to be fresh: ask for a new one, name a Fulcio of your own, or sign with a key.`,
  };
}
