import { InputError } from "../errors.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";

/** Names of platforms in tags, in place of the usual ones. */
export type ArchNames = Readonly<Record<string, string>>;

/**
 * What {arch} can become, as the source of a regular expression: machines as Go, Docker, GoReleaser and uname name
 * them, with their variants. No other name is taken, since a tag that ends in one has to be told from a pre-release.
 */
export const archSource =
  "(?:(?:linux|windows|darwin|freebsd)-)?(?:amd64|arm64|arm32|arm|i?386|x86_64|aarch64|ppc64le|riscv64|s390x|loong64|mips64le)(?:v[0-9]+)?";

const name = new RegExp(`^${archSource}$`);
const ending = new RegExp(`^(.+?)-${archSource}$`);

/** Parses names of platforms, each once. */
export function parseArchNames(given: Readonly<Record<string, string>>, subject = "names"): ArchNames {
  const names = Object.entries(given).map(([platform, arch]) => [
    formatPlatform(parsePlatform(platform)),
    arch,
  ]);
  if (Object.values(given).every((arch) => name.test(arch))) return Object.fromEntries(names);
  throw new InputError({
    subject,
    expected: 'platforms with the name of a machine each, as in {"linux/arm64": "arm64v8"}',
    given,
  });
}

/** What a platform is called in tags: `arm64`, `armv7`. */
export function archOf(platform: string, names: ArchNames = {}): string {
  const { os, architecture, variant = "" } = parsePlatform(platform);
  return names[platform] ?? `${os === "linux" ? "" : `${os}-`}${architecture}${variant}`;
}

/** What a tag is without the machine at its end; undefined where it ends in none. */
export function withoutArch(tag: string): string | undefined {
  return ending.exec(tag)?.[1];
}
