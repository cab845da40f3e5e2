import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Inventory } from "../../../src/attest/sbom/package.js";
import { formatSpdx } from "../../../src/attest/sbom/spdx.js";
import { inventory, packageWith, subject } from "../../support/inventory.js";

interface SpdxElement {
  SPDXID: string;
  [field: string]: unknown;
}

interface SpdxDocument extends SpdxElement {
  creationInfo: { created: string };
  packages: SpdxElement[];
  files: SpdxElement[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
  hasExtractedLicensingInfos?: { licenseId: string; extractedText: string }[];
}

const empty: Inventory = { packages: [], files: [], remarks: [] };

const describeImage = async (given: Partial<Inventory>, about = subject) =>
  (await formatSpdx({ ...empty, ...given }, about)) as SpdxDocument;

describe("formatSpdx", () => {
  it("says what the document is, the same of the same image", async () => {
    const text = JSON.stringify(await describeImage(inventory));
    expect(JSON.stringify(await describeImage(structuredClone(inventory)))).toBe(text);
    expect(JSON.parse(text)).toMatchObject({
      spdxVersion: "SPDX-2.3",
      dataLicense: "CC0-1.0",
      SPDXID: "SPDXRef-DOCUMENT",
      documentNamespace: expect.stringMatching(
        `^https://spdx\\.org/spdxdocs/slipway-\\d+\\.\\d+\\.\\d+-${subject.digest.slice("sha256:".length)}$`,
      ),
      comment: "/x: is too large to be read.\n/y: is too large to be read.",
      creationInfo: {
        created: "2026-01-01T00:00:00Z",
        creators: [expect.stringMatching(/^Tool: slipway-\d+\.\d+\.\d+$/)],
      },
    });
  });

  it.each<[string, number, string]>([
    ["before 1970", -1, "1970-01-01T00:00:00Z"],
    ["of a fraction", 1.5, "1970-01-01T00:00:01Z"],
    ["of a year of five digits", 1e12, "9999-12-31T23:59:59Z"],
    ["that no date has", Number.MAX_SAFE_INTEGER, "9999-12-31T23:59:59Z"],
  ])("says a time %s as SPDX has it", async (_, created, expected) => {
    expect((await describeImage({}, { ...subject, created })).creationInfo.created).toBe(expected);
  });

  it("describes the image, of which the files are analyzed", async () => {
    const { packages, relationships } = await describeImage(inventory);
    expect(relationships[0]).toEqual({
      spdxElementId: "SPDXRef-DOCUMENT",
      relationshipType: "DESCRIBES",
      relatedSpdxElement: "SPDXRef-Image",
    });
    expect(packages[0]).toMatchObject({
      SPDXID: "SPDXRef-Image",
      primaryPackagePurpose: "CONTAINER",
      checksums: [{ algorithm: "SHA256", checksumValue: "ab".repeat(32) }],
      filesAnalyzed: true,
      // The sums of the files, in their order.
      packageVerificationCode: {
        packageVerificationCodeValue: createHash("sha1")
          .update("11".repeat(20) + "22".repeat(20))
          .digest("hex"),
      },
    });
  });

  it("describes the distribution", async () => {
    const { packages, relationships } = await describeImage(inventory);
    expect(packages[1]).toMatchObject({
      SPDXID: "SPDXRef-OperatingSystem",
      name: "alpine",
      versionInfo: "3.23.0",
      primaryPackagePurpose: "OPERATING_SYSTEM",
    });
    expect(relationships).toContainEqual({
      spdxElementId: "SPDXRef-Image",
      relationshipType: "CONTAINS",
      relatedSpdxElement: "SPDXRef-OperatingSystem",
    });
  });

  it("describes a package by what is known of it", async () => {
    const { packages } = await describeImage({ packages: inventory.packages.slice(0, 2) });
    expect(packages.slice(1)).toMatchObject([
      {
        name: "a",
        versionInfo: "1.0.0",
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        licenseConcluded: "NOASSERTION",
        licenseDeclared: "MIT",
        supplier: "Organization: A. Person (a@x.example)",
        checksums: [{ algorithm: "SHA256", checksumValue: "cd".repeat(32) }],
        externalRefs: [
          {
            referenceCategory: "PACKAGE-MANAGER",
            referenceType: "purl",
            referenceLocator: "pkg:npm/a@1.0.0",
          },
        ],
      },
      { licenseDeclared: "NOASSERTION", sourceInfo: "found in /b.json" },
    ]);
    expect(packages[2]).not.toHaveProperty("supplier");
  });

  it("describes a file by its sums", async () => {
    expect((await describeImage(inventory)).files[0]).toMatchObject({
      fileName: "./a.json",
      checksums: [
        { algorithm: "SHA1", checksumValue: "22".repeat(20) },
        { algorithm: "SHA256", checksumValue: "11".repeat(32) },
      ],
    });
  });

  it("says which file a package was found in, where the image has it", async () => {
    const { packages, files, relationships } = await describeImage(inventory);
    const found = relationships.filter(({ relationshipType }) => relationshipType === "OTHER");
    const file = files[0]?.SPDXID;
    expect(found).toEqual(
      [packages[2], packages[4]].map((each) => ({
        spdxElementId: each?.SPDXID,
        relationshipType: "OTHER",
        relatedSpdxElement: file,
        comment: "The file says that the package is there.",
      })),
    );
  });

  it("relates what it describes, by identifiers that are valid and differ", async () => {
    const { packages, files, relationships } = await describeImage(inventory);
    const ids = [...packages, ...files].map(({ SPDXID }) => SPDXID);
    expect(ids).toHaveLength(7);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    for (const { relatedSpdxElement } of relationships) expect(ids).toContain(relatedSpdxElement);
  });

  const none: string[] = [];
  const ofText = /^LicenseRef-[0-9a-f]{32}$/;
  it.each<[string, string | RegExp, string[]]>([
    ["MIT", "MIT", none],
    ["(MIT OR Apache-2.0) AND ISC", "(MIT OR Apache-2.0) AND ISC", none],
    ["GPL-2.0-only with Linux-syscall-note", "GPL-2.0-only WITH Linux-syscall-note", none],
    ["MIT and BSD-2-Clause or ISC", "MIT AND BSD-2-Clause OR ISC", none],
    ["LicenseRef-own OR MIT", "LicenseRef-own OR MIT", ["NOASSERTION"]],
    ["DocumentRef-x:LicenseRef-y", ofText, ["DocumentRef-x:LicenseRef-y"]],
    ["SEE LICENSE IN x", ofText, ["SEE LICENSE IN x"]],
    ["MIT,  BSD", ofText, ["MIT, BSD"]],
    ["NOASSERTION", ofText, ["NOASSERTION"]],
    ["(".repeat(1000), ofText, ["(".repeat(1000)]],
  ])("declares the licence %s", async (license, declared, texts) => {
    const described = await describeImage({ packages: [packageWith({ license })] });
    const extracted = described.hasExtractedLicensingInfos ?? [];
    const licenseDeclared = String(described.packages[1]?.licenseDeclared);
    expect(licenseDeclared).toEqual(declared instanceof RegExp ? expect.stringMatching(declared) : declared);
    expect(extracted.map(({ extractedText }) => extractedText)).toEqual(texts);
    for (const { licenseId } of extracted) expect(licenseDeclared).toContain(licenseId);
  });

  it("says a text of a licence once", async () => {
    const license = "my own";
    const packages = [packageWith({ license }), packageWith({ name: "b", license })];
    expect((await describeImage({ packages })).hasExtractedLicensingInfos).toHaveLength(1);
  });

  it("says nothing of what is not there", async () => {
    const described = await describeImage({});
    expect(described).not.toHaveProperty("comment");
    expect(described).not.toHaveProperty("hasExtractedLicensingInfos");
    expect(described.packages).toHaveLength(1);
  });
});
