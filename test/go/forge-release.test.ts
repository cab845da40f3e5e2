import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Directory, dag, type Secret } from "@dagger.io/dagger";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { publishForgeRelease, readReleaserConfiguration, repeatable } from "../../src/go/forge-release.js";
import { recordContainer } from "../support/recorded-container.js";

const tags = "sh -c git tag --points-at HEAD || exit 1";

/** A source whose files are what it exports. */
function sourceOf(files: Record<string, string>): Directory {
  const source = {
    filter: () => source,
    export: async (path: string) => {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
      return path;
    },
  };
  return source as unknown as Directory;
}

async function record(files: Record<string, string>) {
  const { container, calls } = recordContainer({ [tags]: "v1.2.3\n" });
  const secret = {} as Secret;
  const project = { image: container, source: sourceOf(files), moduleCache: dag.directory() };
  const configured = await readReleaserConfiguration(project.source);
  await publishForgeRelease(project, configured ?? "missing", {
    secrets: [{ name: "GITLAB_TOKEN", secret }],
  });
  return { calls, secret };
}

describe("a release of GoReleaser's own", () => {
  it("is of the tag, without images, with its token, and never one that the engine remembers", async () => {
    const { calls, secret } = await record({ ".goreleaser.yaml": "version: 2\n" });
    expect(calls).toContainEqual(["withSecretVariable", "GITLAB_TOKEN", secret]);
    expect(calls).toContainEqual(["withEnvVariable", "GORELEASER_CURRENT_TAG", "v1.2.3"]);
    expect(calls).toContainEqual(["withEnvVariable", "SLIPWAY_RUN", expect.any(String)]);
    expect(calls.filter(([method]) => method === "withMountedCache")).toEqual([]);
    expect(calls.at(-2)).toEqual([
      "withExec",
      ["goreleaser", "release", "--clean", "--skip=docker", "--config=/tmp/slipway-goreleaser.yaml"],
    ]);
    expect(calls.at(-1)).toEqual(["directory", "/src/dist"]);
  });

  it("looks for what it calls before it builds anything", async () => {
    const { calls } = await record({ ".goreleaser.yaml": "sboms: [{ artifacts: archive }]\n" });
    const programs = calls.flatMap(([method, command]) => (method === "withExec" ? [command] : []));
    expect(programs.slice(-2)).toEqual([
      expect.arrayContaining(["sh", "-c", "syft"]),
      expect.arrayContaining(["goreleaser", "release"]),
    ]);
  });

  it("takes the configuration that GoReleaser would", async () => {
    const { calls } = await record({
      "goreleaser.yml": "project_name: last\n",
      ".config/goreleaser.yaml": "project_name: first\n",
    });
    const [, , text] = calls.find(([method]) => method === "withNewFile") ?? [];
    expect(parse(String(text))).toEqual({
      project_name: "first",
      release: { replace_existing_artifacts: true },
    });
  });
});

describe("a configuration that can be repeated", () => {
  const replaced = { replace_existing_artifacts: true };

  it.each<[string, string, unknown]>([
    ["no release", "version: 2\n", { version: 2, release: replaced }],
    ["an empty release", "release:\n", { release: replaced }],
    ["another setting", "release:\n  draft: true\n", { release: { draft: true, ...replaced } }],
    ["nothing at all", "", { release: replaced }],
    ["an anchor", "a: &x {b: 1}\nc: *x\n", { a: { b: 1 }, c: { b: 1 }, release: replaced }],
  ])("has %s, and replaces what is there", (_, text, expected) => {
    expect(parse(repeatable(text))).toEqual(expected);
  });

  it.each<[string, string, string]>([
    [
      "at the end",
      "a: 0644 # octal\nb: yes",
      "a: 0644 # octal\nb: yes\nrelease: { replace_existing_artifacts: true }\n",
    ],
    [
      "before the first of a block",
      "release: &r # ours\n    # drafts\n    draft: true\nmode: 0644\n",
      "release: &r # ours\n    # drafts\n    replace_existing_artifacts: true\n    draft: true\nmode: 0644\n",
    ],
    ["in braces", "release: {draft: true}\n", "release: { replace_existing_artifacts: true,draft: true}\n"],
    ["in empty braces", "release: {}\n", "release: { replace_existing_artifacts: true }\n"],
    [
      "where nothing stands",
      "release: # none\na: 1\n",
      "release: { replace_existing_artifacts: true } # none\na: 1\n",
    ],
    [
      "nowhere, where a merge may bring a release",
      "<<: {release: {draft: true}}\n",
      "<<: {release: {draft: true}}\n",
    ],
    [
      "nowhere, where a release is merged",
      "release:\n  <<: {draft: true}\n",
      "release:\n  <<: {draft: true}\n",
    ],
    ["nowhere, in what GoReleaser refuses", "release: word\n", "release: word\n"],
  ])("has the setting %s, and every other byte as it was", (_, text, expected) => {
    expect(repeatable(text)).toBe(expected);
    if (expected !== text) expect(parse(repeatable(text)).release).toMatchObject(replaced);
  });

  it("keeps what it says itself, and its comments and templates", () => {
    const own = "release:\n  replace_existing_artifacts: false # why\n";
    expect(repeatable(own)).toBe(own);
    const text = "# built by hand\nchangelog:\n  format: '{{.SHA}}: {{.Message}}'\n";
    expect(repeatable(text)).toContain(text);
  });

  it.each(["- a\n", "word\n", "{a: 1}\n"])("is settings by name, not %j", (text) => {
    expect(() => repeatable(text)).toThrow(".goreleaser.yaml: expected settings by name, a line each, got");
  });

  it("is YAML", () => {
    expect(() => repeatable("a: [1\n")).toThrow(".goreleaser.yaml: expected YAML, got ");
  });

  it.each([
    ["brackets", `a: ${"[".repeat(200_000)}`],
    ["brackets that close", `a: ${"[".repeat(3000)}${"]".repeat(3000)}\n`],
    ["dashes", `a:\n  ${"- ".repeat(3000)}b\n`],
    ["lines", Array.from({ length: 900 }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
  ])("is not nested deeper than anybody nests: %s", (_, text) => {
    expect(() => repeatable(text)).toThrow(
      '.goreleaser.yaml: expected YAML nested at most 100 deep, got "more".',
    );
  });
});
