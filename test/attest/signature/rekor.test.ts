import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseBundle } from "../../../src/attest/signature/bundle.js";
import { isEntryOf } from "../../../src/attest/signature/rekor.js";
import { createSigner, type Signer } from "../../../src/attest/signature/signer.js";
import { predicateTypes, statementAbout, subjectOf } from "../../../src/attest/statement.js";
import { directFetch, noWait } from "../../support/client.js";
import { makeSigningKey } from "../../support/signing-key.js";
import { type Sigstore, sigstorePaths, startSigstore } from "../../support/sigstore.js";
import { messageThrownBy } from "../../support/thrown.js";

const statement = (hex: string) =>
  statementAbout([subjectOf("acme/app", `sha256:${hex.repeat(64)}`)], predicateTypes.signature, {});
const { pem } = makeSigningKey();

let sigstore: Sigstore;
let signer: Signer;

beforeAll(async () => {
  sigstore = await startSigstore();
  const delivery = { fetch: directFetch, sleep: noWait };
  signer = await createSigner({ kind: "key", pem }, { rekor: sigstore.url }, delivery, Date.now);
});
afterAll(() => sigstore.stop());

const signed = async (hex: string) => parseBundle(await signer.sign(statement(hex)));
const entryIn = ({ bundle }: Awaited<ReturnType<typeof signed>>) => {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  if (entry === undefined) throw new Error("The bundle has no entry.");
  return entry;
};

describe("an entry of a log", () => {
  it("is of the signature that was entered, and of no other", async () => {
    const [one, other] = [await signed("1"), await signed("2")];
    expect(isEntryOf(entryIn(one), one)).toBe(true);
    expect(isEntryOf(entryIn(one), other)).toBe(false);
    expect(isEntryOf(entryIn(one), { ...one, payload: other.payload })).toBe(false);
    expect(isEntryOf(entryIn(one), { ...one, signature: other.signature })).toBe(false);
    expect(isEntryOf({ canonicalizedBody: Buffer.from("{}") }, one)).toBe(false);
  });

  it("of another signature is refused, and makes no bundle the signer's", async () => {
    const other = entryIn(await signed("2"));
    const body = Buffer.from(other.canonicalizedBody).toString("base64");
    const proof = { checkpoint: "c", hashes: [], logIndex: 0, rootHash: "00", treeSize: 1 };
    const answer = {
      body,
      integratedTime: 1,
      logID: "00",
      logIndex: 0,
      verification: { inclusionProof: proof },
    };
    sigstore.instead.set(sigstorePaths.rekor, [{ status: 201, body: JSON.stringify({ uuid: answer }) }]);
    expect(await messageThrownBy(() => signer.sign(statement("1")))).toContain(
      "the answer is the entry of another signature",
    );
    const bundle = JSON.parse((await signer.sign(statement("1"))).toString());
    expect(await signer.isSignedBy(Buffer.from(JSON.stringify(bundle)))).toBe(true);
    bundle.verificationMaterial.tlogEntries[0].canonicalizedBody = body;
    expect(await signer.isSignedBy(Buffer.from(JSON.stringify(bundle)))).toBe(false);
  });
});
