import { join } from "node:path";
import { type Directory, dag } from "@dagger.io/dagger";
import type { CiImageSettings } from "../config.js";
import { writeBuildContext } from "../engine.js";
import { InputError } from "../errors.js";
import { readIfPresent } from "../files.js";

/** Where the tools that the image installs are pinned. */
export const toolsFile = ".mise/config.toml";

/** Where mise has the checksums of what it downloads for them. */
export const toolsLock = ".mise/mise.lock";

/** Slipway's own Dockerfile, in its module. */
export const ownDockerfile = "Dockerfile.ci";

/** What a CI image is built from: the files, and their content by path. */
export interface CiImageFiles {
  directory: Directory;
  content: ReadonlyMap<string, Buffer>;
}

/** Paths of the files that a CI image is made of, by where they are taken from. */
export interface CiImagePaths {
  /** Slipway's, where the project has none of its own. */
  defaults: readonly string[];
  /** The project's. */
  own: readonly string[];
  /** Those without which there is no image; a lock file is none of them. */
  required: readonly string[];
}

/** Versions and checksums come from one place: those of two projects are no pair. */
export function ciImagePaths(
  { dockerfile, context }: Pick<CiImageSettings, "dockerfile" | "context">,
  hasOwnTools: boolean,
): CiImagePaths {
  const tools = [toolsFile, toolsLock];
  return {
    defaults: hasOwnTools ? [dockerfile] : [dockerfile, ...tools],
    own: [dockerfile, ...(hasOwnTools ? tools : []), ...context],
    required: [dockerfile, toolsFile, ...context],
  };
}

/**
 * The files that the image is made of, and no others, so that no other change of the source causes a build. A
 * project without a Dockerfile or tool versions of its own gets Slipway's.
 */
export async function readCiImageFiles(source: Directory, settings: CiImageSettings): Promise<CiImageFiles> {
  const { defaults, own, required } = ciImagePaths(settings, await source.exists(toolsFile));
  const files = dag
    .currentModule()
    .source()
    .filter({ include: [...defaults] })
    .withDirectory("/", source.filter({ include: [...own] }));
  const content = new Map<string, Buffer>();
  const directory = await writeBuildContext(async (context) => {
    await files.export(context);
    for (const path of new Set([...required, toolsLock])) {
      const bytes = await readIfPresent(join(context, path));
      if (bytes !== undefined) content.set(path, bytes);
      else if (required.includes(path))
        throw new InputError({ subject: path, expected: "a file in the source", given: undefined });
    }
  });
  return { directory, content };
}
