import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  installedBy,
  lockedTool,
  namedTools,
  requestedTool,
  requestedTools,
  toolsWithNamed,
} from "../../src/ci-image/tools.js";
import { InputError } from "../../src/errors.js";

const versions = { "golangci-lint": "2.7.2", goreleaser: "2.13.3" };
const linter = 'golangci-lint = "2.7.2"';
const releaser = 'goreleaser = "2.13.3"';
const config = (...lines: string[]) => ["[tools]", ...lines].join("\n");

describe("requestedTools", () => {
  it("reads the configuration of this repository", async () => {
    expect(requestedTools(await readFile(".mise/config.toml", "utf8"))).toEqual(versions);
  });

  it.each([
    ["short names", [linter, releaser]],
    ["a leading v", ['golangci-lint = "v2.7.2"', 'goreleaser = "v2.13.3"']],
    ["aqua", ['"aqua:golangci/golangci-lint" = "2.7.2"', '"aqua:goreleaser/goreleaser" = "2.13.3"']],
    [
      "Go packages",
      [
        '"go:github.com/golangci/golangci-lint/v2/cmd/golangci-lint" = "2.7.2"',
        '"go:github.com/goreleaser/goreleaser/v2" = "2.13.3"',
      ],
    ],
    ["core: and github:", ['"core:golangci-lint" = "2.7.2"', '"github:goreleaser/goreleaser" = "2.13.3"']],
    ["inline tables", ['golangci-lint = { version = "2.7.2", os = ["linux"] }', releaser]],
    ["tables", [linter, "[tools.goreleaser]", 'version = "2.13.3"', 'postinstall = "true"']],
    ["lists, of which the first counts", ['golangci-lint = ["2.7.2", "1.64.8"]', releaser]],
    ["lists of tables", ['golangci-lint = [{ version = "2.7.2" }, "latest"]', releaser]],
    ["other tools of any form", [linter, releaser, 'node = "latest"', "go = 1.25", "x = {}", "y = []"]],
    [
      "tools of similar names",
      [linter, releaser, 'goreleaser-pro = "latest"', '"npm:x-golangci-lint" = "latest"'],
    ],
  ])("finds %s", (_, lines) => {
    expect(requestedTools(config(...lines))).toEqual(versions);
  });

  it("keeps a prerelease", () => {
    expect(requestedTools(config(linter, 'goreleaser = "2.14.0-rc.1"')).goreleaser).toBe("2.14.0-rc.1");
  });

  it.each([
    ["no tools at all", "", ".mise/config.toml: [tools]: expected one entry for golangci-lint, got nothing."],
    [
      "a missing tool",
      config(linter),
      '.mise/config.toml: [tools]: expected one entry for goreleaser, got nothing. Add it, as in goreleaser = "1.2.3".',
    ],
    [
      "a tool that is named twice",
      config(linter, releaser, '"aqua:goreleaser/goreleaser" = "2.13.2"'),
      'expected one entry for goreleaser, got "goreleaser, aqua:goreleaser/goreleaser". Keep the one',
    ],
    [
      "latest",
      config('golangci-lint = "latest"', releaser),
      '.mise/config.toml: tools."golangci-lint": expected an exact version as in 1.2.3, got "latest". Name the version in full',
    ],
    ["a major version", config(linter, 'goreleaser = "2"'), 'tools."goreleaser": expected an exact version'],
    ["two parts", config(linter, 'goreleaser = "2.13"'), 'got "2.13".'],
    ["a number", config(linter, "goreleaser = 2.13"), "got 2.13."],
    ["a range", config(linter, 'goreleaser = ">=2.13.3"'), 'got ">=2.13.3".'],
    ["a prefix", config(linter, 'goreleaser = "prefix:2.13.3"'), 'got "prefix:2.13.3".'],
    ["a table without a version", config(linter, "goreleaser = {}"), "got {}."],
    ["an empty list", config(linter, "goreleaser = []"), "got []."],
    [
      "a list that starts with latest",
      config(linter, 'goreleaser = ["latest", "2.13.3"]'),
      'got ["latest","2.13.3"].',
    ],
    ["tools that are no table", 'tools = "golangci-lint"', ".mise/config.toml: tools: expected a table, got"],
    ["what is no TOML", "[tools", ".mise/config.toml: expected TOML, got"],
  ])("refuses %s", (_, toml, message) => {
    const read = () => requestedTools(toml);
    expect(read).toThrow(InputError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  });

  it("names the file that it was given", () => {
    expect(() => requestedTools("", "mise.toml")).toThrow("mise.toml: [tools]");
  });
});

describe("namedTools", () => {
  it.each<[string, string[], ReturnType<typeof namedTools>]>([
    [
      "of a project",
      ['go = "1.26.1"', 'golangci-lint = "2.11.3"', 'goreleaser = "v2.14.3"', 'pre-commit = "latest"'],
      { go: "1.26.1", "golangci-lint": "2.11.3", goreleaser: "2.14.3" },
    ],
    ["without those that mise resolves", ['go = "latest"', 'golangci-lint = "2"'], {}],
    [
      "without those that are named twice",
      ['goreleaser = "2.14.3"', '"aqua:goreleaser/goreleaser" = "2.14.2"'],
      {},
    ],
    ["of none", [], {}],
  ])("are the exact versions %s", (_, lines, expected) => {
    expect(namedTools(["[tools]", ...lines].join("\n"))).toEqual(expected);
  });
});

describe("toolsWithNamed", () => {
  it("are those of the job and of the settings, each once", () => {
    expect(toolsWithNamed("build", ["syft", "goreleaser"])).toEqual(["goreleaser", "syft"]);
    expect(toolsWithNamed("run", ["ginkgo"])).toEqual(["mise", "golangci-lint", "goreleaser", "ginkgo"]);
  });
});

describe("requestedTool", () => {
  const lines = [linter, releaser, '"go:github.com/boumenot/gocover-cobertura" = "1.3.0"', 'x = "v1.2.3"'];
  const toml = `${config(...lines)}
[settings]
experimental = true
[tasks.build]
run = "go build"
[hooks]
enter = "x"
`;

  it("gives the name with its backend, the version, and all that decides what is installed", () => {
    expect(requestedTool(toml, "gocover-cobertura")).toEqual({
      key: "go:github.com/boumenot/gocover-cobertura",
      version: "1.3.0",
      inputs: {
        settings: { experimental: true },
        tools: { "go:github.com/boumenot/gocover-cobertura": "1.3.0" },
      },
    });
  });

  it.each([
    ["no such tool", "ginkgo", 'expected one entry for ginkgo, got nothing. Add it, as in ginkgo = "1.2.3"'],
    ["another tool by a dot that means any character", "gocover.cobertura", "expected one entry for"],
  ])("refuses %s", (_, name, message) => {
    expect(() => requestedTool(toml, name)).toThrow(message);
  });

  it("reads a configuration without its tasks", () => {
    expect(Object.keys(installedBy(toml))).toEqual(["tools", "settings"]);
  });

  it.each([
    ["what is locked of it", '[[tools.ginkgo]]\nversion = "2.1.0"\n', [{ version: "2.1.0" }]],
    ["that nothing is", '[[tools.other]]\nversion = "1.0.0"\n', null],
    ["nothing where there is no lock file", undefined, undefined],
  ])("reads %s", (_, lock, locked) => {
    expect(lockedTool(lock, "ginkgo")).toEqual(locked);
  });
});
