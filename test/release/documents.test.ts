import { beforeEach, describe, expect, it } from "vitest";
import type { StatementSigner } from "../../src/attest/attestation.js";
import type { ImageDocuments } from "../../src/attest/image.js";
import { createSigner } from "../../src/attest/signature/signer.js";
import type { Statement } from "../../src/attest/statement.js";
import { SlipwayError } from "../../src/errors.js";
import { type Attachment, buildAttachment } from "../../src/oci/attachment.js";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { Repository } from "../../src/registry/reference.js";
import { pushAttachments, readReferrers } from "../../src/registry/referrers.js";
import { publishRelease } from "../../src/release/publish.js";
import { referrersTagOf, storedManifest } from "../support/artifact.js";
import { directFetch, makeClient, seed } from "../support/client.js";
import { describeRequests, type ProxiedRegistry, writesIn } from "../support/proxied-registry.js";
import { makePublication } from "../support/publication.js";
import { useRegistryPair } from "../support/registry-pair.js";
import { makeReleasedImage } from "../support/released-image.js";
import { makeSigningKey } from "../support/signing-key.js";

const image = await makeReleasedImage("program");
const { index, variants } = image.packed;

let first: ProxiedRegistry;
let second: ProxiedRegistry;

useRegistryPair((...pair) => {
  [first, second] = pair;
});

/** Signs with a key of its own; `signed` are the statements that it was given. */
async function makeSigner(): Promise<StatementSigner & { signed: Statement[] }> {
  const { pem } = makeSigningKey();
  const signer = await createSigner({ kind: "key", pem }, {}, { fetch: directFetch }, () => 0);
  const signed: Statement[] = [];
  return {
    signed,
    sign: (statement) => {
      signed.push(statement);
      return signer.sign(statement);
    },
    isSignedBy: (bundle) => signer.isSignedBy(bundle),
  };
}

let made: number;
beforeEach(() => {
  made = 0;
});

const documentsBy = (signer?: StatementSigner): ImageDocuments => ({
  name: "acme/app",
  sbom: ["spdx"],
  provenance: async () => {
    made += 1;
    return { parameters: { ref: "refs/tags/v1.2.3" }, materials: [], startedOn: made };
  },
  ...(signer === undefined ? {} : { signer: async () => signer }),
});

async function publish(repositories: readonly Repository[], documents?: ImageDocuments) {
  const publication = { ...makePublication(repositories, image), documents };
  return (await publishRelease([publication]))[0] ?? [];
}

const attachedTo = async (repository: Repository) => {
  const client = makeClient();
  const subjects = [index.descriptor.digest, ...variants.map(({ descriptor }) => descriptor.digest)];
  const lists = await Promise.all(subjects.map((subject) => readReferrers(client, repository, subject)));
  return lists.map((list) => list.map(({ artifactType }) => artifactType).toSorted());
};

const spdx = "application/spdx+json";
const statement = "application/vnd.in-toto+json";
const bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

const client = makeClient();
const push = async (at: Repository, attachment: Attachment): Promise<void> => {
  await pushAttachments(client, at, [attachment]);
};
const otherStatement = JSON.stringify({
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "other", digest: { sha256: "0".repeat(64) } }],
  predicateType: "https://slsa.dev/provenance/v1",
  predicate: {},
});

async function gone(at: Repository, attachment: Attachment): Promise<void> {
  await push(at, attachment);
  await client.deleteManifest(at, attachment.manifest.descriptor.digest);
}

async function listOnly(at: Repository, entry: object): Promise<void> {
  const content = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry] };
  await client.putManifest(at, referrersTagOf(index), storedManifest(content, mediaTypes.index));
}

describe("the documents of a release", () => {
  it("are attached before any tag is set: SBOMs to platforms, provenance to the whole", async () => {
    const repository = first.repository();
    const [outcome] = await publish([repository], documentsBy());
    expect(outcome).toMatchObject({
      ok: true,
      attached: [
        { kind: "spdx", platform: "linux/amd64", how: "attached", signed: false },
        { kind: "spdx", platform: "linux/arm64", how: "attached", signed: false },
        { kind: "provenance", how: "attached", signed: false },
      ],
    });
    expect(await attachedTo(first.direct(repository))).toEqual([[statement], [spdx], [spdx]]);
    const writes = writesIn(describeRequests(first.proxy.requests, image.packed));
    expect(writes.slice(-2)).toEqual(["PUT 1.2.3", "PUT latest"]);
    expect(writes.slice(-5, -2)).toEqual(expect.arrayContaining([`PUT ${referrersTagOf(index)}`]));
  });

  it("are none where none are asked for", async () => {
    const repository = first.repository();
    const [outcome] = await publish([repository]);
    expect(outcome).not.toHaveProperty("attached");
    expect(await attachedTo(first.direct(repository))).toEqual([[], [], []]);
  });

  it("are not attached twice, and what a repeat asks is lists and documents", async () => {
    const repository = first.repository();
    await publish([repository], documentsBy());
    first.proxy.clear();
    await publish([repository]);
    const without = first.proxy.requests.length;
    first.proxy.clear();
    const [outcome] = await publish([repository], documentsBy());
    expect(outcome).toMatchObject({
      attached: [{ how: "existed" }, { how: "existed" }, { how: "existed" }],
    });
    expect(writesIn(describeRequests(first.proxy.requests, image.packed))).toEqual([]);
    // This registry has no referrers API: of each list it is asked for both forms. Each document is read, in two requests.
    expect(first.proxy.requests.length - without).toBe(6 + 6);
    expect(made).toBe(1);
  });

  it("are made and signed once, and the same everywhere", async () => {
    const signer = await makeSigner();
    const repositories = [first.repository(), second.repository(), second.repository()];
    const outcomes = await publish(repositories, documentsBy(signer));
    const digests = outcomes.map((outcome) =>
      outcome.ok && "attached" in outcome ? outcome.attached?.map(({ digest }) => digest) : undefined,
    );
    expect(digests[0]).toHaveLength(4);
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
    expect(signer.signed.map(({ predicateType }) => predicateType).toSorted()).toEqual([
      "https://sigstore.dev/cosign/sign/v1",
      "https://slsa.dev/provenance/v1",
      "https://spdx.dev/Document",
      "https://spdx.dev/Document",
    ]);
    expect(await attachedTo(second.direct(repositories[2] as Repository))).toEqual([
      [bundle, bundle],
      [bundle],
      [bundle],
    ]);
  });

  it("say which manifests they are about", async () => {
    const signer = await makeSigner();
    await publish([first.repository()], documentsBy(signer));
    const about = Object.fromEntries(
      signer.signed.map(({ predicateType, subject }) => [
        predicateType,
        subject.map(({ name, digest }) => `${name}@sha256:${digest.sha256}`),
      ]),
    );
    const whole = [index, ...variants].map(({ descriptor }) => `acme/app@${descriptor.digest}`);
    expect(about["https://sigstore.dev/cosign/sign/v1"]).toEqual(whole);
    expect(about["https://slsa.dev/provenance/v1"]).toEqual(whole);
  });

  it("are copied to a repository that is new, from one that has them", async () => {
    const signer = await makeSigner();
    const [old, added] = [first.repository(), second.repository()];
    await publish([old], documentsBy(signer));
    const outcomes = await publish([added, old], documentsBy(signer));
    expect(signer.signed).toHaveLength(4);
    expect(outcomes).toMatchObject([
      { how: "copied", attached: Array(4).fill({ how: "copied", signed: true }) },
      { how: "existed", attached: Array(4).fill({ how: "existed", signed: true }) },
    ]);
    expect(await attachedTo(second.direct(added))).toEqual(await attachedTo(first.direct(old)));
  });

  it("are signed where the first run could not, and for each signer", async () => {
    const repository = first.repository();
    await publish([repository], documentsBy());
    for (const _ of ["one", "another"]) {
      const signer = await makeSigner();
      await publish([repository], documentsBy(signer));
      await publish([repository], documentsBy(signer));
      expect(signer.signed).toHaveLength(4);
    }
    const signed = [bundle, bundle];
    expect(await attachedTo(first.direct(repository))).toEqual([
      [...signed, ...signed, statement].toSorted(),
      [...signed, spdx].toSorted(),
      [...signed, spdx].toSorted(),
    ]);
    const [unsigned] = await publish([repository], documentsBy());
    expect(unsigned).toMatchObject({ attached: Array(3).fill({ how: "existed" }) });
  });

  it("that cannot be signed keep every tag where it is, and the next run completes them", async () => {
    const repositories = [first.repository(), second.repository()];
    const broken: StatementSigner = {
      sign: async () => {
        throw new SlipwayError("the log does not answer");
      },
      isSignedBy: async () => false,
    };
    expect(await publish(repositories, documentsBy(broken))).toMatchObject([
      { ok: false, error: expect.stringContaining("the log does not answer") },
      { ok: false, error: expect.stringContaining("the log does not answer") },
    ]);
    for (const [at, repository] of [
      [first, repositories[0]],
      [second, repositories[1]],
    ] as const)
      expect((await at.tags(repository as Repository)).filter((tag) => !tag.startsWith("sha256-"))).toEqual(
        [],
      );
    expect(await publish(repositories, documentsBy(await makeSigner()))).toMatchObject([
      { ok: true, attached: Array(4).fill({ signed: true }) },
      { ok: true, attached: Array(4).fill({ signed: true }) },
    ]);
  });

  it.each([1, 4, 7, 10])(
    "are completed by the next run where one ends at request %i of theirs",
    async (at) => {
      const repository = first.repository();
      await publish([repository]);
      let asked = 0;
      first.proxy.setFault(({ method }) =>
        method !== "GET" && method !== "HEAD" && asked++ >= at ? { kind: "answer", status: 403 } : undefined,
      );
      expect(await publish([repository], documentsBy())).toMatchObject([{ ok: false }]);
      first.proxy.clear();
      expect(await publish([repository], documentsBy())).toMatchObject([{ ok: true, how: "existed" }]);
      expect(await attachedTo(first.direct(repository))).toEqual([[statement], [spdx], [spdx]]);
    },
  );

  it("are listed again where another publisher's list takes the place of ours before the tags move", async () => {
    const [one, other] = [first.repository(), first.repository()];
    const late: ImageDocuments = {
      ...documentsBy(),
      provenance: async () => {
        const list = await first.tagged(one, referrersTagOf(index));
        await client.deleteManifest(first.direct(one), list ?? "");
        return { parameters: {}, materials: [], startedOn: 0 };
      },
    };
    const outcomes = await publishRelease([
      { ...makePublication([one], image), documents: documentsBy() },
      { ...makePublication([other], image), documents: late },
    ]);
    expect(outcomes.flat()).toMatchObject([{ ok: true }, { ok: true }]);
    expect(await attachedTo(first.direct(one))).toEqual([[statement], [spdx], [spdx]]);
  });

  it("that a registry does not take say how to release without", async () => {
    const repository = first.repository();
    first.proxy.setFault(({ method, path }) =>
      method === "PUT" && path.includes("/manifests/sha256:") && made > 0
        ? { kind: "answer", status: 400, body: '{"errors":[{"code":"MANIFEST_INVALID"}]}' }
        : undefined,
    );
    const [outcome] = await publish([repository], { ...documentsBy(), sbom: [] });
    expect(outcome).toMatchObject({
      ok: false,
      error: expect.stringMatching(
        /answered 400 \(MANIFEST_INVALID\)\..* "attest": \{"sbom": \[\], "provenance": false, "signature": "never"\} in slipway\.json releases without\.$/,
      ),
    });
    expect((await first.tags(repository)).filter((tag) => !tag.startsWith("sha256-"))).toEqual([]);
  });

  const provenance = "https://slsa.dev/provenance/v1";
  const listedAs = (mediaType: string, digest: string) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest,
    size: 100,
    artifactType: mediaType,
    annotations: { "dev.slipway.predicate-type": provenance },
  });
  const document = (mediaType: string, text: string) =>
    buildAttachment(index.descriptor, {
      mediaType,
      bytes: Buffer.from(text),
      annotations: { "dev.slipway.predicate-type": provenance },
    });

  // A clean-up may have removed what is listed, and whoever may push may list anything.
  it.each<[string, boolean, (repository: Repository) => Promise<void>]>([
    ["is listed and gone", false, (at) => gone(at, document(statement, "{}"))],
    ["is listed and gone, signed", true, (at) => gone(at, document(bundle, "{}"))],
    ["is an index", true, (at) => listOnly(at, listedAs(bundle, index.descriptor.digest))],
    ["is of another form", false, (at) => push(at, document("application/x-evil", "{}"))],
    ["is about another image", false, (at) => push(at, document(statement, otherStatement))],
    ["is no bundle", true, (at) => push(at, document(bundle, "{}"))],
    ["is no JSON", true, (at) => push(at, document(bundle, "\x00\x00"))],
  ])("are attached beside what %s", async (_, isSigned, attach) => {
    const repository = first.repository();
    await seed(first.direct(repository), image.packed);
    await attach(first.direct(repository));
    const [outcome] = await publish([repository], documentsBy(isSigned ? await makeSigner() : undefined));
    expect(outcome).toMatchObject({
      ok: true,
      attached: expect.arrayContaining([
        expect.objectContaining({ kind: "provenance", how: "attached", signed: isSigned }),
      ]),
    });
  });
});
