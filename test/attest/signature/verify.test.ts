import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseIdentityPolicy } from "../../../src/attest/signature/identity.js";
import { createSigner, type SigningMeans, type Witnesses } from "../../../src/attest/signature/signer.js";
import {
  parseTrustRoot,
  publicTrustRoot,
  type TrustedRoot,
} from "../../../src/attest/signature/trust-root.js";
import { type SignaturePolicy, verifyBundle } from "../../../src/attest/signature/verify.js";
import { predicateTypes, statementAbout, subjectOf } from "../../../src/attest/statement.js";
import { VerificationError } from "../../../src/errors.js";
import { directFetch, noWait } from "../../support/client.js";
import { makeSigningKey } from "../../support/signing-key.js";
import { identityToken, type Sigstore, startSigstore } from "../../support/sigstore.js";
import { errorThrownBy, messageThrownBy } from "../../support/thrown.js";

const digest = `sha256:${"ab".repeat(32)}`;
const statement = statementAbout([subjectOf("registry.example/app", digest)], predicateTypes.provenance, {
  buildDefinition: { buildType: "https://example.com/v1" },
});
const issuer = "https://token.actions.githubusercontent.com";
const workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

const [ours, theirs] = [makeSigningKey(), makeSigningKey()];

/** As much of a bundle's JSON as is tampered with here. */
interface Json {
  mediaType: string;
  verificationMaterial: {
    certificate: { rawBytes: string };
    tlogEntries: Entry[];
    timestampVerificationData: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

interface Entry {
  integratedTime: string;
  logIndex: string;
  canonicalizedBody: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: { checkpoint: { envelope: string } };
}

type Parts = { json: Json; entry: Entry; other: Json };

let sigstore: Sigstore;
let evil: Sigstore;
let root: TrustedRoot;
let bundles: Record<"key" | "logged" | "identity" | "other" | "forged", Buffer>;

beforeAll(async () => {
  [sigstore, evil] = await Promise.all([startSigstore(), startSigstore()]);
  root = await parseTrustRoot(sigstore.trustRoot);
  const token = identityToken({ iss: issuer, sub: workflow, aud: "sigstore", exp: 4_000_000_000 });
  const identity = ({ url }: Sigstore): SigningMeans => ({ kind: "identity", token, fulcio: url });
  const key: SigningMeans = { kind: "key", pem: ours.pem };
  const sign = async (means: SigningMeans, witnesses: Witnesses) => {
    const signer = await createSigner(means, witnesses, { fetch: directFetch, sleep: noWait }, Date.now);
    return signer.sign(statement);
  };
  const both = { rekor: sigstore.url, timestamps: sigstore.url };
  bundles = {
    key: await sign(key, {}),
    logged: await sign(key, { rekor: sigstore.url }),
    identity: await sign(identity(sigstore), both),
    other: await sign(identity(sigstore), both),
    forged: await sign(identity(evil), both),
  };
});

afterAll(() => Promise.all([sigstore.stop(), evil.stop()]));

const byIdentity = (more: Partial<TrustedRoot> = {}): SignaturePolicy => ({
  signer: parseIdentityPolicy(workflow),
  trustRoot: { ...root, ...more },
});
const byKey = (keys = ours): SignaturePolicy => ({ signer: { kind: "key", pem: keys.publicPem } });

/** A bundle by an identity, changed. */
function tampered(change: (parts: Parts) => void): Buffer {
  const json: Json = JSON.parse(bundles.identity.toString());
  const entry = json.verificationMaterial.tlogEntries[0] as Entry;
  change({ json, entry, other: JSON.parse(bundles.other.toString()) });
  return Buffer.from(JSON.stringify(json));
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("a bundle", () => {
  it.each([
    ["by a key", "key", () => byKey(), undefined],
    ["by a key, logged, whatever the log says", "logged", () => byKey(), undefined],
    ["by a key, logged", "logged", () => ({ ...byKey(), trustRoot: root }), expect.any(Date)],
    ["by an identity", "identity", () => byIdentity(), expect.any(Date)],
  ] as [string, keyof typeof bundles, () => SignaturePolicy, unknown][])(
    "%s is verified",
    async (_, name, policy, signedAt) => {
      expect(await verifyBundle(bundles[name], policy(), digest)).toMatchObject({ statement, signedAt });
    },
  );

  it.each([
    [
      "by another key",
      "key",
      () => byKey(theirs),
      "the signature is not that of its key over this statement",
    ],
    [
      "without an entry that is asked for",
      "key",
      () => ({ ...byKey(), trustRoot: root }),
      "asks for an entry in a transparency log, and it has none",
    ],
    [
      "by an identity instead of a key",
      "identity",
      () => byKey(),
      `got one by ${workflow} (issuer ${issuer})`,
    ],
    ["by a key instead of an identity", "key", () => byIdentity(), "got one by a key without a certificate"],
    [
      "of an authority that nobody trusts",
      "forged",
      () => byIdentity(),
      "its certificate is of no authority of the trusted root",
    ],
    ["whose log nobody trusts", "identity", () => byIdentity({ tlogs: [] }), "its entry"],
    [
      "whose log of certificates nobody trusts",
      "identity",
      async () => byIdentity({ ctlogs: (await parseTrustRoot(evil.trustRoot)).ctlogs }),
      "its certificate is of no authority",
    ],
    [
      "by another identity",
      "identity",
      () => ({ ...byIdentity(), signer: parseIdentityPolicy("https://github.com/acme/app") }),
      `expected one by https://github.com/acme/app (issuer ${issuer}), got one by ${workflow} (issuer ${issuer})`,
    ],
    [
      "of another issuer",
      "identity",
      () => ({ ...byIdentity(), signer: parseIdentityPolicy(workflow, "https://gitlab.com") }),
      `expected one by ${workflow} (issuer https://gitlab.com), got one by ${workflow} (issuer ${issuer})`,
    ],
  ] as [string, keyof typeof bundles, () => Promise<SignaturePolicy> | SignaturePolicy, string][])(
    "%s is refused",
    async (_, name, policy, expected) => {
      const error = await errorThrownBy(async () => verifyBundle(bundles[name], await policy(), digest));
      expect(error).toBeInstanceOf(VerificationError);
      expect((error as Error).message).toContain(expected);
    },
  );

  it("whose certificate is in no log is refused where the trusted root has one, and taken where it has none", async () => {
    const silent = await startSigstore({ logsCertificates: false });
    const trustRoot = await parseTrustRoot(silent.trustRoot);
    const token = identityToken({ iss: issuer, sub: workflow, aud: "sigstore", exp: 4_000_000_000 });
    const means: SigningMeans = { kind: "identity", token, fulcio: silent.url };
    const delivery = { fetch: directFetch, sleep: noWait };
    const bundle = await (await createSigner(means, { rekor: silent.url }, delivery, Date.now)).sign(
      statement,
    );
    await silent.stop();
    const message = await messageThrownBy(() => verifyBundle(bundle, byIdentity(trustRoot), digest));
    expect(message).toContain("expected 1 SCTs, got 0");
    expect(await verifyBundle(bundle, byIdentity({ ...trustRoot, ctlogs: [] }), digest)).toMatchObject({
      statement,
    });
  });

  it("about another image is refused, and the message names both", async () => {
    const asked = `sha256:${"cd".repeat(32)}`;
    const message = await messageThrownBy(() => verifyBundle(bundles.identity, byIdentity(), asked));
    expect(message).toContain(`expected a statement about ${asked}, got one about ${digest}`);
  });
});

describe("a bundle that was tampered with", () => {
  it.each([
    [
      "the statement",
      ({ json }) => (json.dsseEnvelope.payload = base64(JSON.stringify({ ...statement, predicate: {} }))),
      "its entry in the transparency log is about another signature",
    ],
    [
      "the type of the statement",
      ({ json }) => (json.dsseEnvelope.payloadType = "text/plain"),
      "signs something else than an in-toto statement",
    ],
    [
      "the statement's type",
      ({ json }) =>
        (json.dsseEnvelope.payload = base64(
          JSON.stringify({ ...statement, _type: "https://in-toto.io/Link/v1" }),
        )),
      "signs something else than an in-toto statement",
    ],
    [
      "the signature",
      ({ json }) => (json.dsseEnvelope.signatures = [{ sig: base64("signature") }]),
      "nothing that the trusted root knows says when",
    ],
    [
      "a certificate of a megabyte",
      ({ json }) =>
        (json.verificationMaterial.certificate = { rawBytes: Buffer.alloc(1 << 20).toString("base64") }),
      "has a certificate or timestamp of more bytes than any has",
    ],
    [
      "a timestamp of a megabyte",
      ({ json }) =>
        (json.verificationMaterial.timestampVerificationData = {
          rfc3161Timestamps: [{ signedTimestamp: Buffer.alloc(1 << 20).toString("base64") }],
        }),
      "has a certificate or timestamp of more bytes than any has",
    ],
    [
      "a second signature",
      ({ json, other }) => json.dsseEnvelope.signatures.push(...other.dsseEnvelope.signatures),
      "is no bundle of Sigstore",
    ],
    [
      "the certificate of another signature",
      ({ json, other }) => (json.verificationMaterial.certificate = other.verificationMaterial.certificate),
      "the signature is not that of its key over this statement",
    ],
    [
      "a byte of the certificate",
      ({ json }) =>
        (json.verificationMaterial.certificate.rawBytes = flipped(
          json.verificationMaterial.certificate.rawBytes,
        )),
      "the signature: ",
    ],
    [
      "no entry",
      ({ json }) => (json.verificationMaterial.tlogEntries = []),
      "asks for an entry in a transparency log, and it has none",
    ],
    [
      "the entry of another signature",
      ({ json, other }) => (json.verificationMaterial.tlogEntries = other.verificationMaterial.tlogEntries),
      "its entry in the transparency log is about another signature",
    ],
    [
      "the time of the entry",
      ({ entry }) => (entry.integratedTime = String(Number(entry.integratedTime) + 1)),
      "its entry was not promised by a transparency log",
    ],
    ["the number of the entry", ({ entry }) => (entry.logIndex = "1"), "its entry"],
    [
      "no proof at all",
      ({ entry }) => {
        delete entry.inclusionPromise;
        delete entry.inclusionProof;
      },
      "the signature: ",
    ],
    [
      "the checkpoint of the log",
      ({ entry }) => {
        if (entry.inclusionProof)
          entry.inclusionProof.checkpoint.envelope = entry.inclusionProof.checkpoint.envelope.replace(
            "1",
            "2",
          );
      },
      "its entry is not proven to be in a transparency log",
    ],
    [
      "the timestamp of another signature",
      ({ json, other }) =>
        (json.verificationMaterial.timestampVerificationData =
          other.verificationMaterial.timestampVerificationData),
      "nothing that the trusted root knows says when it was made",
    ],
    ["no form", ({ json }) => (json.mediaType = "application/json"), "is no bundle of Sigstore"],
  ] as [string, (parts: Parts) => unknown, string][])("is refused: %s", async (_, change, expected) => {
    const error = await errorThrownBy(() => verifyBundle(tampered(change), byIdentity(), digest));
    expect(error).toBeInstanceOf(VerificationError);
    expect((error as Error).message).toContain(expected);
  });

  it.each(["", "{}", "[]", "null", '"text"', "ä"])("is none: %s", async (text) => {
    const message = await messageThrownBy(() => verifyBundle(Buffer.from(text), byKey(), digest));
    expect(message).toContain("is no bundle of Sigstore");
  });
});

describe("a trusted root", () => {
  it("is that of the public Sigstore where none is given, which knows none of the authorities here", async () => {
    const trustRoot = await publicTrustRoot();
    expect(trustRoot.tlogs.map(({ baseUrl }) => baseUrl)).toContain("https://rekor.sigstore.dev");
    expect(trustRoot.ctlogs.length).toBeGreaterThan(0);
    const message = await messageThrownBy(() =>
      verifyBundle(bundles.identity, byIdentity(trustRoot), digest),
    );
    expect(message).toContain("the trusted root");
  });

  it.each([
    ["no JSON", "-----BEGIN CERTIFICATE-----", "27 bytes that are no JSON"],
    ["something else", "{}", "JSON that is none"],
    ["a list", "[]", "JSON that is none"],
    ["nothing", "null", "JSON that is none"],
    [
      "a part that is none",
      JSON.stringify({ mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1", tlogs: 1 }),
      "JSON that is none",
    ],
  ])("is refused: %s", async (_, text, expected) => {
    const message = await messageThrownBy(() => parseTrustRoot(Buffer.from(text)));
    expect(message).toContain(expected);
    expect(message).toContain("cosign trusted-root create");
  });
});

function flipped(text: string): string {
  const bytes = Buffer.from(text, "base64");
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes.toString("base64");
}
