import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mediaTypes } from "../../src/oci/manifest.js";
import type { Repository } from "../../src/registry/reference.js";
import { makeClient, seed } from "../support/client.js";
import type { Fault } from "../support/fault-proxy.js";
import { makeImage } from "../support/image.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { startCraneRegistry, startRegistry } from "../support/registry.js";
import { messageThrownBy } from "../support/thrown.js";
import { startTokenIssuer } from "../support/token-issuer.js";

const client = makeClient();
const image = makeImage();
const { digest } = image.index.descriptor;
const [one, two] = ["1", "2"].map((digit) => `sha256:${digit.repeat(64)}`);

let at: ProxiedRegistry;

describe.each([
  ["distribution", startRegistry],
  ["the registry of go-containerregistry", startCraneRegistry],
])("at %s", (_name, start) => {
  beforeAll(async () => {
    at = await startProxiedRegistry(start);
  });
  afterAll(() => at?.stop());

  it("deletes a manifest, and finds it gone", async () => {
    const repository = at.repository();
    await seed(repository, image);
    expect(await client.deleteManifest(repository, digest)).toBe("deleted");
    expect(await client.headManifest(repository, digest)).toBeUndefined();
    expect(await client.deleteManifest(repository, digest)).toBe("absent");
  });

  it("deletes a tag alone, or nothing", async () => {
    const repository = at.repository();
    await seed(repository, image, "a", "b");
    const outcome = await client.deleteTag(repository, "a");
    expect(["deleted", "unsupported"]).toContain(outcome);
    expect(await at.tags(repository)).toEqual(outcome === "deleted" ? ["b"] : ["a", "b"]);
    expect(await client.headManifest(repository, digest)).toBeDefined();
  });

  it("has no referrers API", async () => {
    const repository = at.repository();
    await seed(repository, image);
    expect(await client.listReferrers(repository, digest)).toBeUndefined();
  });
});

describe("at go-containerregistry's, which deletes tags", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry(startCraneRegistry);
  });
  afterAll(() => at?.stop());

  it("tells a tag that was deleted from one that is absent", async () => {
    const repository = at.repository();
    await seed(repository, image, "a");
    expect(await client.deleteTag(repository, "a")).toBe("deleted");
    expect(await client.deleteTag(repository, "a")).toBe("absent");
  });
});

describe("behind a proxy", () => {
  beforeAll(async () => {
    at = await startProxiedRegistry();
  });
  afterAll(() => at?.stop());

  const answering = (fault: Fault) => {
    at.proxy.clear();
    at.proxy.setFault(() => fault);
    return at.repository();
  };

  it.each([400, 405])("takes a %i for a registry that deletes no tags", async (status) => {
    expect(await client.deleteTag(answering({ kind: "answer", status }), "a")).toBe("unsupported");
  });

  it.each([
    [
      405,
      '{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}',
      "the registry answered 405 (UNSUPPORTED: The operation is unsupported). It does not allow deletion: enable it there (in distribution REGISTRY_STORAGE_DELETE_ENABLED=true).",
    ],
    [
      403,
      '{"errors":[{"code":"DENIED"}]}',
      "the registry answered 403 (DENIED). No credentials were given for <registry>: pass --docker-config, or with-registry-auth --address <registry>.",
    ],
    [500, "<html>", "the registry answered 500 (a page of HTML). Gave up after 3 attempts."],
  ])("says what a %i to a deletion means", async (status, body, said) => {
    const repository = answering({ kind: "answer", status, body });
    const message = await messageThrownBy(() => client.deleteManifest(repository, `${one}`));
    expect(message.replaceAll(repository.registry, "<registry>")).toBe(
      `<registry>/${repository.path}: DELETE manifests/${one}: ${said}`,
    );
  });

  it("takes a deletion whose answer was lost for done", async () => {
    const repository = at.repository();
    await seed(at.direct(repository), image);
    let lost = 0;
    at.proxy.setFault(({ method }) =>
      method === "DELETE" && lost++ === 0 ? { kind: "lost-answer" } : undefined,
    );
    expect(await client.deleteManifest(repository, digest)).toBe("absent");
    expect(lost).toBe(2);
  });

  describe("with a referrers API", () => {
    const index = (...digests: (string | undefined)[]) =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.index,
        manifests: digests.map((listed) => ({ mediaType: mediaTypes.manifest, digest: listed, size: 2 })),
      });

    it("follows its pages", async () => {
      const repository = at.repository();
      const target = `/v2/${repository.path}/referrers/${digest}`;
      at.proxy.setFault(({ path }) => {
        if (path === target)
          return {
            kind: "answer",
            status: 200,
            body: index(one),
            headers: { link: `<${target}?p=2>; rel="next"` },
          };
        return path === `${target}?p=2` ? { kind: "answer", status: 200, body: index(two) } : undefined;
      });
      expect(await client.listReferrers(repository, digest)).toMatchObject([
        { digest: one },
        { digest: two },
      ]);
    });

    it.each([index(), '{"schemaVersion":2,"manifests":null}'])("finds none in %s", async (body) => {
      expect(await client.listReferrers(answering({ kind: "answer", status: 200, body }), digest)).toEqual(
        [],
      );
    });

    it.each([400, 404, 405, 406])("is none that answers %i", async (status) => {
      expect(await client.listReferrers(answering({ kind: "answer", status }), digest)).toBeUndefined();
    });

    it.each<[string, Fault, string]>([
      ["an error", { kind: "answer", status: 503 }, "answered 503. Gave up after"],
      ["a refusal", { kind: "answer", status: 403 }, "answered 403."],
      [
        "a page of HTML",
        { kind: "answer", status: 200, body: "<html>" },
        "the answer is not the protocol's JSON.",
      ],
    ])("takes %s for no list of referrers", async (_, fault, said) => {
      const repository = answering(fault);
      expect(await messageThrownBy(() => client.listReferrers(repository, digest))).toContain(said);
    });
  });
});

describe("with token authentication", () => {
  it("asks for the right to delete, and says who lacks it", async () => {
    const path = "acme/app";
    const issuer = await startTokenIssuer({
      users: {
        owner: { password: "secret", grants: { [path]: ["pull", "push", "delete"] } },
        reader: { password: "secret", grants: { [path]: ["pull"] } },
      },
    });
    const registry = await startRegistry({ tokenAuth: issuer });
    try {
      const repository: Repository = { registry: registry.address, path };
      const clientOf = (username: string) =>
        makeClient({
          credentials: new Map([[registry.address, { kind: "password", username, password: "secret" }]]),
          push: [repository],
        });
      const owner = clientOf("owner");
      for (const variant of image.variants)
        for (const blob of [variant.manifest.config, ...variant.manifest.layers])
          await owner.putBlob(repository, blob, () => image.content.open(blob));
      for (const { descriptor, bytes } of image.variants)
        await owner.putManifest(repository, descriptor.digest, { descriptor, bytes });
      await owner.putManifest(repository, "a", image.index);

      const before = issuer.requests.length;
      expect(await messageThrownBy(() => clientOf("reader").deleteManifest(repository, digest))).toContain(
        `Check that the credentials given for ${registry.address} may do this in ${path}.`,
      );
      expect(await clientOf("owner").deleteManifest(repository, digest)).toBe("deleted");
      expect(issuer.requests.slice(before).map(({ user, scopes }) => [user, ...scopes])).toEqual([
        ["reader", `repository:${path}:pull,push,delete`],
        ["owner", `repository:${path}:pull,push,delete`],
      ]);
    } finally {
      await registry.stop();
      await issuer.stop();
    }
  });
});
