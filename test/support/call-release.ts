import { parseSettings } from "../../src/config.js";
import type { Project } from "../../src/project.js";
import type { RegistryClient } from "../../src/registry/client.js";
import { describeRelease, openPublication } from "../../src/release/input.js";
import { release, releaseOf } from "../../src/release/release.js";
import type { Report } from "../../src/report.js";
import type { ReleasedImage } from "./released-image.js";

/** What a call of `release` is given. */
export interface ReleaseCall {
  client: RegistryClient;
  /** The settings under `release`. */
  settings: object;
  ref: string;
  as?: string | undefined;
  /** Its images, in the order of the settings. */
  built: readonly ReleasedImage[];
}

/** Releases as the command line does with what was built. */
export async function callRelease({ client, settings, ref, as, built }: ReleaseCall): Promise<Report> {
  const project = {
    settings: parseSettings(JSON.stringify({ release: settings })),
    now: () => 0,
    client: () => client,
  } as unknown as Project;
  const publication = openPublication(project, describeRelease(project, { ref, as, preRelease: true }));
  const images = built.map(({ ids, packed }) => ({
    origin: "slipway" as const,
    image: ids,
    remarks: [],
    materials: async () => [],
    pack: async () => packed,
  }));
  return release(releaseOf(publication, images, { firstPublish: false, skipPush: false }));
}
