import { type Directory, dag } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { type BuildOptions, build } from "../../src/go/build.js";
import { recordContainer } from "../support/recorded-container.js";

const tags = "sh -c git tag --points-at HEAD || exit 1";

/** The calls of a build, by method. */
async function record(options: Partial<BuildOptions>, moduleCache?: Directory) {
  const { container, calls } = recordContainer({ [tags]: "v1.2.3\n" });
  const project = { image: container, source: dag.directory(), moduleCache };
  await build(project, { release: false, isolated: false, ...options });
  const of = (method: string) => calls.filter(([name]) => name === method).map(([, first]) => first);
  return { volumes: of("withMountedCache"), commands: of("withExec"), mounts: of("withMountedDirectory") };
}

describe("what a build takes from other jobs", () => {
  it.each<[string, Partial<BuildOptions>, string[]]>([
    ["a snapshot, what jobs of the engine share", {}, ["/cache/go-mod", "/cache/go-build"]],
    ["a snapshot for publication, nothing", { isolated: true }, []],
    ["a release, nothing", { release: true }, []],
    ["a release, isolated by name as well, nothing", { release: true, isolated: true }, []],
  ])("is for %s", async (_, options, volumes) => {
    expect((await record(options)).volumes).toEqual(volumes);
  });

  it.each<[string, Partial<BuildOptions>]>([
    ["a snapshot for publication", { isolated: true }],
    ["a release", { release: true }],
  ])("is a module cache that matches its own hashes, for %s", async (_, options) => {
    const { volumes, commands, mounts } = await record(options, dag.directory());
    expect(volumes).toEqual([]);
    expect(mounts).toContain("/cache/go-mod");
    expect(commands.at(-2)).toEqual(["go", "mod", "verify"]);
    expect(commands.at(-1)).toEqual(expect.arrayContaining(["goreleaser", "build"]));
  });
});
