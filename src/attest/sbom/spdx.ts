import { createHash } from "node:crypto";
import { slipwayVersion } from "../provenance.js";
import { licenseReader, type ReadLicense } from "./license.js";
import {
  type Distribution,
  type FileRecord,
  type Inventory,
  imagePurl,
  type Package,
  type SbomSubject,
} from "./package.js";
import { nearestTime } from "./time.js";

const unknown = "NOASSERTION";
const document = "SPDXRef-DOCUMENT";
const image = "SPDXRef-Image";

// SPDX has no word for it.
const evident = "The file says that the package is there.";

/** A text of a licence that SPDX does not list. */
interface ExtractedLicense {
  licenseId: string;
  extractedText: string;
  name: string;
}

/**
 * An SBOM as SPDX 2.3 in JSON. The same image gives the same document: its namespace is of the digest, its time that of
 * the image.
 */
export async function formatSpdx(inventory: Inventory, subject: SbomSubject): Promise<object> {
  const { name, digest, platform, created } = subject;
  const readLicense = await licenseReader();
  const extracted = new Map<string, ExtractedLicense>();
  const packages = inventory.packages.map((each) => ({ each, id: packageId(each) }));
  const files = inventory.files.map((file) => ({ file, id: `SPDXRef-File-${hashOf(file.path)}` }));
  const systems = inventory.distribution === undefined ? [] : [describeSystem(inventory.distribution)];
  const fileIds = new Map(files.map(({ file, id }) => [file.path, id]));
  const related = (from: string, type: string, to: string) => ({
    spdxElementId: from,
    relationshipType: type,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: document,
    name: `${name}@${digest}`,
    // The form of whoever has no domain to name (SPDX 2.3, section 6.5); another version may say something else.
    documentNamespace: `https://spdx.org/spdxdocs/slipway-${slipwayVersion()}-${digest.slice("sha256:".length)}`,
    ...(inventory.remarks.length === 0 ? {} : { comment: inventory.remarks.join("\n") }),
    creationInfo: { created: nearestTime(created), creators: [`Tool: slipway-${slipwayVersion()}`] },
    packages: [
      {
        SPDXID: image,
        name,
        versionInfo: digest,
        summary: platform,
        primaryPackagePurpose: "CONTAINER",
        ...unasserted,
        // Only what is analyzed contains files (SPDX 2.3, section 7.8).
        filesAnalyzed: true,
        packageVerificationCode: { packageVerificationCodeValue: verificationCode(inventory.files) },
        checksums: [{ algorithm: "SHA256", checksumValue: digest.slice("sha256:".length) }],
        externalRefs: [purlReference(imagePurl(subject))],
      },
      ...systems,
      ...packages.map(({ each, id }) => describePackage(each, id, readLicense, extracted)),
    ],
    files: files.map(({ file: { path, sha1, sha256 }, id }) => ({
      SPDXID: id,
      fileName: `.${path}`,
      checksums: [
        { algorithm: "SHA1", checksumValue: sha1 },
        { algorithm: "SHA256", checksumValue: sha256 },
      ],
      licenseConcluded: unknown,
      copyrightText: unknown,
    })),
    ...(extracted.size === 0 ? {} : { hasExtractedLicensingInfos: [...extracted.values()] }),
    relationships: [
      related(document, "DESCRIBES", image),
      ...systems.map(({ SPDXID }) => related(image, "CONTAINS", SPDXID)),
      ...packages.map(({ id }) => related(image, "CONTAINS", id)),
      ...files.map(({ id }) => related(image, "CONTAINS", id)),
      ...packages.flatMap(({ each, id }) => {
        const file = fileIds.get(each.foundIn);
        return file === undefined ? [] : [{ ...related(id, "OTHER", file), comment: evident }];
      }),
    ],
  };
}

const unasserted = {
  downloadLocation: unknown,
  filesAnalyzed: false,
  licenseConcluded: unknown,
  licenseDeclared: unknown,
  copyrightText: unknown,
};

function describePackage(
  { name, version, purl, license, supplier, sha256, foundIn }: Package,
  id: string,
  readLicense: ReadLicense,
  extracted: Map<string, ExtractedLicense>,
): object {
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    ...unasserted,
    ...(license === undefined ? {} : { licenseDeclared: declared(license, readLicense, extracted) }),
    ...(supplier === undefined
      ? {}
      : { supplier: `Organization: ${supplier.replace(/ <([^<>]*)>$/, " ($1)")}` }),
    ...(sha256 === undefined ? {} : { checksums: [{ algorithm: "SHA256", checksumValue: sha256 }] }),
    sourceInfo: `found in ${foundIn}`,
    externalRefs: [purlReference(purl)],
  };
}

function declared(given: string, readLicense: ReadLicense, extracted: Map<string, ExtractedLicense>): string {
  const license = readLicense(given);
  if ("expression" in license) {
    for (const licenseId of license.own)
      extracted.set(licenseId, { licenseId, extractedText: unknown, name: licenseId });
    return license.expression;
  }
  const licenseId = `LicenseRef-${hashOf(license.text)}`;
  extracted.set(licenseId, { licenseId, extractedText: license.text, name: license.text });
  return licenseId;
}

function describeSystem({ id, version, name }: Distribution) {
  return {
    SPDXID: "SPDXRef-OperatingSystem",
    name: id,
    ...(version === "" ? {} : { versionInfo: version }),
    summary: name,
    primaryPackagePurpose: "OPERATING_SYSTEM",
    ...unasserted,
  };
}

/** Of all files of a package (SPDX 2.3, section 7.9). */
function verificationCode(files: readonly FileRecord[]): string {
  const sums = files.map(({ sha1 }) => sha1).toSorted();
  return createHash("sha1").update(sums.join("")).digest("hex");
}

function purlReference(purl: string): object {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl };
}

/** Of a package in one file: another one may have the same. */
function packageId({ type, purl, foundIn }: Package): string {
  return `SPDXRef-Package-${type}-${hashOf(`${purl} ${foundIn}`)}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
