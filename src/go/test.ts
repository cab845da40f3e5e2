import type { Container } from "@dagger.io/dagger";
import { cachedGoContainer, type GoProject, readLine } from "./project.js";

/**
 * The container after `go test ./...`: its output and its exit code are those of go. The race detector is on
 * where the image can build it: it needs cgo, which Go turns off by itself where there is no C compiler.
 */
export async function test(project: GoProject): Promise<Container> {
  const container = cachedGoContainer(project);
  const cgo = await readLine(container, ["go", "env", "CGO_ENABLED"]);
  return container.withExec(["go", "test", ...(cgo === "1" ? ["-race"] : []), "./..."]);
}
