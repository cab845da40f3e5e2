/** OCI operating systems by the spellings of compilers. */
const systems = new Map([
  ["linux", "linux"],
  ["darwin", "darwin"],
  ["macos", "darwin"],
  ["windows", "windows"],
  ["freebsd", "freebsd"],
  ["netbsd", "netbsd"],
  ["openbsd", "openbsd"],
]);

/** OCI architectures, with their variant, by the spellings of compilers and operating systems. */
const architectures = new Map([
  ["amd64", "amd64"],
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["x64", "amd64"],
  ["arm64", "arm64"],
  ["aarch64", "arm64"],
  ["arm64v8", "arm64"],
  ["arm", "arm"],
  ["armv5", "arm/v5"],
  ["armv6", "arm/v6"],
  ["armv6l", "arm/v6"],
  ["armel", "arm/v6"],
  ["arm/v5", "arm/v5"],
  ["arm/v6", "arm/v6"],
  ["arm/v7", "arm/v7"],
  ["armv7", "arm/v7"],
  ["armv7l", "arm/v7"],
  ["armhf", "arm/v7"],
  ["386", "386"],
  ["i386", "386"],
  ["i586", "386"],
  ["i686", "386"],
  ["ppc64le", "ppc64le"],
  ["powerpc64le", "ppc64le"],
  ["riscv64", "riscv64"],
  ["riscv64gc", "riscv64"],
  ["s390x", "s390x"],
  ["loong64", "loong64"],
  ["loongarch64", "loong64"],
]);

/**
 * Variants by Go's feature level (GOAMD64, GOARM64, GOARM, …). What every machine of the architecture can do is no
 * variant; a level that is not listed is one of its own, since not every machine runs it.
 */
const variants = new Map([
  ["amd64 v1", ""],
  ["arm64 v8.0", ""],
  ["arm64 v9.0", "/v9"],
  ["arm 5", "/v5"],
  ["arm 6", "/v6"],
  ["arm 7", "/v7"],
  ["386 sse2", ""],
  ["386 softfloat", ""],
  ["ppc64le power8", ""],
  ["riscv64 rva20u64", ""],
]);

// The longest first, since a regular expression takes the first alternative that fits.
const alternatives = (spellings: ReadonlyMap<string, string>) =>
  [...spellings.keys()].toSorted((a, b) => b.length - a.length).join("|");

const level = "v[0-9](?:\\.[0-9])?|[5-7]|sse2|softfloat|power[0-9]+|rva[0-9]+u64";
const abi = "(?:gnu|musl|eabi|uclibc|msvc)[a-z0-9]*";

/** An operating system in any known spelling, as the source of a regular expression. */
export const systemSource = `(?:${alternatives(systems)})`;

/** An architecture in any known spelling, with the feature level that GoReleaser's folders append to it. */
export const architectureSource = `(?:${alternatives(architectures)})(?:_(?:${level}))?`;

/** A target as Rust (`x86_64-unknown-linux-musl`), Zig (`aarch64-linux`) and Bun (`bun-linux-x64`) name it. */
export const targetSource = `(?:${[
  `(?:${alternatives(architectures)})(?:-[a-z0-9]+)??-${systemSource}(?:-${abi})?`,
  `bun-${systemSource}-(?:${alternatives(architectures)})(?:-(?:musl|glibc|baseline|modern))*`,
].join("|")})`;

/** The platform of a system and an architecture in known spellings; undefined where one is not known. */
export function platformOf(system: string, architecture: string, feature = ""): string | undefined {
  const os = systems.get(system.toLowerCase());
  const [, spelling = "", appended = ""] = spelledArchitecture.exec(architecture.toLowerCase()) ?? [];
  const known = architectures.get(spelling);
  if (os === undefined || known === undefined) return undefined;
  return `${os}/${known}${variantOf(known, feature || appended)}`;
}

/** The platform of a target; undefined where no part of it is a known system or architecture. */
export function platformOfTarget(target: string): string | undefined {
  const parts = target.toLowerCase().split("-");
  const system = parts.find((part) => systems.has(part));
  const architecture = parts.find((part) => architectures.has(part));
  return system === undefined || architecture === undefined ? undefined : platformOf(system, architecture);
}

const spelledArchitecture = new RegExp(`^(${alternatives(architectures)})(?:_(${level}))?$`);

function variantOf(architecture: string, feature: string): string {
  // GOARM may name the kind of floating point as well: 7,hardfloat.
  const name = feature.replace(/,.*$/, "");
  return name === "" ? "" : (variants.get(`${architecture} ${name}`) ?? `/${name}`);
}
