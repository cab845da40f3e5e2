import { dag } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/config.js";
import { snapshot } from "../../src/go/build.js";
import { buildPrograms, type Compilation } from "../../src/go/programs.js";
import { recordContainer } from "../support/recorded-container.js";

const commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
const tags = "sh -c git tag --points-at HEAD || exit 1";
const listing = (patterns = "./...", buildTags = "") =>
  `go list -e -tags=${buildTags} -f {{if eq .Name "main"}}{{.ImportPath}}\t{{.Dir}}{{end}} ${patterns}`;

/** What a build asks of its container, where `go list` finds these programs. */
async function record(
  { mains, ...changes }: { mains: string } & Partial<Compilation>,
  options = snapshot,
  outputs: Record<string, string> = {},
) {
  const patterns = changes.packages?.join(" ");
  const { container, calls } = recordContainer({
    [listing(patterns, changes.buildTags?.join())]: mains,
    [tags]: "v1.2.3\n",
    "git describe --tags --always": "v1.2.2-3-g1a2b3c4\n",
    "git rev-parse HEAD": `${commit}\n`,
    ...outputs,
  });
  const compilation = { platforms: ["linux/amd64"], ...parseSettings(undefined).build, ...changes };
  await buildPrograms({ image: container, source: dag.directory() }, options, compilation);
  const commands = calls
    .filter(([method]) => method === "withExec")
    .map(([, command]) => command as string[]);
  const environment = calls.filter(([method]) => method === "withEnvVariable").map(([, ...pair]) => pair);
  return { builds: commands.filter(([, word]) => word === "build"), environment };
}

const root = "example.com/app\t/src\n";
const cmd = "example.com/app/cmd/one\t/src/cmd/one\nexample.com/app/cmd/two\t/src/cmd/two\n";
const example = "example.com/app/examples/x\t/src/examples/x\n";

describe("programs without a configuration of GoReleaser", () => {
  it.each([
    ["that of the root", root + example, ["example.com/app"]],
    ["those below cmd", cmd + example, ["example.com/app/cmd/one", "example.com/app/cmd/two"]],
    ["those elsewhere, where there are no others", example, ["example.com/app/examples/x"]],
  ])("are %s", async (_, mains, paths) => {
    const { builds } = await record({ mains });
    expect(builds[0]?.slice(-paths.length)).toEqual(paths);
  });

  it("are those that the settings name", async () => {
    const { builds } = await record({ mains: example, packages: ["./examples/x"], buildTags: ["a", "b"] });
    expect(builds[0]).toEqual(expect.arrayContaining(["-tags=a,b", "example.com/app/examples/x"]));
  });

  it.each([
    ["linux/arm64", [["GOARCH", "arm64"]]],
    [
      "linux/arm/v7",
      [
        ["GOARCH", "arm"],
        ["GOARM", "7"],
      ],
    ],
    [
      "linux/amd64/v3",
      [
        ["GOARCH", "amd64"],
        ["GOAMD64", "v3"],
      ],
    ],
    [
      "windows/amd64",
      [
        ["GOOS", "windows"],
        ["CGO_ENABLED", "0"],
      ],
    ],
  ])("are static, for %s", async (platform, expected) => {
    const { environment } = await record({ mains: root, platforms: [platform] });
    expect(environment).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    ["what git describe says", snapshot, "1.2.2-3-g1a2b3c4"],
    ["the version of the tag", { ...snapshot, release: true }, "1.2.3"],
  ])("have as version %s", async (_, options, version) => {
    const { builds } = await record({ mains: root }, options);
    const flags = `-ldflags=-s -w -X main.version=${version} -X main.Version=${version} -X main.commit=${commit}`;
    expect(builds[0]).toContain(flags);
  });

  it("have the version of a component without its prefix", async () => {
    const options = { ...snapshot, release: true };
    const { builds } = await record({ mains: root, ldflags: "-X a={version}" }, options, {
      [tags]: "tool/v2.0.0\n",
    });
    expect(builds[0]).toContain("-ldflags=-X a=2.0.0");
  });

  it.each([
    [
      "no program",
      "",
      /build: expected a package main in \.\/\.\.\., got nothing\. Name it under build\.packages/,
    ],
    [
      "two of one name",
      "example.com/app/cmd/x/v2\t/src/cmd/x/v2\nexample.com/app/cmd/b/x\t/src/cmd/b/x\n",
      /expected programs of different names, got "example\.com\/app\/cmd\/x\/v2, example\.com\/app\/cmd\/b\/x"/,
    ],
  ])("refuses %s", async (_, mains, message) => {
    await expect(record({ mains })).rejects.toThrow(message);
  });

  it("takes only placeholders that have a value", () => {
    const text = JSON.stringify({ build: { ldflags: "-X main.date={date}" } });
    expect(() => parseSettings(text)).toThrow(
      "build.ldflags: expected flags with no placeholder but {version}",
    );
  });
});
