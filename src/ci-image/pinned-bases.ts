import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Directory } from "@dagger.io/dagger";
import type { BuildTarget } from "../dockerfile/build-arguments.js";
import { parseDockerfile } from "../dockerfile/dockerfile.js";
import { pinText } from "../dockerfile/pinned-text.js";
import { writeBuildContext } from "../engine.js";
import { SlipwayError } from "../errors.js";
import { parseReference } from "../registry/reference.js";
import type { PinnedBase } from "./build-args.js";
import type { CiImageFiles } from "./files.js";

/**
 * The build context whose Dockerfile starts from the bases that the identity of the image names. The engine keeps what it
 * has built of a context, and goes on giving it where a tag has moved since.
 */
export async function pinnedContext(
  { directory, content }: CiImageFiles,
  dockerfile: string,
  bases: readonly PinnedBase[],
  target: BuildTarget,
): Promise<Directory> {
  const text = content.get(dockerfile)?.toString("utf8") ?? "";
  const pinned = pinBases(text, dockerfile, bases, target);
  if (pinned === text) return directory;
  return writeBuildContext(async (context) => {
    await directory.export(context);
    await writeFile(join(context, dockerfile), pinned);
  });
}

/** A Dockerfile with its bases by digest; one that cannot be read in all its parts stays as it is, for the engine to build. */
export function pinBases(
  text: string,
  name: string,
  bases: readonly PinnedBase[],
  target: BuildTarget,
): string {
  const digests = bases.flatMap(({ wanted, pinned }): [string, string][] => {
    const { digest } = parseReference(pinned, "base image");
    return digest === undefined ? [] : [[wanted, digest]];
  });
  try {
    return pinText(text, parseDockerfile(text, name), target, new Map(digests));
  } catch (error) {
    if (error instanceof SlipwayError) return text;
    throw error;
  }
}
