import { compareBuild, parse } from "semver";

/** A version by Semantic Versioning 2.0.0. */
export interface Version {
  /** As the specification writes it: `1.2.3`, `0.0.1-test`, `1.2.3+build.5`. */
  text: string;
  /** Major, minor and patch. */
  numbers: readonly [major: string, minor: string, patch: string];
  /** The identifiers after the hyphen; none in a stable version. */
  preRelease: readonly string[];
  /** The identifiers after the plus sign. */
  build: readonly string[];
}

/** Parses `X.Y.Z`, `X.Y.Z-pre` or either with `+build`; undefined where the text is no version. */
export function parseVersion(text: string): Version | undefined {
  const parsed = parse(text);
  if (parsed === null) return undefined;
  const { version, major, minor, patch, prerelease, build } = parsed;
  // The parser also takes a leading v or =, and white space around.
  if (text !== [version, build.join(".")].join(build.length > 0 ? "+" : "")) return undefined;
  return {
    text,
    numbers: [String(major), String(minor), String(patch)],
    preRelease: prerelease.map(String),
    build: [...build],
  };
}

/** The version in a name with or without a v. */
export function versionIn(name: string): Version | undefined {
  return parseVersion(name.replace(/^v/, ""));
}

export function isStable({ preRelease }: Version): boolean {
  return preRelease.length === 0;
}

/**
 * Precedence by section 11 of the specification: negative where `a` is lower. What it calls equal is ordered by its
 * build metadata, so that 0 means the same version.
 */
export function compareVersions(a: Version, b: Version): number {
  return compareBuild(a.text, b.text);
}
