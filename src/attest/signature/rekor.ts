import { createHash } from "node:crypto";
import type { TransparencyLogEntry } from "@sigstore/bundle";
import { z } from "zod";
import { jsonLimit, parseBounded } from "../../json.js";
import type { SignedStatement } from "./bundle.js";
import { ask, type Delivery, endpoint, type Service, type ServiceAnswer, unreadable } from "./service.js";

const bytes = z.base64().transform((text) => Buffer.from(text, "base64"));
const digest = z.hex().transform((text) => Buffer.from(text, "hex"));

const entrySchema = z.object({
  body: z.base64(),
  integratedTime: z.number().int(),
  logID: digest,
  logIndex: z.number().int(),
  verification: z.object({
    signedEntryTimestamp: bytes.optional(),
    inclusionProof: z.object({
      checkpoint: z.string(),
      hashes: z.array(digest),
      logIndex: z.number().int(),
      rootHash: digest,
      treeSize: z.number().int(),
    }),
  }),
});

const answerSchema = z
  .record(z.string(), entrySchema)
  .transform((entries) => Object.values(entries))
  .refine(({ length }) => length === 1)
  .transform(([entry]) => entry);

// What a log keeps of a signed envelope (Rekor, pkg/types/dsse/v0.0.1).
const dsseSchema = z.object({
  kind: z.literal("dsse"),
  spec: z.object({
    payloadHash: z.object({ algorithm: z.literal("sha256"), value: z.string() }),
    signatures: z.array(z.object({ signature: z.string() })).length(1),
  }),
});

const kindSchema = z.object({ kind: z.string(), apiVersion: z.string() });

/** Whether an entry is about a signature: a log may answer with another one, and nobody could verify that. */
export function isEntryOf(
  { canonicalizedBody }: Pick<TransparencyLogEntry, "canonicalizedBody">,
  { payload, signature }: Pick<SignedStatement, "payload" | "signature">,
): boolean {
  const { data } = dsseSchema.safeParse(
    parseBounded(Buffer.from(canonicalizedBody).toString("utf8"), jsonLimit),
  );
  return (
    data?.spec.payloadHash.value === createHash("sha256").update(payload).digest("hex") &&
    data.spec.signatures[0]?.signature === signature.toString("base64")
  );
}

/**
 * Enters a signature into a transparency log. `envelope` is the JSON of the signed envelope, `verifier` the
 * certificate or public key, as PEM.
 */
export async function enter(
  delivery: Delivery,
  rekor: string,
  { envelope, ...signed }: Pick<SignedStatement, "payload" | "signature"> & { envelope: string },
  verifier: string,
): Promise<TransparencyLogEntry> {
  const entry = await enterOnce(delivery, rekor, envelope, verifier);
  if (isEntryOf(entry, signed)) return entry;
  throw unreadable(serviceAt(rekor), "is the entry of another signature");
}

async function enterOnce(
  delivery: Delivery,
  rekor: string,
  envelope: string,
  verifier: string,
): Promise<TransparencyLogEntry> {
  const service = serviceAt(rekor);
  const accept = "application/json";
  const verifiers = [Buffer.from(verifier).toString("base64")];
  const answer = await ask(delivery, service, {
    url: endpoint(rekor, "/api/v1/log/entries"),
    contentType: "application/json",
    accept,
    statuses: [200, 201, 409],
    body: JSON.stringify({
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: { proposedContent: { envelope, verifiers } },
    }),
  });
  if (answer.status !== 409) return entryIn(answer, service);
  // A request that was repeated finds what it entered the first time, and so does a key that signs the same twice.
  const uuid = /[0-9a-f]{64,80}$/.exec(answer.headers.get("location") ?? "")?.[0];
  if (uuid === undefined) throw unreadable(service, "is 409 and does not say where the entry is");
  const url = endpoint(rekor, `/api/v1/log/entries/${uuid}`);
  return entryIn(await ask(delivery, service, { url, method: "GET", accept, statuses: [200] }), service);
}

function entryIn({ body }: ServiceAnswer, service: Service): TransparencyLogEntry {
  const entry = answerSchema.safeParse(parseBounded(body.toString("utf8"), jsonLimit)).data;
  const canonicalizedBody = Buffer.from(entry?.body ?? "", "base64");
  const kind = kindSchema.safeParse(parseBounded(canonicalizedBody.toString("utf8"), jsonLimit)).data;
  if (entry === undefined || kind === undefined) throw unreadable(service, "is no entry of a log");
  const { signedEntryTimestamp, inclusionProof: proof } = entry.verification;
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: entry.logID },
    kindVersion: { kind: kind.kind, version: kind.apiVersion },
    integratedTime: String(entry.integratedTime),
    inclusionPromise: signedEntryTimestamp && { signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(proof.logIndex),
      rootHash: proof.rootHash,
      treeSize: String(proof.treeSize),
      hashes: proof.hashes,
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody,
  };
}

function serviceAt(rekor: string): Service {
  return {
    name: `Rekor at ${rekor}`,
    unavailable:
      "Nothing was attached: run the release again, which completes what is missing, or name another transparency log, or none.",
    refused: "Name a transparency log of the interface of Rekor 1 that takes dsse entries, or none.",
  };
}
