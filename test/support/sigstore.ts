import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { dsse } from "@sigstore/core";
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  tsaHandler,
} from "@sigstore/mock";
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from "@sigstore/protobuf-specs";
import { type LoopbackServer, listenOnLoopback } from "./loopback.js";

/** Fulcio, Rekor and a timestamp authority of their own, which answer real requests. */
export interface Sigstore extends LoopbackServer {
  /** The address of all of them. */
  url: string;
  /** trusted_root.json of these services. */
  trustRoot: Buffer;
  /** Methods and paths, in the order in which they were asked. */
  requests: string[];
  /** What the next request of a path is answered instead, one after the other. */
  instead: Map<string, Instead[]>;
}

/** An answer in place of the one that a service has. */
export interface Instead {
  status: number;
  body?: string;
  headers?: Record<string, string>;
  /** Whether the service does its part all the same, and only its answer is lost. */
  happens?: boolean;
}

/** The paths of the services. */
export const sigstorePaths = {
  fulcio: "/api/v2/signingCert",
  rekor: "/api/v1/log/entries",
  timestamps: "/api/v1/timestamp",
} as const;

type Reply = { status: number; body: string | Uint8Array; location?: string };
type Handler = (body: Buffer) => Promise<Reply>;

/** Starts the services, whose clocks stand still. Certificates may be left out of the log that there is of them. */
export async function startSigstore({ logsCertificates = true } = {}): Promise<Sigstore> {
  // A minute ahead, for the roots begin to be valid when they are made. Parsers know fractions of three digits, and the
  // authority writes as few as it takes.
  const now = new Date(Math.floor(Date.now() / 1000 + 60) * 1000);
  const ctLog = await initializeCTLog(keyPair());
  const ca = await initializeCA(keyPair("P-384"), logsCertificates ? ctLog : undefined, now);
  const log = await initializeTLog("https://rekor.example", keyPair(), now);
  const tsa = await initializeTSA(keyPair("P-384"), now);
  const fulcio = fulcioHandler(ca);
  const timestamps = tsaHandler(tsa);
  const entries = new Map<string, string>();

  const handlers: Record<string, Handler> = {
    [sigstorePaths.fulcio]: async (body) => replyOf(await fulcio.fn(body.toString())),
    [sigstorePaths.timestamps]: async (query) =>
      replyOf(
        await timestamps.fn(
          JSON.stringify({ artifactHash: query.subarray(-32).toString("base64"), hashAlgorithm: "sha256" }),
        ),
      ),
    // Each entry once, as the real one holds them, which reads the signature as well.
    [sigstorePaths.rekor]: async (body) => {
      const entry = canonicalEntry(JSON.parse(body.toString()));
      if (entry === undefined) return { status: 400, body: '{"code":400,"message":"signature is invalid"}' };
      const uuid = createHash("sha256").update(JSON.stringify(entry)).digest("hex");
      const location = `${sigstorePaths.rekor}/${uuid}`;
      if (entries.has(location)) return { status: 409, body: '{"message":"exists"}', location };
      entries.set(location, JSON.stringify(await log.log(entry)));
      return { status: 201, body: entries.get(location) ?? "" };
    },
  };

  const requests: string[] = [];
  const instead: Sigstore["instead"] = new Map();
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = "" } = request;
    const body = await buffer(request);
    requests.push(`${method} ${url}`);
    const replaced = instead.get(url)?.shift();
    const happened =
      replaced === undefined || replaced.happens ? await handle(handlers, entries, url, body) : undefined;
    const reply = replaced ?? happened;
    response.writeHead(reply?.status ?? 404, {
      "content-type": "application/json",
      ...replaced?.headers,
      ...(replaced === undefined && happened?.location !== undefined ? { location: happened.location } : {}),
    });
    response.end(reply?.body ?? "");
  });
  const listening = await listenOnLoopback(server);
  const authority = (...certificates: ArrayBufferView[]) => ({
    certChain: { certificates: certificates.map((each) => ({ rawBytes: base64(each) })) },
    validFor: { start: "2000-01-01T00:00:00Z" },
  });
  const logOf = (publicKey: Buffer, keyId: ArrayBufferView, baseUrl: string) => ({
    baseUrl,
    hashAlgorithm: HashAlgorithm[HashAlgorithm.SHA2_256],
    publicKey: {
      rawBytes: base64(publicKey),
      keyDetails: PublicKeyDetails[PublicKeyDetails.PKIX_ECDSA_P256_SHA_256],
      validFor: { start: "2000-01-01T00:00:00Z" },
    },
    logId: { keyId: base64(keyId) },
  });
  const root = TrustedRoot.fromJSON({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    certificateAuthorities: [authority(ca.rootCertificate)],
    timestampAuthorities: [authority(tsa.intCertificate, tsa.rootCertificate)],
    tlogs: [
      logOf(log.publicKey, createHash("sha256").update(log.publicKey).digest(), "https://rekor.example"),
    ],
    ctlogs: [logOf(ctLog.publicKey, ctLog.logID, "https://ctfe.example")],
  });
  return {
    ...listening,
    url: `http://${listening.address}`,
    trustRoot: Buffer.from(JSON.stringify(TrustedRoot.toJSON(root))),
    requests,
    instead,
  };
}

/** A token as an issuer would sign it; nobody here looks at its signature. */
export function identityToken(claims: Record<string, unknown>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ alg: "RS256" }), part(claims), "c2lnbmF0dXJlLW9mLXRoZS1pc3N1ZXI"].join(".");
}

async function handle(
  handlers: Record<string, Handler>,
  entries: ReadonlyMap<string, string>,
  url: string,
  body: Buffer,
): Promise<Reply | undefined> {
  const stored = entries.get(url);
  return stored === undefined ? handlers[url]?.(body) : { status: 200, body: stored };
}

/** What Rekor keeps of a proposed entry of the kind dsse. */
function canonicalEntry(proposal: {
  spec: { proposedContent: { envelope: string; verifiers: string[] } };
}): object | undefined {
  const { envelope, verifiers } = proposal.spec.proposedContent;
  const { payload, payloadType, signatures } = JSON.parse(envelope);
  const content = Buffer.from(payload, "base64");
  const verifier = verifiers[0] ?? "";
  const key = Buffer.from(verifier, "base64").toString();
  const signature = signatures[0].sig as string;
  const signed = dsse.preAuthEncoding(payloadType, content);
  if (!verify(undefined, signed, key, Buffer.from(signature, "base64"))) return undefined;
  const hash = (bytes: string | Buffer) => ({
    algorithm: "sha256",
    value: createHash("sha256").update(bytes).digest("hex"),
  });
  return {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: hash(envelope),
      payloadHash: hash(content),
      signatures: [{ signature, verifier }],
    },
  };
}

function replyOf({
  statusCode,
  response,
}: {
  statusCode: number;
  response: string | ArrayBufferView;
}): Reply {
  return {
    status: statusCode,
    body: typeof response === "string" ? response : bytesOf(response),
  };
}

function keyPair(namedCurve = "P-256") {
  return generateKeyPairSync("ec", { namedCurve });
}

function bytesOf({ buffer: memory, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(memory as ArrayBuffer, byteOffset, byteLength);
}

function base64(bytes: ArrayBufferView): string {
  return bytesOf(bytes).toString("base64");
}
