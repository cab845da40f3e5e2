import { InputError } from "../errors.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";

/** Names in tags, by platform, in place of the usual ones. */
export type PlatformNames = Readonly<Record<string, string>>;

// As Go, Docker and GoReleaser name what an image runs on, with their variants: arm64v8, arm32v7, i386.
const architecture =
  "(?:amd64|arm64|arm32|arm|i?386|ppc64le|riscv64|s390x|loong64|mips64le|x86_64|aarch64)(?:v[0-9]+)?";
const ending = new RegExp(`^(.+?)-(?:(?:linux|windows|darwin|freebsd)-)?${architecture}$`);

/** Parses names of platforms: each once, and each a part of a tag. */
export function parsePlatformNames(
  given: Readonly<Record<string, string>>,
  subject = "names",
): PlatformNames {
  const names = Object.entries(given).map(([platform, name]) => [
    formatPlatform(parsePlatform(platform)),
    name,
  ]);
  const distinct = new Set(names.map(([, name]) => name));
  if (distinct.size === names.length && [...distinct].every((name = "") => /^[A-Za-z0-9._-]+$/.test(name)))
    return Object.fromEntries(names);
  throw new InputError({
    subject,
    expected: 'platforms with a name each, as in {"linux/arm64": "arm64v8"}',
    given,
  });
}

/** The tag of one platform beside the tag of all: `1.2.3-arm64`, `1.2.3-armv7`. */
export function platformTag(tag: string, platform: string, names: PlatformNames = {}): string {
  return `${tag}-${names[platform] ?? usualName(platform)}`;
}

/** The tag of all platforms beside which a tag of one platform stands; undefined where it is none. */
export function tagOfAll(tag: string, names: PlatformNames = {}): string | undefined {
  const named = Object.values(names).find((name) => tag.endsWith(`-${name}`));
  return named === undefined ? ending.exec(tag)?.[1] : tag.slice(0, -named.length - 1);
}

function usualName(platform: string): string {
  const { os, architecture, variant = "" } = parsePlatform(platform);
  return `${os === "linux" ? "" : `${os}-`}${architecture}${variant}`;
}
