import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Directory, dag } from "@dagger.io/dagger";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseSettings } from "../../src/config.js";
import { buildProgramRelease } from "../../src/go/program-release.js";
import { recordContainer } from "../support/recorded-container.js";

const commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

/** A directory of the engine with these files, which takes further ones. */
function directoryOf(files: ReadonlyMap<string, string>): Directory {
  return {
    withFile: (name: string) => directoryOf(new Map([...files, [name, name]])),
    withNewFile: (name: string, text: string) => directoryOf(new Map([...files, [name, text]])),
    export: async (path: string) => {
      for (const [name, text] of files) await writeFile(join(path, name), text);
      return path;
    },
  } as unknown as Directory;
}

/** What is made of a project whose commit has this tag, for no platform. */
async function release(tag: string) {
  vi.spyOn(dag, "directory").mockImplementation(() => directoryOf(new Map()));
  const listing = `go list -e -tags= -f {{if eq .Name "main"}}{{.ImportPath}}\t{{.Dir}}{{end}} ./...`;
  const outputs = new Proxy<Record<string, string>>(
    {
      [listing]: "example.com/app\t/src\n",
      "sh -c git tag --points-at HEAD || exit 1": `${tag}\n`,
      "git rev-parse HEAD": `${commit}\n`,
      "sh -c sha256sum -- *": "sums\n",
    },
    {
      get: (given, command: string) =>
        given[command] ?? (command.includes("git log") ? "1a2b3c4 a <b>change\n" : ""),
    },
  );
  const { container, calls } = recordContainer(outputs);
  const project = { image: container, source: directoryOf(new Map()) };
  const compilation = { platforms: [], ...parseSettings(undefined).build };
  return { ...(await buildProgramRelease(project, undefined, compilation)), calls };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the release of programs", () => {
  it("is of the commit's tag, with every file by its digest and the commits since the tag before", async () => {
    const { release: made, calls } = await release("v1.2.3");
    const digest = `sha256:${createHash("sha256").update("sums\n").digest("hex")}`;
    expect(made).toMatchObject({
      tag: "v1.2.3",
      commit,
      notes: "- a \\<b>change (1a2b3c4)\n",
      isPreRelease: false,
      files: [{ name: "checksums.txt", size: 5, digest }],
    });
    expect(calls).toContainEqual(["withEnvVariable", "COMPONENT", ""]);
  });

  it.each([
    ["v1.2.3-rc.1", true, ""],
    ["tool/v1.2.3", false, "tool/"],
    ["tool/v1.2.3-rc.1", true, "tool/"],
    ["2026-11-28", false, ""],
  ])("of %s is a pre-release: %s, of the component %j", async (tag, isPreRelease, component) => {
    const { release: made, calls } = await release(tag);
    expect(made.isPreRelease).toBe(isPreRelease);
    expect(calls).toContainEqual(["withEnvVariable", "COMPONENT", component]);
  });
});
