import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Directory } from "@dagger.io/dagger";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSigner } from "../../src/attest/signature/signer.js";
import { requireSigned } from "../../src/ci-image/required-signature.js";
import { parseSettings } from "../../src/config.js";
import type { Project } from "../../src/project.js";
import { publishRelease } from "../../src/release/publish.js";
import { directFetch, makeClient } from "../support/client.js";
import { type MemoryRegistry, startMemoryRegistry } from "../support/memory-registry.js";
import { makePublication } from "../support/publication.js";
import { makeReleasedImage } from "../support/released-image.js";
import { makeSigningKey } from "../support/signing-key.js";
import { messageThrownBy } from "../support/thrown.js";

const image = await makeReleasedImage("program");
const { digest } = image.packed.index.descriptor;

const [own, other] = [makeSigningKey(), makeSigningKey()];
let registry: MemoryRegistry;
let reference: string;

beforeAll(async () => {
  registry = await startMemoryRegistry({ referrers: true });
  reference = `${registry.address}/acme/ci:1.2.3`;
  const signer = await createSigner({ kind: "key", pem: own.pem }, {}, { fetch: directFetch }, Date.now);
  const documents = { name: "acme/ci", sbom: [], signer: async () => signer };
  const repository = { registry: registry.address, path: "acme/ci" };
  await publishRelease([{ ...makePublication([repository], image), documents }]);
});
afterAll(() => registry.stop());

/** A source with these files, as the engine exports it. */
function sourceOf(files: Record<string, string>): Directory {
  const exported = async (path: string) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
    return path;
  };
  return { filter: () => ({ export: exported }) } as unknown as Directory;
}

const projectOf = (verify: object | undefined, files: Record<string, string> = {}) =>
  ({
    source: sourceOf(files),
    settings: parseSettings(JSON.stringify({ ciImage: { verify } })),
    client: () => makeClient(),
  }) as unknown as Project;

describe("the signature that a job asks its image for", () => {
  it("is none where the settings ask for none", async () => {
    expect(await requireSigned(projectOf(undefined), reference)).toBe(reference);
  });

  it("leaves the image by its digest", async () => {
    const project = projectOf({ key: "cosign.pub" }, { "cosign.pub": own.publicPem });
    expect(await requireSigned(project, reference)).toBe(`${registry.address}/acme/ci@${digest}`);
  });

  it.each<[string, object, Record<string, string>, string]>([
    ["another key", { key: "cosign.pub" }, { "cosign.pub": other.publicPem }, "no signature holds."],
    [
      "a file that is not there",
      { key: "cosign.pub" },
      {},
      "slipway.json: ciImage.verify: expected a file of the source, got",
    ],
    [
      "somebody in place of a key",
      { signedBy: "https://github.com/acme/app/w.yml@refs/heads/main" },
      {},
      "got one by a key without a certificate",
    ],
  ])("refuses %s", async (_, verify, files, said) => {
    expect(await messageThrownBy(() => requireSigned(projectOf(verify, files), reference))).toContain(said);
  });

  it.each([{}, { signedBy: "a", key: "b" }])("is one of both: %j", (verify) => {
    expect(() => projectOf(verify)).toThrow(/ciImage\.verify: expected either signedBy or key/);
  });
});
