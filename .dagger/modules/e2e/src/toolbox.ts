import { type Container, type Directory, dag } from "@dagger.io/dagger";

/** Programs of the tests, built by the Go of the base image, so that the tests need no other image. */
export function goToolbox(baseImage: string): Container {
  return dag
    .container()
    .from(baseImage)
    .withMountedCache("/go/pkg/mod", dag.cacheVolume("slipway-e2e-go-mod"))
    .withMountedCache("/root/.cache/go-build", dag.cacheVolume("slipway-e2e-go-build"));
}

/** Output of a command. */
export function outputOf(container: Container, command: string): Promise<string> {
  return container.withExec(["sh", "-euc", command]).stdout();
}

/** A project as a fresh clone would be: committed, tagged, with a remote. */
export function asRepository(toolbox: Container, project: Directory, tag: string): Directory {
  const git = (...args: string[]) => [
    "git",
    "-c",
    "user.name=e2e",
    "-c",
    "user.email=e2e@example.com",
    ...args,
  ];
  return toolbox
    .withDirectory("/project", project)
    .withWorkdir("/project")
    .withExec(git("init", "--quiet", "--initial-branch=main"))
    .withExec(git("remote", "add", "origin", "https://example.com/acme/hello.git"))
    .withExec(git("add", "--all"))
    .withExec(git("commit", "--quiet", "--message=e2e"))
    .withExec(git("tag", tag))
    .directory("/project");
}
