import { type Container, type Directory, dag } from "@dagger.io/dagger";
import { expectEqual, expectMatch } from "./expect.js";

/** What the tests of the examples need. */
export interface Workshop {
  /** All of them, by their names. */
  examples: Directory;
  toolbox: Container;
  /** An example as a repository that carries the tag, with these settings of its release. */
  asSource(example: Directory, release: object, tag: string): Promise<Directory>;
}

/** Programs of a few lines, named as the cross build of the example names its own. */
const crossBuild = `printf 'package main\\nfunc main() { println("probe") }\\n' > main.go
for arch in amd64 arm64; do CGO_ENABLED=0 GOARCH=$arch go build -o dist/probe-linux-$arch main.go; done`;

/** Goes through each example as its README does, and gives what they said. */
export async function tryExamples(workshop: Workshop): Promise<string> {
  const said = [
    await tryGoReleaser(workshop),
    await tryComponent(workshop, "api"),
    await tryComponent(workshop, "worker"),
    await tryPrebuilt(workshop),
    await tryContainerfile(workshop),
  ];
  return said.join("\n");
}

async function tryGoReleaser(workshop: Workshop): Promise<string> {
  const tag = "v1.2.3";
  const slipway = await openExample(workshop, "go-goreleaser", { tag });
  expectMatch("lint", await slipway.lint(), /0 issues/);
  expectMatch("test", await slipway.test(), /ok .*example\.com\/hello/);
  const binaries = slipway.build({ release: true });
  const rehearsed = await slipway.rehearse({ binaries, ref: `refs/tags/${tag}` });
  expectMatch("go-goreleaser", rehearsed, /1\.2\.3 created.*latest created.*second release, 0\.0 MB sent/s);
  return rehearsed;
}

async function tryComponent(workshop: Workshop, component: string): Promise<string> {
  const tag = `${component}/v1.2.3`;
  const slipway = await openExample(workshop, "monorepo", { settings: `${component}/slipway.json`, tag });
  const binaries = slipway.build({ release: true });
  expectEqual(
    "binaries of both components",
    (await binaries.entries()).join(),
    "api-linux-amd64,api-linux-arm64,checksums.txt,worker-linux-amd64,worker-linux-arm64",
  );
  const rehearsed = await slipway.rehearse({ binaries, ref: `refs/tags/${tag}` });
  expectMatch(component, rehearsed, new RegExp(`shop-${component} .*1\\.2\\.3 created.*0\\.0 MB sent`, "s"));
  return rehearsed;
}

async function tryPrebuilt(workshop: Workshop): Promise<string> {
  const slipway = await openExample(workshop, "rust-prebuilt", { tag: "v1.2.3" });
  const binaries = workshop.toolbox
    .withWorkdir("/build/dist")
    .withWorkdir("/build")
    .withExec(["sh", "-euc", crossBuild])
    .directory("dist");
  const rehearsed = await slipway.rehearse({ binaries, ref: "refs/tags/v1.2.3" });
  expectMatch("rust-prebuilt", rehearsed, /1\.2\.3 created.*1\.2 created.*second release, 0\.0 MB sent/s);
  return rehearsed;
}

async function tryContainerfile(workshop: Workshop): Promise<string> {
  // The base of some machines has one platform.
  const release = { platforms: ["linux/amd64"] };
  const slipway = await openExample(workshop, "bun-containerfile", { tag: "v1.2.3", release });
  const rehearsed = await slipway.rehearse({ ref: "refs/tags/v1.2.3" });
  expectMatch("bun-containerfile", rehearsed, /1\.2\.3 created.*second release, 0\.0 MB sent/s);
  return rehearsed;
}

async function openExample(
  { examples, asSource }: Workshop,
  name: string,
  { tag, settings = "slipway.json", release = {} }: { tag: string; settings?: string; release?: object },
) {
  const example = examples.directory(name);
  const own = JSON.parse(await example.file(settings).contents()) as { release: object };
  return dag.slipway({ source: await asSource(example, { ...own.release, ...release }, tag) });
}
