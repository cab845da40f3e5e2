import type { Container } from "@dagger.io/dagger";
import type { Check } from "./check.js";
import { checkStaticBuild } from "./static-build.js";
import { checkVersions, type ExpectedVersions } from "./versions.js";

/** A CI image to verify, and what it claims to be. */
export interface CiImageClaim {
  /** Built already: a build that fails is no failed check. */
  container: Container;
  /** The platform that the image was asked for. */
  platform: string;
  versions: ExpectedVersions;
}

/**
 * Verifies a CI image from the inside: every version as the tool itself states it, and a static build that then
 * runs in an empty container. A tool that is absent or crashes is a failed check; only an engine that cannot be
 * reached is an error.
 */
export async function verifyCiImage({ container, platform, versions }: CiImageClaim): Promise<Check[]> {
  const checks = await Promise.all([
    checkVersions(container, versions),
    checkStaticBuild(container, platform),
  ]);
  return checks.flat();
}
