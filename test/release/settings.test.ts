import { describe, expect, it } from "vitest";
import { parsePlatforms, parseSettings, settingsSchema } from "../../src/config.js";
import { InputError } from "../../src/errors.js";
import { tagPlaceholders } from "../../src/tags/tag-template.js";

const parse = (release: object) => parseSettings(JSON.stringify({ release })).release;

describe("release settings", () => {
  it("parse what has a grammar of its own", () => {
    const { repositories, platforms, binaries } = parse({
      repositories: [
        { repository: "ghcr.io/acme/app" },
        { repository: "docker.io/acme/app", latest: "highest" },
      ],
      platforms: ["linux/arm64/v8"],
      binaries: { pattern: "{name}-{os}-{arch}" },
    });
    expect(repositories).toEqual([
      { repository: { registry: "ghcr.io", path: "acme/app" }, latest: "main" },
      { repository: { registry: "docker.io", path: "acme/app" }, latest: "highest" },
    ]);
    expect(platforms).toEqual(["linux/arm64"]);
    expect(binaries.pattern?.read("app-linux-x64")).toEqual({ name: "app", platform: "linux/amd64" });
  });

  it("parse the templates of tags", () => {
    const { tags, archNames, buildMetadata } = parse({
      tags: ["v{version}", { tag: "edge", on: "main" }],
      archNames: { "linux/arm64/v8": "arm64v8" },
      buildMetadata: "underscore",
    });
    expect(tags.map(({ text, on, moves }) => [text, on, moves])).toEqual([
      ["v{version}", "version", false],
      ["edge", "main", true],
    ]);
    expect({ archNames, buildMetadata }).toEqual({
      archNames: { "linux/arm64": "arm64v8" },
      buildMetadata: "underscore",
    });
  });

  it.each([{ tags: [] }, { tags: ["{branch}"] }, { tags: ["{tag}-{arch}"] }])("take %j", (release) => {
    expect(parse(release).tags).toHaveLength(release.tags.length);
  });

  it.each<[object, string]>([
    [{ platforms: [] }, "release.platforms: expected at least 1 entry, got []."],
    [
      { platforms: ["amd64"] },
      'release.platforms[0]: expected os/architecture, as in linux/amd64, got "amd64".',
    ],
    [
      { repositories: [{ repository: "ghcr.io/Acme/app" }] },
      'release.repositories[0].repository: expected a repository path in lower case, got "ghcr.io/Acme/app". Write ghcr.io/acme/app.',
    ],
    [
      { repositories: [{ repository: "ghcr.io/acme/app", latest: "both" }] },
      'release.repositories[0].latest: expected main or highest or none, got "both".',
    ],
    [
      {
        repositories: [
          { repository: "acme/app" },
          { repository: "index.docker.io/acme/app", latest: "highest" },
        ],
      },
      "release.repositories: expected each repository once, since its latest follows one thing only, got",
    ],
    [
      { binaries: { pattern: "{name}" } },
      'release.binaries.pattern: expected {name}, and either {arch}, with {os} where not all is for Linux, or {target}, got "{name}". Write it as in {name}_{os}_{arch}.',
    ],
    [
      { annotations: { description: "x".repeat(513) } },
      "release.annotations.description: expected at most 512 characters, got",
    ],
    [
      { annotations: { source: "acme/app" } },
      "release.annotations.source: expected a URL that begins with http:// or https://",
    ],
    [
      { tags: ["{Version}"] },
      "release.tags[0]: expected only the placeholders {version}, {tag}, {major}, {minor}, {patch}, {branch}, {sha}, {revision}, {date}, {arch}, got",
    ],
    [
      { tags: ["latest"] },
      'release.tags[0]: expected a tag other than latest, which has a rule of its own, got "latest". Say what it follows under "repositories".',
    ],
    [
      { tags: [{ tag: "{version}", on: "main" }] },
      'release.tags[0]: expected "on": "version", since its placeholders have a value for versions only, got {"tag":"{version}","on":"main"}.',
    ],
    [{ tags: [{ tag: "x" }] }, "release.tags[0].on: expected version or branch or main, got nothing."],
    [{ tags: [{ tag: 3, on: "main" }] }, "release.tags[0].tag: expected a string, got 3."],
    [{ tags: [3] }, "release.tags[0]: expected a string or an object, got 3."],
    [
      { tags: ["{version}", "x", { tag: "x", on: "main" }] },
      'release.tags[2]: expected each tag once, since one thing sets it, got {"tag":"x","on":"main"}.',
    ],
    [
      { tags: ["{version}", "{major}", { tag: "7", on: "main" }] },
      "release.tags[2]: expected a tag that {major} cannot make, got",
    ],
    [
      { tags: ["{major}"] },
      'release.tags: expected one with the whole version, as in {version}: published versions are read from their tags, and others follow them, got ["{major}"].',
    ],
    [
      { tags: ["{branch}"], repositories: [{ repository: "ghcr.io/acme/app", latest: "highest" }] },
      "release.tags: expected one with the whole version, as in {version}",
    ],
    [
      { tags: ["{version}-{arch}", "stable"] },
      "release.tags: expected one with the whole version, as in {version}",
    ],
    [{ archNames: { arm64: "arm64" } }, "release.archNames: expected os/architecture, as in linux/amd64"],
    [
      { archNames: { "linux/arm64": "pi" } },
      'release.archNames: expected platforms with the name of a machine each, as in {"linux/arm64": "arm64v8"}, got',
    ],
    [
      { archNames: { "linux/arm64": "amd64" } },
      'release.archNames: expected another name for each platform, got {"linux/arm64":"amd64"}.',
    ],
    [{ buildMetadata: "-" }, 'release.buildMetadata: expected hyphen or underscore, got "-".'],
    [{ mediaTypes: "oci+docker" }, 'release.mediaTypes: expected oci or docker, got "oci+docker".'],
    [{ tag: ["v1"] }, 'release: expected only fields of the schema, got "tag".'],
  ])("refuse %j", (release, message) => {
    expect(() => parse(release)).toThrow(InputError);
    expect(() => parse(release)).toThrow(`slipway.json: ${message}`);
  });

  it.each([
    [["linux/arm64/v8"], ["linux/arm64"]],
    [
      ["linux/arm64", "linux/amd64"],
      ["linux/arm64", "linux/amd64"],
    ],
  ])("parse --platforms %j", (given, platforms) => {
    expect(parsePlatforms(given, "--platforms")).toEqual(platforms);
  });

  it.each<[string[], string]>([
    [[], "expected at least 1 entry, got []."],
    [["linux/amd64", "arm64"], 'expected os/architecture, as in linux/amd64, got "arm64".'],
    [["linux/arm64", "linux/arm64/v8"], 'expected no platform twice, got ["linux/arm64","linux/arm64/v8"].'],
  ])("refuse --platforms %j", (given, message) => {
    expect(() => parsePlatforms(given, "--platforms")).toThrow(InputError);
    expect(() => parsePlatforms(given, "--platforms")).toThrow(`--platforms: ${message}`);
  });

  it("say of every placeholder what it is", () => {
    const schema = JSON.stringify(settingsSchema());
    expect(tagPlaceholders.filter((name) => !schema.includes(`{${name}}`))).toEqual([]);
  });

  it("are in the schema for editors", () => {
    expect(settingsSchema()).toMatchObject({
      properties: {
        release: {
          properties: {
            repositories: {
              items: {
                anyOf: [
                  { type: "string" },
                  { properties: { latest: { enum: ["main", "highest", "none"] } } },
                ],
              },
            },
            binaries: { properties: { pattern: { type: "string" } } },
          },
        },
      },
    });
  });

  it("name no repository of the CI image, since both move latest", () => {
    const ciImage = { repositories: ["ghcr.io/acme/ci", "acme/app"] };
    const release = {
      repositories: [{ repository: "ghcr.io/acme/app" }, { repository: "docker.io/acme/app" }],
    };
    expect(() => parseSettings(JSON.stringify({ ciImage, release }))).toThrow(
      'slipway.json: release.repositories[1]: expected another repository than those of ciImage, since both move latest, got {"repository":"docker.io/acme/app"}.',
    );
  });
});
