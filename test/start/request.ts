import { join } from "node:path";
import { lockfileNames } from "../../src/attest/sbom/evidence.js";
import type { ReleaseSettings } from "../../src/config.js";
import { Phases } from "../../src/phases.js";
import { RegistryClient } from "../../src/registry/client.js";
import type { ClientSettings } from "../../src/registry/connection.js";
import { assembleRelease } from "../../src/release/assemble.js";
import { chooseDockerfile, type ReadTexts } from "../../src/release/dockerfile-choice.js";
import { documentsOf } from "../../src/release/documents.js";
import type { Target } from "../../src/release/plan.js";
import type { ImageRequest, ReleaseRequest } from "../../src/release/release.js";
import { stageRelease } from "../../src/release/stage.js";
import type { Signing } from "../../src/signing.js";
import { readManualRef, readRef, type Trigger } from "../../src/tags/ref.js";
import { requestTags } from "../../src/tags/request.js";
import { root } from "../support/root.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { now } from "./clock.js";
import { type Project, readText } from "./project.js";

/** Where a release goes, through what, and who signs it. */
export interface Destination {
  settings: ClientSettings;
  targetsOf: (image: ReleaseSettings, trigger: Trigger) => readonly Target[];
  signing: Signing;
}

/** What a call gives beside the ref. */
export interface Options {
  /** The only tag of a run by hand. */
  as?: string;
  /** Seconds since 1970. */
  sourceDateEpoch?: number;
}

/** Assembles all images of a project, to be planned or released. */
export async function requestRelease(
  project: Project,
  { settings, targetsOf, signing }: Destination,
  { as, sourceDateEpoch = 0 }: Options = {},
): Promise<ReleaseRequest> {
  const { directory, binaries, ref, revision } = project;
  const { release } = project.settings;
  const client = new RegistryClient(settings);
  const phases = new Phases(now);
  const rules = { ...release, preRelease: true };
  const trigger = as === undefined ? readRef(ref, rules) : readManualRef(ref, as, rules);
  const documented = {
    project,
    signing,
    module: async () => undefined,
    lockfiles: () => readLockfiles(directory),
  };
  const call = {
    name: "release",
    arguments: { ref, revision, as, sourceDateEpoch },
    startedOn: Date.now(),
  } as const;
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
    const built = await phases.during("assembly", () => assembleRelease(staged, { client, sourceDateEpoch }));
    images.push({
      ...built,
      name: image.name,
      tags: requestTags(description),
      targets: targetsOf(image, trigger),
      documents: documentsOf(documented, call, description, built),
    });
  }
  return { client, phases, images, firstPublish: false, skipPush: false, signing };
}

async function readLockfiles(directory: string): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(
    lockfileNames.map(async (name) => [name, await readText(join(directory, name))] as const),
  );
  return new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
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
