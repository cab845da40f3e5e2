import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signedDocument, unsignedDocument } from "../../src/attest/document.js";
import type { ImageDocuments } from "../../src/attest/image.js";
import { bundleMediaType } from "../../src/attest/signature/bundle.js";
import { createSigner, type Signer } from "../../src/attest/signature/signer.js";
import { predicateTypes, statementAbout, subjectOf } from "../../src/attest/statement.js";
import {
  parseSignaturePolicy,
  readAttachedSbom,
  type SignedBy,
  verifyDocuments,
} from "../../src/attest/verification.js";
import { buildAttachment } from "../../src/oci/attachment.js";
import type { Repository } from "../../src/registry/reference.js";
import { pushAttachments } from "../../src/registry/referrers.js";
import { publishRelease } from "../../src/release/publish.js";
import { directFetch, makeClient, noWait, seed } from "../support/client.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { makePublication } from "../support/publication.js";
import { makeReleasedImage } from "../support/released-image.js";
import { makeSigningKey } from "../support/signing-key.js";
import { identityToken, type Sigstore, startSigstore } from "../support/sigstore.js";
import { messageThrownBy } from "../support/thrown.js";

const client = makeClient();
const image = await makeReleasedImage("program");
const { descriptor } = image.packed.index;
const [platform] = image.packed.variants;
const issuer = "https://token.actions.githubusercontent.com";
const workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3";

const [own, other] = [makeSigningKey(), makeSigningKey()];
const delivery = { fetch: directFetch, sleep: noWait };
const keySigner = ({ pem }: typeof own) => createSigner({ kind: "key", pem }, {}, delivery, Date.now);

let sigstore: Sigstore;
let registry: MemoryRegistry;
let used = 0;

beforeAll(async () => {
  [sigstore, registry] = await Promise.all([startSigstore(), startMemoryRegistry({ referrers: true })]);
});
afterAll(async () => {
  await sigstore.stop();
  await registry.stop();
});

const repository = (): Repository => ({ registry: registry.address, path: `acme/app-${used++}` });

async function release(at: Repository, signer?: Signer): Promise<void> {
  const documents: ImageDocuments = {
    name: "acme/app",
    sbom: ["spdx"],
    provenance: async () => ({ parameters: {}, materials: [], startedOn: 0 }),
    ...(signer === undefined ? {} : { signer: async () => signer }),
  };
  await publishRelease([{ ...makePublication([at], image), documents }]);
}

const verify = async (at: Repository, signedBy: SignedBy, digest = descriptor.digest) =>
  verifyDocuments(client, at, digest, await parseSignaturePolicy(signedBy));

describe("the documents of an image", () => {
  it("are verified with the key that signed them", async () => {
    const at = repository();
    await release(at, await keySigner(own));
    const found = await verify(at, { signer: own.publicPem });
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(["provenance", "signature"]);
    expect(found[0]?.signer.kind).toBe("key");
    const ofPlatform = await verify(at, { signer: own.publicPem }, platform?.descriptor.digest);
    expect(ofPlatform.map(({ kind }) => kind)).toEqual(["spdx"]);
  });

  it("are verified by the identity that a certificate has", async () => {
    const at = repository();
    const token = identityToken({ iss: issuer, sub: workflow, aud: "sigstore", exp: 4_000_000_000 });
    const means = { kind: "identity", token, fulcio: sigstore.url } as const;
    await release(at, await createSigner(means, { rekor: sigstore.url }, delivery, Date.now));
    const trustedRoot = sigstore.trustRoot;
    expect(await verify(at, { signer: workflow, trustedRoot })).toMatchObject([
      { signer: { identity: workflow, issuer }, signedAt: expect.any(Date) },
      { signer: { identity: workflow, issuer } },
    ]);
    const stranger = "https://github.com/evil/app/.github/workflows/release.yml@refs/tags/v1.2.3";
    const message = await messageThrownBy(() => verify(at, { signer: stranger, trustedRoot }));
    expect(message).toContain("no signature holds.");
    expect(message).toContain(`expected one by ${stranger}`);
    expect(await messageThrownBy(() => verify(at, { signer: workflow }))).toContain("no signature holds.");
  });

  it("of nobody are said to be nobody's", async () => {
    const at = repository();
    await release(at);
    expect(await messageThrownBy(() => verify(at, { signer: own.publicPem }))).toBe(
      `${at.registry}/${at.path}@${descriptor.digest}: nothing that is signed is attached to it. Publish it again with a key or an identity token, or do not use it.`,
    );
  });

  it.each<[string, () => Promise<Buffer>]>([
    ["signed by somebody else", async () => (await keySigner(other)).sign(about(descriptor.digest))],
    ["about another image", async () => (await keySigner(own)).sign(about(`sha256:${"0".repeat(64)}`))],
    ["that is no bundle", async () => Buffer.from("{}")],
    ["that is no JSON", async () => Buffer.from("\x00".repeat(1000))],
    ["whose timestamp is none", () => changed((material) => timestamped(material, ["AAAA"]))],
    [
      "with timestamps without end",
      () => changed((material) => timestamped(material, Array(2000).fill("AAAA"))),
    ],
    [
      "whose certificate is none",
      () =>
        changed((material) =>
          Object.assign(material, { publicKey: undefined, certificate: { rawBytes: "AAAA" } }),
        ),
    ],
    [
      "whose payload was exchanged",
      async () => {
        const bundle = JSON.parse((await (await keySigner(own)).sign(about(descriptor.digest))).toString());
        bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(about(descriptor.digest))).toString(
          "base64",
        );
        bundle.dsseEnvelope.payload = Buffer.from(
          JSON.stringify({ ...about(descriptor.digest), predicate: { builder: "evil" } }),
        ).toString("base64");
        return Buffer.from(JSON.stringify(bundle));
      },
    ],
  ])("do not hold where there is one %s, and hold beside it", async (_, make) => {
    const at = repository();
    await seed(at, image.packed, "1.2.3");
    await pushAttachments(client, at, [
      buildAttachment(descriptor, signedDocument("signature", await make())),
    ]);
    expect(await messageThrownBy(() => verify(at, { signer: own.publicPem }))).toContain(
      "no signature holds.",
    );
    const good = await (await keySigner(own)).sign(about(descriptor.digest));
    await pushAttachments(client, at, [buildAttachment(descriptor, signedDocument("signature", good))]);
    expect(await verify(at, { signer: own.publicPem })).toHaveLength(1);
  });

  it("hold beside one that is listed and gone", async () => {
    const at = repository();
    await seed(at, image.packed, "1.2.3");
    const good = buildAttachment(
      descriptor,
      signedDocument("signature", await (await keySigner(own)).sign(about(descriptor.digest))),
    );
    const gone = buildAttachment(descriptor, signedDocument("signature", Buffer.from("gone")));
    await client.putManifest(at, gone.manifest.descriptor.digest, gone.manifest);
    await pushAttachments(client, at, [good]);
    expect(await verify(at, { signer: own.publicPem })).toHaveLength(1);
  });

  it("are signed by the next release beside what somebody else attached under their names", async () => {
    const at = repository();
    await seed(at, image.packed, "1.2.3");
    const foreign = await (await keySigner(own)).sign(about(`sha256:${"0".repeat(64)}`));
    await pushAttachments(client, at, [
      buildAttachment(descriptor, signedDocument("signature", foreign)),
      buildAttachment(descriptor, signedDocument("provenance", Buffer.from("{}"))),
    ]);
    await release(at, await keySigner(own));
    expect(await verify(at, { signer: own.publicPem })).toHaveLength(2);
  });
});

type Material = Record<string, unknown>;

const timestamped = (material: Material, texts: readonly string[]) =>
  Object.assign(material, {
    timestampVerificationData: {
      rfc3161Timestamps: texts.map((signedTimestamp) => ({ signedTimestamp })),
    },
  });

/** A good bundle, with something else beside its signature. */
async function changed(change: (material: Material) => void): Promise<Buffer> {
  const bundle = JSON.parse((await (await keySigner(own)).sign(about(descriptor.digest))).toString());
  change(bundle.verificationMaterial);
  return Buffer.from(JSON.stringify(bundle));
}

const about = (digest: string) =>
  statementAbout([subjectOf("acme/app", digest)], predicateTypes.signature, {});

it("says of many signatures that do not hold what is wrong with ten, and how many more there are", async () => {
  const at = repository();
  await seed(at, image.packed, "1.2.3");
  const broken = Array.from({ length: 25 }, (_, number) =>
    buildAttachment(descriptor, signedDocument("signature", Buffer.from(`{"number":${number}}`))),
  );
  await pushAttachments(client, at, broken);
  const message = await messageThrownBy(() => verify(at, { signer: own.publicPem }));
  expect(message.split("\n")).toHaveLength(12);
  expect(message).toMatch(/\n15 more do not hold\.$/);
});

describe("the SBOM of a platform", () => {
  const read = async (at: Repository, signedBy?: SignedBy) =>
    readAttachedSbom(
      client,
      at,
      platform?.descriptor.digest ?? "",
      signedBy && (await parseSignaturePolicy(signedBy)),
    );

  it.each([true, false])("says what is in it, signed: %s", async (isSigned) => {
    const at = repository();
    await release(at, isSigned ? await keySigner(own) : undefined);
    const sbom = await read(at);
    expect(sbom).toMatchObject({ spdxVersion: "SPDX-2.3", name: `acme/app@${platform?.descriptor.digest}` });
    expect(JSON.stringify(sbom)).toContain('"fileName":"./app"');
    if (isSigned) expect(await read(at, { signer: own.publicPem })).toEqual(sbom);
  });

  it("is none that somebody else signed, or nobody", async () => {
    const at = repository();
    await release(at);
    expect(await messageThrownBy(() => read(at, { signer: own.publicPem }))).toContain(
      "nothing that is signed is attached to it",
    );
    await release(at, await keySigner(other));
    expect(await messageThrownBy(() => read(at, { signer: own.publicPem }))).toContain("no signature holds.");
  });

  it("is said to be missing where there is none", async () => {
    const at = repository();
    await seed(at, image.packed, "1.2.3");
    expect(await messageThrownBy(() => read(at))).toContain(
      "no SBOM is attached to it. Publish it again with attest.sbom in slipway.json, which attaches one.",
    );
    const statement = unsignedDocument("provenance", about(descriptor.digest));
    if (platform && statement)
      await pushAttachments(client, at, [buildAttachment(platform.descriptor, statement)]);
    expect(await messageThrownBy(() => read(at))).toContain("no SBOM is attached to it.");
    if (platform)
      await pushAttachments(client, at, [
        buildAttachment(platform.descriptor, {
          mediaType: bundleMediaType,
          bytes: Buffer.from("{}"),
          annotations: {},
        }),
      ]);
    expect(await messageThrownBy(() => read(at))).toContain("no SBOM is attached to it.");
  });
});
