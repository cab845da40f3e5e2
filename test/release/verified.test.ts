import { afterAll, beforeAll, expect, it } from "vitest";
import { verifyReference } from "../../src/release/verified.js";
import { makeClient, seed } from "../support/client.js";
import { type ProxiedRegistry, startProxiedRegistry } from "../support/proxied-registry.js";
import { makeReleasedImage } from "../support/released-image.js";
import { messageThrownBy } from "../support/thrown.js";

let at: ProxiedRegistry;

beforeAll(async () => {
  at = await startProxiedRegistry();
});
afterAll(() => at?.stop());

it("reports every platform of an image with its image ID", async () => {
  const { ids, packed } = await makeReleasedImage("program");
  const repository = at.repository();
  await seed(repository, packed, "1.2.3");
  const reference = `${repository.registry}/${repository.path}:1.2.3`;
  const { markdown, data, outputs } = await verifyReference(makeClient(), reference);
  const { digest } = packed.index.descriptor;
  expect(markdown).toMatch(`${reference} is whole: ${digest}\n`);
  expect(outputs).toEqual({
    DIGEST: digest,
    IMAGE: `${repository.registry}/${repository.path}@${digest}`,
    PLATFORMS: Object.keys(ids),
  });
  expect(data).toMatchObject({
    reference,
    digest,
    platforms: Object.entries(ids).map(([platform, imageId]) => ({ platform, imageId, layers: 1 })),
  });
});

it.each([
  ["what does not exist", () => `${at.proxy.address}/acme/none:1`, /does not exist \(404\)/],
  [
    "what is no reference",
    () => "ghcr.io/Acme/app",
    /^--reference: expected a repository path in lower case/,
  ],
])("refuses %s", async (_, reference, message) => {
  expect(await messageThrownBy(() => verifyReference(makeClient(), reference()))).toMatch(message);
});
