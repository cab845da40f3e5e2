import { type Container, dag } from "@dagger.io/dagger";
import { cachedGoContainer, type GoProject, readLine } from "./project.js";

/** The container after `golangci-lint run`: its output and its exit code are the linter's own. */
export async function lint(project: GoProject): Promise<Container> {
  const container = cachedGoContainer(project);
  const [linter, go] = await Promise.all([
    readLine(container, ["golangci-lint", "version", "--short"]),
    readLine(container, ["go", "env", "GOVERSION"]),
  ]);
  // Results of another linter or another Go are never found again, but would be carried along.
  return container
    .withMountedCache("/cache/golangci-lint", dag.cacheVolume(`slipway-golangci-lint-${linter}-${go}`))
    .withEnvVariable("GOLANGCI_LINT_CACHE", "/cache/golangci-lint")
    .withExec(["golangci-lint", "run"]);
}
