import type { Container, Directory } from "@dagger.io/dagger";
import { readCheckout, releaseTag } from "./checkout.js";
import { cachedGoContainer, type GoProject, goContainer, MODULE_CACHE_PATH, SOURCE_PATH } from "./project.js";

/** Which version GoReleaser builds. */
export interface BuildOptions {
  /** The version of the tag of the commit; else a snapshot, from any state of the source. */
  release: boolean;
  /** The tag of a release, where the commit has several. */
  tag?: string | undefined;
}

/** The `dist` directory of `goreleaser build`, with the binaries of every platform it is configured for. */
export async function build(project: GoProject, { release, tag }: BuildOptions): Promise<Directory> {
  const container = release
    ? (await releaseContainer(project, tag)).withExec(["goreleaser", "build", "--clean"])
    : cachedGoContainer(project).withExec(["goreleaser", "build", "--clean", "--snapshot"]);
  return container.directory(`${SOURCE_PATH}/dist`);
}

/**
 * A release trusts no cache that another job could write to: nothing compiled is taken from a volume, and a
 * module cache that was passed in has to match its own hashes, which Go then holds against go.sum.
 */
async function releaseContainer(project: GoProject, tag: string | undefined): Promise<Container> {
  const container = goContainer(project);
  const pinned = container.withEnvVariable(
    "GORELEASER_CURRENT_TAG",
    releaseTag(await readCheckout(container), tag),
  );
  if (project.moduleCache === undefined) return pinned;
  return pinned
    .withMountedDirectory(MODULE_CACHE_PATH, project.moduleCache)
    .withExec(["go", "mod", "verify"]);
}
