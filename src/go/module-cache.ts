import type { Directory } from "@dagger.io/dagger";
import { type GoProject, goContainer, MODULE_CACHE_PATH, readLine } from "./project.js";

// All that decides which modules are needed, so that other changes of the source repeat no download.
const MODULE_FILES = ["**/go.mod", "**/go.sum", "go.work", "go.work.sum"];
const EARLIER_PATH = "/cache/earlier-go-mod";

/**
 * A GOMODCACHE with the downloads of exactly the modules that go.mod asks for, as a directory for the cache of
 * a CI platform. It holds the archives only: Go unpacks them without the network, they are a fraction of the
 * files, and none of their folders is read-only, so the platform can delete them. What an earlier
 * `moduleCache` holds is checked against go.sum and not downloaded again.
 */
export async function exportModuleCache(project: GoProject): Promise<Directory> {
  const { source, moduleCache } = project;
  let container = goContainer({ ...project, source: source.filter({ include: MODULE_FILES }) });
  if (moduleCache !== undefined) {
    const proxy = await readLine(container, ["go", "env", "GOPROXY"]);
    container = container
      .withMountedDirectory(EARLIER_PATH, moduleCache)
      .withEnvVariable("GOPROXY", `file://${EARLIER_PATH}/cache/download,${proxy}`);
  }
  return container
    .withExec(["go", "mod", "download"])
    .directory(MODULE_CACHE_PATH)
    .filter({ include: ["cache/download"], exclude: ["cache/download/sumdb", "**/*.lock"] });
}
