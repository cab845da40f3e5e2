import type { Container, Directory } from "@dagger.io/dagger";
import { readCheckout, releaseTag } from "./checkout.js";
import { cachedGoContainer, type GoProject, goContainer, MODULE_CACHE_PATH, SOURCE_PATH } from "./project.js";

/** Which version GoReleaser builds, and what it trusts. */
export interface BuildOptions {
  /** The version of the tag of the commit; else a snapshot, from any state of the source. */
  release: boolean;
  /** The tag of a release, where the commit has several. */
  tag?: string | undefined;
  /** Takes nothing from caches that other jobs write, as a release never does: for a snapshot that is published. */
  isolated: boolean;
}

/** From any state of the source, with what jobs of the engine share. */
export const snapshot: BuildOptions = { release: false, isolated: false };

/** The `dist` directory of `goreleaser build`, with the binaries of every platform it is configured for. */
export async function build(project: GoProject, options: BuildOptions): Promise<Directory> {
  const { container, tag } = await buildContainer(project, options);
  const built =
    tag === undefined
      ? container.withExec(["goreleaser", "build", "--clean", "--snapshot"])
      : container.withEnvVariable("GORELEASER_CURRENT_TAG", tag).withExec(["goreleaser", "build", "--clean"]);
  return built.directory(`${SOURCE_PATH}/dist`);
}

/** What a build runs in. */
export interface BuildSetting {
  container: Container;
  /** The tag whose version it makes; a snapshot has none. */
  tag?: string;
}

/** What a build runs in, and the tag whose version it makes; a snapshot has none. */
export async function buildContainer(
  project: GoProject,
  { release, tag, isolated }: BuildOptions,
): Promise<BuildSetting> {
  if (!release) return { container: isolated ? isolatedContainer(project) : cachedGoContainer(project) };
  const checkout = await readCheckout(goContainer(project));
  return { container: isolatedContainer(project), tag: releaseTag(checkout, tag) };
}

/**
 * The container of what is published trusts no cache that another job could write to, as that of a pull request
 * can where engines are shared: nothing compiled is taken from a volume, and a module cache that was passed in
 * has to match its own hashes, which Go then holds against go.sum.
 */
function isolatedContainer(project: GoProject): Container {
  const container = goContainer(project);
  if (project.moduleCache === undefined) return container;
  return container
    .withMountedDirectory(MODULE_CACHE_PATH, project.moduleCache)
    .withExec(["go", "mod", "verify"]);
}
