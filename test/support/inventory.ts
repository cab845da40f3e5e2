import type { Inventory, Package, SbomSubject } from "../../src/attest/sbom/package.js";

/** An image with little in it. */
export const subject: SbomSubject = {
  name: "registry.example/Team/App",
  digest: `sha256:${"ab".repeat(32)}`,
  platform: "linux/arm64/v8",
  created: 1_767_225_600,
};

/** A package of npm that something says of a licence. */
export function packageWith(fields: Partial<Package> = {}): Package {
  const { name = "a" } = fields;
  return {
    type: "npm",
    name,
    version: "1.0.0",
    purl: `pkg:npm/${name}@1.0.0`,
    foundIn: "/a.json",
    ...fields,
  };
}

/** What an image holds of everything that can be said. */
export const inventory: Inventory = {
  distribution: { id: "alpine", version: "3.23.0", name: "Alpine Linux v3.23" },
  packages: [
    packageWith({ license: "MIT", supplier: "A. Person <a@x.example>", sha256: "cd".repeat(32) }),
    packageWith({ foundIn: "/b.json" }),
    packageWith({ name: "@s/ü", license: "custom licence" }),
  ],
  files: [
    { path: "/a.json", sha1: "22".repeat(20), sha256: "11".repeat(32), size: 1 },
    { path: "/é \u0007/b", sha1: "11".repeat(20), sha256: "22".repeat(32), size: 0 },
  ],
  remarks: ["/x: is too large to be read.", "/y: is too large to be read."],
};
