/** A distribution of Linux, as its os-release names it. */
export interface Distribution {
  id: string;
  version: string;
  /** For people. */
  name: string;
}

/** A package that an image holds. */
export interface Package {
  /** By the types of package URLs. */
  type: "golang" | "apk" | "deb" | "cargo" | "npm";
  name: string;
  version: string;
  /** Package URL. */
  purl: string;
  /** What its source says of the licence, as it says it. */
  license?: string;
  /** Who distributes it. */
  supplier?: string;
  /** SHA-256 of its source in hexadecimal, where it is known by one. */
  sha256?: string;
  /** Path of the file that says so, absolute. */
  foundIn: string;
}

/** A regular file of an image. */
export interface FileRecord {
  /** Absolute. */
  path: string;
  /** SPDX wants it beside the other (2.3, section 8.4). */
  sha1: string;
  sha256: string;
  size: number;
}

/** What one platform of an image holds. */
export interface Inventory {
  distribution?: Distribution;
  /** Each once, by its package URL and where it was found. */
  packages: readonly Package[];
  files: readonly FileRecord[];
  /** What could not be read, a sentence each. */
  remarks: readonly string[];
}

/** What an SBOM is about. */
export interface SbomSubject {
  /** Of the image: a repository. */
  name: string;
  /** Of the platform's manifest: `sha256:…`. */
  digest: string;
  platform: string;
  /** Seconds since 1970. */
  created: number;
}

/** The parts of a package URL. */
export interface PurlParts {
  type: string;
  namespace?: string | undefined;
  name: string;
  version?: string | undefined;
  qualifiers?: Readonly<Record<string, string | undefined>>;
}

// Control characters, those that are not seen, halves of pairs, and what stands for bytes that are no UTF-8.
const unshown = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

/** Whether all of a text is seen, as all of a name is: who reads it must see which package it is. */
export function isShown(text: string): boolean {
  return !unshown.test(text);
}

/** A package URL (package-url specification, "How to build purl string from its components"). */
export function formatPurl({ type, namespace, name, version, qualifiers = {} }: PurlParts): string {
  const path = [...(namespace ?? "").split("/").filter((part) => part !== ""), name].map(encode).join("/");
  const query = Object.entries(qualifiers)
    .flatMap(([key, value]) => (value ? [`${key}=${encode(value)}`] : []))
    .toSorted()
    .join("&");
  return `pkg:${type}/${path}${version ? `@${encode(version)}` : ""}${query === "" ? "" : `?${query}`}`;
}

/** All but letters, digits and `.-_~:` is escaped. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll("%3A", ":")
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** How many packages of a list are not known, as a clause; none where all are. */
export function unknownOf(packages: readonly (Package | undefined)[]): string[] {
  const count = packages.filter((each) => each === undefined).length;
  return count === 0 ? [] : [`packages without a name and a version that can be read, not listed: ${count}`];
}

/** The packages of a list that are known. */
export function knownOf(packages: readonly (Package | undefined)[]): Package[] {
  return packages.filter((each) => each !== undefined);
}

/** The image itself, by the package URL of OCI artifacts. */
export function imagePurl({ name, digest, platform }: SbomSubject): string {
  const [, arch = ""] = platform.split("/");
  return formatPurl({
    type: "oci",
    name: (name.split("/").at(-1) ?? name).toLowerCase(),
    version: digest,
    qualifiers: { arch, repository_url: name },
  });
}
