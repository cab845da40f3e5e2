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

interface Component {
  type: string;
  "bom-ref": string;
  name: string;
  [field: string]: unknown;
}

/** An SBOM as CycloneDX 1.6 in JSON. The same image gives the same document: its serial number is of the digest. */
export async function formatCycloneDx(inventory: Inventory, subject: SbomSubject): Promise<object> {
  const { name, digest, platform, created } = subject;
  const readLicense = await licenseReader();
  const { distribution, packages, files, remarks } = inventory;
  const components = [
    ...(distribution === undefined ? [] : [describeSystem(distribution)]),
    ...packages.map((each) => describePackage(each, readLicense)),
    ...files.map(describeFile),
  ];
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(`${slipwayVersion()} ${digest}`)}`,
    version: 1,
    metadata: {
      timestamp: nearestTime(created),
      tools: { components: [{ type: "application", name: "slipway", version: slipwayVersion() }] },
      component: {
        type: "container",
        "bom-ref": digest,
        name,
        version: digest,
        purl: imagePurl(subject),
        properties: [{ name: "slipway:platform", value: platform }],
      },
    },
    components,
    // What is not said to depend on anything is not known to.
    dependencies: [{ ref: digest, dependsOn: components.map((component) => component["bom-ref"]) }],
    ...(remarks.length === 0
      ? {}
      : { properties: remarks.map((value) => ({ name: "slipway:remark", value })) }),
  };
}

function describeSystem({ id, version, name }: Distribution): Component {
  return {
    type: "operating-system",
    "bom-ref": `os:${id}`,
    name: id,
    ...(version === "" ? {} : { version }),
    description: name,
  };
}

function describeFile({ path, sha1, sha256 }: FileRecord): Component {
  return {
    type: "file",
    "bom-ref": `file:${path}`,
    name: path,
    hashes: [
      { alg: "SHA-1", content: sha1 },
      { alg: "SHA-256", content: sha256 },
    ],
  };
}

function describePackage(
  { type, name, version, purl, license, supplier, sha256, foundIn }: Package,
  readLicense: ReadLicense,
): Component {
  return {
    type: "library",
    "bom-ref": `${purl}#${foundIn}`,
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [licenseOf(license, readLicense)] }),
    ...(supplier === undefined ? {} : { supplier: { name: supplier } }),
    ...(sha256 === undefined ? {} : { hashes: [{ alg: "SHA-256", content: sha256 }] }),
    properties: [
      { name: "slipway:type", value: type },
      { name: "slipway:found-in", value: foundIn },
    ],
  };
}

function licenseOf(given: string, readLicense: ReadLicense): object {
  const license = readLicense(given);
  return "expression" in license ? { expression: license.expression } : { license: { name: license.text } };
}

/** Of version 8, which leaves all of its bits to whoever makes it (RFC 9562, section 5.8). */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
