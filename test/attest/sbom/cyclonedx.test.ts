import { describe, expect, it } from "vitest";
import { formatCycloneDx } from "../../../src/attest/sbom/cyclonedx.js";
import type { Inventory } from "../../../src/attest/sbom/package.js";
import { inventory, packageWith, subject } from "../../support/inventory.js";

interface CycloneDx {
  serialNumber: string;
  metadata: { component: { "bom-ref": string } };
  components: { "bom-ref": string; type: string; licenses?: unknown }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

const empty: Inventory = { packages: [], files: [], remarks: [] };

const describeImage = async (given: Partial<Inventory>, about = subject) =>
  (await formatCycloneDx({ ...empty, ...given }, about)) as CycloneDx;

describe("formatCycloneDx", () => {
  it("says what the document is, the same of the same image", async () => {
    const text = JSON.stringify(await describeImage(inventory));
    expect(JSON.stringify(await describeImage(structuredClone(inventory)))).toBe(text);
    expect(JSON.parse(text)).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: {
        timestamp: "2026-01-01T00:00:00Z",
        component: { type: "container", name: subject.name, version: subject.digest },
      },
      properties: [
        { name: "slipway:remark", value: "/x: is too large to be read." },
        { name: "slipway:remark", value: "/y: is too large to be read." },
      ],
    });
  });

  it("has a serial number of its image", async () => {
    const { serialNumber } = await describeImage({});
    expect(serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const other = await describeImage({}, { ...subject, digest: `sha256:${"cd".repeat(32)}` });
    expect(other.serialNumber).not.toBe(serialNumber);
  });

  it("describes distribution, packages and files by what is known of them", async () => {
    const { components } = await describeImage({ ...inventory, packages: inventory.packages.slice(0, 2) });
    expect(components).toMatchObject([
      { type: "operating-system", name: "alpine", version: "3.23.0", description: "Alpine Linux v3.23" },
      {
        type: "library",
        name: "a",
        version: "1.0.0",
        purl: "pkg:npm/a@1.0.0",
        licenses: [{ expression: "MIT" }],
        supplier: { name: "A. Person <a@x.example>" },
        hashes: [{ alg: "SHA-256", content: "cd".repeat(32) }],
      },
      {
        type: "library",
        properties: [
          { name: "slipway:type", value: "npm" },
          { name: "slipway:found-in", value: "/b.json" },
        ],
      },
      {
        type: "file",
        name: "/a.json",
        hashes: [
          { alg: "SHA-1", content: "22".repeat(20) },
          { alg: "SHA-256", content: "11".repeat(32) },
        ],
      },
      { type: "file", name: "/é \u0007/b" },
    ]);
    expect(components[2]).not.toHaveProperty("licenses");
  });

  it("says no version of a distribution that has none", async () => {
    const { components } = await describeImage({ distribution: { id: "wolfi", version: "", name: "Wolfi" } });
    expect(components[0]).not.toHaveProperty("version");
  });

  it("says that the image depends on all that is in it, by references that differ", async () => {
    const { metadata, components, dependencies } = await describeImage(inventory);
    const references = components.map((component) => component["bom-ref"]);
    expect(references).toHaveLength(6);
    expect(new Set([...references, subject.digest]).size).toBe(references.length + 1);
    expect(dependencies).toEqual([{ ref: metadata.component["bom-ref"], dependsOn: references }]);
  });

  it.each<[string, object]>([
    ["MIT OR ISC", { expression: "MIT OR ISC" }],
    ["LicenseRef-own", { expression: "LicenseRef-own" }],
    ["my own", { license: { name: "my own" } }],
  ])("says the licence %s", async (license, expected) => {
    const { components } = await describeImage({ packages: [packageWith({ license })] });
    expect(components[0]?.licenses).toEqual([expected]);
  });
});
