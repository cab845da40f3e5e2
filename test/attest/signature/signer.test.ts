import { createServer } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseBundle } from "../../../src/attest/signature/bundle.js";
import { parseIdentityPolicy } from "../../../src/attest/signature/identity.js";
import { createSigner, type SigningMeans, type Witnesses } from "../../../src/attest/signature/signer.js";
import { parseTrustRoot } from "../../../src/attest/signature/trust-root.js";
import { type SignaturePolicy, verifyBundle } from "../../../src/attest/signature/verify.js";
import { predicateTypes, statementAbout, subjectOf } from "../../../src/attest/statement.js";
import { SigningError } from "../../../src/errors.js";
import type { Fetch } from "../../../src/registry/transport.js";
import { directFetch, noWait } from "../../support/client.js";
import { listenOnLoopback } from "../../support/loopback.js";
import { makeSigningKey } from "../../support/signing-key.js";
import { identityToken, type Sigstore, sigstorePaths, startSigstore } from "../../support/sigstore.js";
import { errorThrownBy, messageThrownBy } from "../../support/thrown.js";

const digest = `sha256:${"ab".repeat(32)}`;
const statement = statementAbout([subjectOf("registry.example/app", digest)], predicateTypes.signature, {});
const issuer = "https://token.actions.githubusercontent.com";
const workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";
const claims = { iss: issuer, sub: workflow, aud: "sigstore", exp: 4_000_000_000 };
const token = identityToken(claims);
const delivery = { fetch: directFetch, sleep: noWait };

const keys = {
  "P-256": makeSigningKey("P-256"),
  Ed25519: makeSigningKey("Ed25519"),
  RSA: makeSigningKey("RSA"),
};

let sigstore: Sigstore;
let nowhere: string;

beforeAll(async () => {
  sigstore = await startSigstore();
  const closed = await listenOnLoopback(createServer());
  nowhere = `http://${closed.address}`;
  await closed.stop();
});

beforeEach(() => {
  sigstore.requests.length = 0;
  sigstore.instead.clear();
});

afterAll(() => sigstore.stop());

const byToken = (more: object = {}): SigningMeans => ({
  kind: "identity",
  token,
  fulcio: sigstore.url,
  ...more,
});
const byKey = (kind: keyof typeof keys = "P-256"): SigningMeans => ({ kind: "key", pem: keys[kind].pem });
const signerOf = (means: SigningMeans, witnesses: Witnesses = {}) =>
  createSigner(means, witnesses, delivery, Date.now);

const log = () => ({ rekor: sigstore.url });
const timestamps = () => ({ timestamps: sigstore.url });
const posts = (...names: (keyof typeof sigstorePaths)[]) =>
  names.map((name) => `POST ${sigstorePaths[name]}`);

describe("a signature by a key", () => {
  it.each([
    ["P-256", {}, []],
    ["Ed25519", {}, []],
    ["RSA", {}, []],
    ["P-256", { rekor: true }, ["rekor"]],
    ["Ed25519", { rekor: true }, ["rekor"]],
    ["RSA", { rekor: true, timestamps: true }, ["rekor", "timestamps"]],
    ["P-256", { timestamps: true }, ["timestamps"]],
  ] as const)("of %s with %j is verified by what others wrote", async (kind, wanted, asked) => {
    const witnesses = Object.fromEntries(Object.keys(wanted).map((name) => [name, sigstore.url]));
    const signer = await signerOf(byKey(kind), witnesses);
    const bundle = await signer.sign(statement);
    expect(sigstore.requests.toSorted()).toEqual(posts(...asked).toSorted());
    const policy: SignaturePolicy = { signer: { kind: "key", pem: keys[kind].publicPem } };
    const alone = await verifyBundle(bundle, policy, digest);
    expect(alone).toEqual({ statement, signer: signer.identity, signedAt: undefined });
    if (!("rekor" in wanted)) return;
    const trustRoot = await parseTrustRoot(sigstore.trustRoot);
    const { signedAt } = await verifyBundle(bundle, { ...policy, trustRoot }, digest);
    expect(Math.abs(Date.now() - Number(signedAt))).toBeLessThan(3_600_000);
  });

  it("is the form that cosign reads: version 0.3, with a hint at the key and without a keyid, which it would compare", async () => {
    const bundle = JSON.parse((await (await signerOf(byKey())).sign(statement)).toString());
    expect(bundle).toMatchObject({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) } },
      dsseEnvelope: {
        payloadType: "application/vnd.in-toto+json",
        signatures: [{ sig: expect.any(String) }],
      },
    });
    expect(bundle.dsseEnvelope.signatures[0]).not.toHaveProperty("keyid");
  });
});

describe("a signature by an identity", () => {
  it.each([
    ["a log", log],
    ["a log and a timestamp", () => ({ ...log(), ...timestamps() })],
  ])("with %s is verified by what others wrote", async (_, witnesses) => {
    const signer = await signerOf(byToken(), witnesses());
    expect(signer.identity).toEqual({ kind: "certificate", identity: workflow, issuer });
    const bundle = await signer.sign(statement);
    const trustRoot = await parseTrustRoot(sigstore.trustRoot);
    const verified = await verifyBundle(bundle, { signer: parseIdentityPolicy(workflow), trustRoot }, digest);
    expect(verified).toMatchObject({ statement, signer: signer.identity, signedAt: expect.any(Date) });
  });

  it("with a timestamp alone is verified by a trusted root without logs", async () => {
    const bundle = await (await signerOf(byToken(), timestamps())).sign(statement);
    const trustRoot = { ...(await parseTrustRoot(sigstore.trustRoot)), tlogs: [] };
    const verified = await verifyBundle(bundle, { signer: parseIdentityPolicy(workflow), trustRoot }, digest);
    expect(verified.signedAt).toEqual(expect.any(Date));
  });

  it("asks for one certificate, however many statements are signed", async () => {
    const signer = await signerOf(byToken(), log());
    await signer.sign(statement);
    await signer.sign({ ...statement, predicate: { a: 1 } });
    expect(sigstore.requests).toEqual(posts("fulcio", "rekor", "rekor"));
  });
});

describe("a certificate that has ended", () => {
  it("signs nothing more", async () => {
    let now = Date.now();
    const signer = await createSigner(byToken(), log(), delivery, () => now);
    await signer.sign(statement);
    now += 3_600_000;
    const message = await messageThrownBy(() => signer.sign(statement));
    expect(message).toMatch(
      /^the certificate of the signer: it was valid until \d{4}-.*Run the release again/,
    );
    expect(sigstore.requests).toEqual(posts("fulcio", "rekor"));
  });
});

describe("what was signed before", () => {
  const other = identityToken({ ...claims, sub: "https://github.com/acme/other" });
  const otherIssuer = identityToken({ ...claims, iss: "https://gitlab.com" });

  it.each([
    ["by the same key", () => [byKey(), {}, byKey(), {}], true],
    ["by another key", () => [byKey(), {}, byKey("Ed25519"), {}], false],
    ["by an identity", () => [byToken(), log(), byKey(), {}], false],
    ["by the same key, with a witness more", () => [byKey(), log(), byKey(), {}], true],
    ["by the same key, without the log", () => [byKey(), {}, byKey(), log()], false],
    ["by the same key, without the timestamp", () => [byKey(), {}, byKey(), timestamps()], false],
    ["by the same identity", () => [byToken(), log(), byToken(), log()], true],
    ["by another identity", () => [byToken({ token: other }), log(), byToken(), log()], false],
    ["under another issuer", () => [byToken({ token: otherIssuer }), log(), byToken(), log()], false],
    ["by a key", () => [byKey(), log(), byToken(), log()], false],
  ] as [string, () => [SigningMeans, Witnesses, SigningMeans, Witnesses], boolean][])(
    "%s",
    async (_, given, expected) => {
      const [before, witnessesBefore, means, witnesses] = given();
      const bundle = await (await signerOf(before, witnessesBefore)).sign(statement);
      expect(await (await signerOf(means, witnesses)).isSignedBy(bundle)).toBe(expected);
    },
  );

  it("by the same name under an authority that anybody may have set up is no such signature", async () => {
    const evil = await startSigstore();
    const bundle = await (await signerOf(byToken({ fulcio: evil.url }), { rekor: evil.url })).sign(statement);
    await evil.stop();
    expect(await (await signerOf(byToken(), log())).isSignedBy(bundle)).toBe(false);
  });

  it.each([
    ["another statement", (json: Json) => change(json, "payload", Buffer.from("{}").toString("base64"))],
    ["another signature", (json: Json) => (json.dsseEnvelope.signatures[0] = { sig: "AAAA" })],
    ["no signature", (json: Json) => (json.dsseEnvelope.signatures = [])],
    ["no content", (json: Json) => Reflect.deleteProperty(json, "dsseEnvelope")],
  ])("with %s is none", async (_, tamper) => {
    const signer = await signerOf(byKey());
    const json = JSON.parse((await signer.sign(statement)).toString());
    tamper(json);
    expect(await signer.isSignedBy(Buffer.from(JSON.stringify(json)))).toBe(false);
  });

  it("is none where it is no bundle", async () => {
    const signer = await signerOf(byKey());
    for (const text of ["", "{}", "[]", "null", "ä"])
      expect(await signer.isSignedBy(Buffer.from(text))).toBe(false);
  });
});

describe("a service that does not do its part", () => {
  const refusal = (status: number, message: string) => ({
    status,
    body: JSON.stringify({ code: 3, message }),
  });

  it.each([
    [
      "Fulcio that refuses the token",
      "fulcio",
      refusal(400, "There was an error processing the identity token"),
      "answered 400 (There was an error processing the identity token). It has to know https://token.actions.githubusercontent.com",
    ],
    ["Fulcio that does not know who asks", "fulcio", refusal(401, "no"), "answered 401 (no). It has to know"],
    [
      "Fulcio that certifies nothing",
      "fulcio",
      { status: 200, body: "{}" },
      "the answer holds no chain of certificates",
    ],
    [
      "Fulcio that answers with a page",
      "fulcio",
      { status: 200, body: "<html>" },
      "the answer holds no chain",
    ],
    [
      "Rekor that refuses",
      "rekor",
      refusal(400, "unsupported"),
      "answered 400 (unsupported). Name a transparency log",
    ],
    ["Rekor that answers something", "rekor", { status: 201, body: "{}" }, "the answer is no entry of a log"],
    [
      "Rekor that knows it and not where",
      "rekor",
      { status: 409 },
      "is 409 and does not say where the entry is",
    ],
    [
      "an authority that refuses",
      "timestamps",
      refusal(403, "not you"),
      "answered 403 (not you). Name a timestamp",
    ],
    [
      "an authority that answers something",
      "timestamps",
      { status: 200, body: "{}" },
      "the answer grants no timestamp of this signature",
    ],
  ] as const)("is one error: %s", async (_, service, answer, expected) => {
    sigstore.instead.set(sigstorePaths[service], [answer]);
    const message = await messageThrownBy(async () =>
      (await signerOf(byToken(), { ...log(), ...timestamps() })).sign(statement),
    );
    expect(message).toContain(expected);
    expect(message).toContain(` at ${sigstore.url}: `);
    expect(message).not.toContain(token);
    expect(message).not.toContain("\n");
  });

  it.each([
    ["Fulcio", () => [byToken({ fulcio: nowhere }), log()]],
    ["Rekor", () => [byToken(), { rekor: nowhere }]],
    ["the timestamp authority", () => [byKey(), { timestamps: nowhere }]],
  ] as [string, () => [SigningMeans, Witnesses]][])("is not there: %s", async (name, given) => {
    const [means, witnesses] = given();
    const error = await errorThrownBy(async () => (await signerOf(means, witnesses)).sign(statement));
    expect(error).toBeInstanceOf(SigningError);
    const { message } = error as Error;
    expect(message).toContain(`${name} at ${nowhere}: the connection was refused.`);
    expect(message).toContain("run the release again, which completes what is missing");
    expect(message).toContain("Gave up after 4 attempts.");
  });

  it.each(Object.values(sigstorePaths))("is asked again where that may help: %s", async (path) => {
    sigstore.instead.set(path, [
      { status: 503 },
      { status: 429, headers: { "retry-after": "1" } },
      { status: 500 },
    ]);
    await (await signerOf(byToken(), { ...log(), ...timestamps() })).sign(statement);
    expect(sigstore.requests.filter((request) => request === `POST ${path}`)).toHaveLength(4);
  });

  it.each(Object.values(sigstorePaths))("is not asked for ever: %s", async (path) => {
    sigstore.instead.set(
      path,
      Array.from({ length: 20 }, () => ({ status: 503 })),
    );
    const message = await messageThrownBy(async () =>
      (await signerOf(byToken(), { ...log(), ...timestamps() })).sign(statement),
    );
    expect(message).toContain("Gave up after 4 attempts.");
  });

  it.each([308, 302])("sends a token nowhere else, as by a %i", async (status) => {
    sigstore.instead.set(sigstorePaths.fulcio, [
      { status, headers: { location: "https://elsewhere.example/" } },
    ]);
    const message = await messageThrownBy(() => signerOf(byToken(), log()));
    expect(message).toContain("a request with a secret is not sent on");
  });

  it("certifies the key of somebody else, and is not believed", async () => {
    let body = "";
    const fetch: Fetch = async (url, init) => {
      const response = await directFetch(url, init);
      body = await response.clone().text();
      return response;
    };
    await createSigner(byToken(), log(), { ...delivery, fetch }, Date.now);
    sigstore.instead.set(sigstorePaths.fulcio, [{ status: 201, body }]);
    const message = await messageThrownBy(() => signerOf(byToken(), log()));
    expect(message).toContain("certifies another key than the one that it was asked for");
  });

  it("finds the entry that it made before the answer was lost", async () => {
    sigstore.instead.set(sigstorePaths.rekor, [{ status: 503, happens: true }]);
    const bundle = await (await signerOf(byToken(), log())).sign(statement);
    expect(sigstore.requests.at(-1)).toMatch(/^GET \/api\/v1\/log\/entries\/[0-9a-f]{64}$/);
    const trustRoot = await parseTrustRoot(sigstore.trustRoot);
    await verifyBundle(bundle, { signer: parseIdentityPolicy(workflow), trustRoot }, digest);
  });
});

describe("a signer that could not sign", () => {
  it.each([
    [
      "an expired token",
      () => [byToken({ token: identityToken({ ...claims, exp: 1 }) }), log()],
      "has not expired",
    ],
    ["a token for somebody else", () => [byToken({ audience: "acme" }), log()], 'for the audience "acme"'],
    ["a key that is none", () => [{ kind: "key", pem: "none" }, {}], "the signing key: expected"],
    [
      "nobody who says when",
      () => [byToken(), {}],
      "expected a transparency log or a timestamp authority, got neither",
    ],
    ["an address that is none", () => [byToken({ fulcio: "fulcio.example" }), log()], "is no URL of HTTP"],
    [
      "an address with a password",
      () => [byToken({ fulcio: "https://a:b@fulcio.example" }), log()],
      "is no URL of HTTP",
    ],
  ] as [string, () => [SigningMeans, Witnesses], string][])(
    "is refused before anything is asked: %s",
    async (_, given, expected) => {
      const [means, witnesses] = given();
      const message = await messageThrownBy(() => signerOf(means, witnesses));
      expect(message).toContain(expected);
      expect(message).not.toContain("a:b");
      expect(sigstore.requests).toEqual([]);
    },
  );
});

describe("the media type of a statement", () => {
  it("is signed as well", async () => {
    const { payload } = await parseBundle(await (await signerOf(byKey())).sign(statement));
    expect(payload.toString()).toContain('"_type":"https://in-toto.io/Statement/v1"');
  });
});

interface Json {
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
}

function change(json: Json, field: "payload", value: string): void {
  json.dsseEnvelope[field] = value;
}
