import { randomUUID } from "node:crypto";
import { type Container, type Directory, dag } from "@dagger.io/dagger";

/** A Go project and what its jobs run with. */
export interface GoProject {
  /** The CI image, with go, git, golangci-lint and GoReleaser on its PATH. */
  image: Container;
  /** The root of the project, with its `.git`. */
  source: Directory;
  /** What `exportModuleCache` gave earlier; where absent, a cache volume of the engine serves. */
  moduleCache?: Directory | undefined;
  /** GOPROXY as `go help goproxy` defines it, `off` for no network; where absent, the image's own. */
  goProxy?: string | undefined;
}

/** Where the source of the project lies in its jobs. */
export const SOURCE_PATH = "/src";

/** GOMODCACHE of all jobs. */
export const MODULE_CACHE_PATH = "/cache/go-mod";

/**
 * The CI image with the source as its working directory and no cache at all. It runs as root, to whom mounts
 * and cache volumes belong. git trusts a source of any owner, which it refuses otherwise; mise trusts what
 * configures it in the source, and nowhere else.
 */
export function goContainer({ image, source, goProxy }: GoProject): Container {
  const container = image
    .withUser("root")
    .withExec(["git", "config", "--system", "--add", "safe.directory", "*"])
    .withDirectory(MODULE_CACHE_PATH, dag.directory())
    .withEnvVariable("GOMODCACHE", MODULE_CACHE_PATH)
    .withEnvVariable("MISE_TRUSTED_CONFIG_PATHS", SOURCE_PATH)
    .withMountedDirectory(SOURCE_PATH, source)
    .withWorkdir(SOURCE_PATH);
  return goProxy === undefined ? container : container.withEnvVariable("GOPROXY", goProxy);
}

/** The container of a job, with its module cache and the build cache that all jobs of an engine share. */
export function cachedGoContainer(project: GoProject): Container {
  return withModules(goContainer(project), project.moduleCache)
    .withMountedCache("/cache/go-build", dag.cacheVolume("slipway-go-build"))
    .withEnvVariable("GOCACHE", "/cache/go-build");
}

/** A container whose next command runs whatever the engine has kept of it: a failure as well, where that is a result. */
export function uncached(container: Container): Container {
  return container.withEnvVariable("SLIPWAY_RUN", randomUUID());
}

/** The one line that a command such as `go env` prints in the container. */
export async function readLine(container: Container, command: string[]): Promise<string> {
  return (await container.withExec(command).stdout()).trim();
}

function withModules(container: Container, moduleCache: Directory | undefined): Container {
  return moduleCache === undefined
    ? container.withMountedCache(MODULE_CACHE_PATH, dag.cacheVolume("slipway-go-mod"))
    : container.withMountedDirectory(MODULE_CACHE_PATH, moduleCache);
}
