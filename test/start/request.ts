import { join } from "node:path";
import type { ReleaseSettings } from "../../src/config.js";
import { Phases } from "../../src/phases.js";
import { RegistryClient } from "../../src/registry/client.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import { assembleRelease } from "../../src/release/assemble.js";
import { chooseDockerfile, type ReadTexts } from "../../src/release/dockerfile-choice.js";
import type { Target } from "../../src/release/plan.js";
import type { ImageRequest, ReleaseRequest } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import { readRef, type Trigger } from "../../src/tags/ref.js";
import { requestTags } from "../../src/tags/request.js";
import { root } from "../support/root.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { now } from "./clock.js";
import { type Project, readText } from "./project.js";

/** Where a release goes, and through what. */
export interface Destination {
  settings: ClientSettings;
  targetsOf: (image: ReleaseSettings, trigger: Trigger) => readonly Target[];
}

/** Assembles all images of a project, to be planned or released. */
export async function requestRelease(
  { directory, settings: { release }, binaries, ref, revision }: Project,
  { settings, targetsOf }: Destination,
): Promise<ReleaseRequest> {
  const client = new RegistryClient(settings);
  const phases = new Phases(now);
  const trigger = readRef(ref, { ...release, preRelease: true });
  const images: ImageRequest[] = [];
  for (const image of release.images) {
    const dockerfile = await chooseDockerfile(image.dockerfile, textsIn(directory), textsIn(root));
    const description = { settings: image, trigger, revision };
    const staged = await phases.during("checks", () =>
      stageRelease({
        ...description,
        binaries,
        dockerfile,
        loadSource: async () => directory,
        workspace: makeTemporaryDirectory().path,
      }),
    );
    images.push({
      ...(await phases.during("assembly", () => assembleRelease(staged, { client, sourceDateEpoch: 0 }))),
      name: image.name,
      tags: requestTags(description),
      targets: targetsOf(image, trigger),
    });
  }
  return { client, phases, images, firstPublish: false, skipPush: false };
}

function textsIn(directory: string): ReadTexts {
  return async (paths) => {
    const entries = paths.map(async (path) => {
      const text = await readText(join(directory, path));
      return [path, text === undefined ? undefined : Buffer.from(text)] as const;
    });
    return new Map(await Promise.all(entries));
  };
}
