import { describe, expect, it } from "vitest";
import { parseSettings, settingsSchema } from "../src/config.js";
import { InputError } from "../src/errors.js";
import { parseTagTemplate } from "../src/tags/tag-template.js";
import { messageThrownBy } from "./support/thrown.js";

const parse = (json: unknown) => parseSettings(JSON.stringify(json));

/** Settings with one of them, by its path. */
const setting = (path: string, value: unknown): object =>
  path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value) as object;

describe("parseSettings", () => {
  const defaults = {
    ciImage: {
      dockerfile: "Dockerfile.ci",
      tools: [],
      context: [],
      compression: "gzip",
      platforms: ["linux/amd64"],
      repositories: [],
      alpine: "3.23",
      go: "1.25.5",
      packages: [],
      buildArgs: {},
      mise: {
        sha256: {},
        githubApi: "https://api.github.com",
        versionUrl: "https://mise.jdx.dev/VERSION",
      },
      size: {
        baselineImage: "golang:1.25.5",
        baselineMegabytes: 807,
        goalReduction: 0.7,
      },
    },
    cacheKey: { files: ["go.mod", "go.sum", ".gitlab-ci.yml", "Dockerfile.ci", ".mise/config.toml"] },
    build: {
      packages: [],
      buildTags: [],
      ldflags: "-s -w -X main.version={version} -X main.Version={version} -X main.commit={revision}",
    },
    release: {
      platforms: ["linux/amd64", "linux/arm64"],
      repositories: [],
      mainBranch: "main",
      tags: [parseTagTemplate("{version}")],
      suffix: "",
      siblings: [],
      tagPrefix: "",
      archNames: {},
      compression: "gzip",
      preReleases: false,
      majorZero: false,
      mediaTypes: "oci",
      binaries: { names: [], ids: [] },
      buildArgs: {},
      labels: {},
      annotations: { others: {} },
      rehearsalRegistry:
        "registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e",
    },
    network: { noProxy: "", plainHttp: [] },
    retry: { attempts: 3, baseSeconds: 10 },
    attest: {
      sbom: ["spdx"],
      provenance: true,
      signature: "auto",
      fulcio: "https://fulcio.sigstore.dev",
    },
  };

  it.each([
    ["no file", undefined],
    ["an empty object", "{}"],
    ["empty sections", '{"ciImage":{"mise":{},"size":{}},"network":{},"retry":{},"cacheKey":{}}'],
  ])("fills in every default for %s", (_, text) => {
    const { release, ...others } = parseSettings(text);
    const { images, ...common } = release;
    expect({ ...others, release: common }).toEqual(defaults);
    expect(images).toEqual([common]);
  });

  it("parses what has a grammar of its own", () => {
    const { ciImage } = parse({
      $schema: "./slipway.schema.json",
      ciImage: {
        platforms: ["linux/arm64/v8", "linux/arm/v7"],
        repositories: ["acme/ci", "127.0.0.1:5000/acme/ci"],
        mise: { sha256: { "linux/amd64": "0f".repeat(32) } },
      },
    });
    expect(ciImage.platforms).toEqual(["linux/arm64", "linux/arm/v7"]);
    expect(ciImage.repositories).toEqual([
      { registry: "docker.io", path: "acme/ci" },
      { registry: "127.0.0.1:5000", path: "acme/ci" },
    ]);
    expect(ciImage.mise.sha256).toEqual({ "linux/amd64": "0f".repeat(32) });
  });

  it.each([
    ["{", `expected JSON, got "line 1, {: Expected property name or '}' in JSON".`],
    [
      '{\n  "ciImage": {}\n  "release": {}\n}',
      `expected JSON, got "line 3, "release": {}: Expected ',' or '}' after property value in JSON".`,
    ],
    ['{"release": {}, "ciImage": {}, "release": {}}', 'expected each setting once, got "release twice".'],
    ["{}\n{}", 'expected JSON, got "line 2, {}: Unexpected non-whitespace character after JSON".'],
    ["nope", `expected JSON, got "Unexpected token 'o', "nope" is not valid JSON".`],
    [" \n", 'expected JSON, got "an empty file".'],
    ["null", "expected an object, got null."],
    ["[]", "expected an object, got []."],
    ['"text"', 'expected an object, got "text".'],
  ])("refuses the text %j", async (text, message) => {
    expect(await messageThrownBy(() => parseSettings(text))).toBe(`slipway.json: ${message}`);
  });

  const path = "expected a path inside the source, without ..";
  const url = "expected a URL that begins with http:// or https://";
  const hex = "0f".repeat(32);
  it.each<[object, string]>([
    [
      { image: {} },
      'expected only fields of the schema, got "image". Check the spelling: there are $schema, ciImage, cacheKey, build, attest, release, network, retry.',
    ],
    [
      { a: 1, b: 2 },
      'expected only fields of the schema, got "a, b". Check the spelling: there are $schema, ciImage, cacheKey, build, attest, release, network, retry.',
    ],
    [
      { relase: {} },
      'expected only fields of the schema, got "relase". Check the spelling: it may be release.',
    ],
    [
      { repositories: [] },
      'expected only fields of the schema, got "repositories". Check the place: ciImage.repositories and release.repositories are fields.',
    ],
    [
      { preReleases: true },
      'expected only fields of the schema, got "preReleases". Check the place: release.preReleases is a field.',
    ],
    [
      { release: { repositorys: [] } },
      'release: expected only fields of the schema, got "repositorys". Check the spelling: it may be repositories.',
    ],
    [
      { release: { images: [{ name: "a", dockerFile: "b" }] } },
      'release.images[0]: expected only fields of the schema, got "dockerFile". Check the spelling: it may be dockerfile.',
    ],
    [
      { release: { repositories: [{ repository: "ghcr.io/acme/app", lastest: "highest" }] } },
      'release.repositories[0]: expected only fields of the schema, got "lastest". Check the spelling: it may be latest.',
    ],
    [
      { ciImage: { mise: { versoin: "1" } } },
      'ciImage.mise: expected only fields of the schema, got "versoin". Check the spelling: it may be version.',
    ],
    [{ $schema: 3 }, "$schema: expected a string, got 3."],
    [{ ciImage: [] }, "ciImage: expected an object, got []."],
    [{ retry: null }, "retry: expected an object, got null."],
    [{ ciImage: { dockerfile: "/Dockerfile" } }, `ciImage.dockerfile: ${path}, got "/Dockerfile".`],
    [{ ciImage: { dockerfile: "" } }, `ciImage.dockerfile: ${path}, got "".`],
    [{ ciImage: { context: ["a", "b/../../c"] } }, `ciImage.context[1]: ${path}, got "b/../../c".`],
    [{ ciImage: { context: [".."] } }, `ciImage.context[0]: ${path}, got "..".`],
    [{ ciImage: { platforms: "linux/amd64" } }, 'ciImage.platforms: expected an array, got "linux/amd64".'],
    [{ ciImage: { platforms: [] } }, "ciImage.platforms: expected at least 1 entry, got []."],
    [{ ciImage: { platforms: [7] } }, "ciImage.platforms[0]: expected a string, got 7."],
    [
      { ciImage: { platforms: ["linux/amd64", "arm64"] } },
      'ciImage.platforms[1]: expected os/architecture, as in linux/amd64, got "arm64".',
    ],
    [
      { ciImage: { platforms: ["linux/arm64", "linux/arm64/v8"] } },
      'ciImage.platforms: expected no platform twice, got ["linux/arm64","linux/arm64/v8"].',
    ],
    [
      { ciImage: { repositories: ["ghcr.io/Acme/ci"] } },
      'ciImage.repositories[0]: expected a repository path in lower case, got "ghcr.io/Acme/ci". Write ghcr.io/acme/ci.',
    ],
    [
      { ciImage: { repositories: ["ghcr.io/acme/ci:latest"] } },
      'ciImage.repositories[0]: expected a repository without tag or digest, got "ghcr.io/acme/ci:latest". Write ghcr.io/acme/ci; Slipway chooses the tags.',
    ],
    [
      { release: { repositories: ["ghcr.io/acme/app:1"] } },
      'release.repositories[0]: expected a repository without tag or digest, got "ghcr.io/acme/app:1". Write ghcr.io/acme/app; Slipway chooses the tags.',
    ],
    [
      { release: { repositories: [{ repository: "ghcr.io/acme/app", latest: "tip" }] } },
      'release.repositories[0].latest: expected main or highest or none, got "tip".',
    ],
    [{ release: { repositories: [7] } }, "release.repositories[0]: expected a string or an object, got 7."],
    [
      { release: { repositories: ["acme/app", { repository: "docker.io/acme/app" }] } },
      'release.repositories: expected each repository once, since its latest follows one thing only, got ["acme/app",{"repository":"docker.io/acme/app"}].',
    ],
    [
      { ciImage: { repositories: ["docker.io/acme/ci", "acme/ci"] } },
      'ciImage.repositories: expected no repository twice, got ["docker.io/acme/ci","acme/ci"].',
    ],
    [
      { release: { mediaTypes: "docker", compression: "zstd" } },
      'release.compression: expected gzip, since the media types of Docker have none for zstd, got "zstd".',
    ],
    [{ ciImage: { alpine: 3.23 } }, "ciImage.alpine: expected a string, got 3.23."],
    [{ ciImage: { alpine: "v3.23" } }, 'ciImage.alpine: expected an Alpine release as in 3.23, got "v3.23".'],
    [{ ciImage: { go: "1" } }, 'ciImage.go: expected a Go version as in 1.25.5, got "1".'],
    [{ ciImage: { buildArgs: { GOPROXY: 1 } } }, "ciImage.buildArgs.GOPROXY: expected a string, got 1."],
    [
      { ciImage: { mise: { version: "v2025.12.13" } } },
      'ciImage.mise.version: expected an exact version as in 2025.12.13, or "latest", got "v2025.12.13".',
    ],
    [
      { ciImage: { mise: { sha256: { "linux/amd64": hex.toUpperCase() } } } },
      `ciImage.mise.sha256.linux/amd64: expected 64 hex digits of a SHA-256, got "${hex.toUpperCase()}".`,
    ],
    [
      { ciImage: { mise: { sha256: { "linux/riscv64": hex } } } },
      'ciImage.mise.sha256: expected only fields of the schema, got "linux/riscv64". Check the spelling.',
    ],
    [
      { ciImage: { mise: { githubApi: "api.github.com" } } },
      `ciImage.mise.githubApi: ${url}, got "api.github.com".`,
    ],
    [
      { ciImage: { mise: { versionUrl: "file:///etc/version" } } },
      `ciImage.mise.versionUrl: ${url}, got "file:///etc/version".`,
    ],
    [
      { ciImage: { size: { baselineImage: "golang 1" } } },
      'ciImage.size.baselineImage: expected the form registry/path[:tag][@sha256:digest], as in ghcr.io/acme/ci:latest, got "golang 1".',
    ],
    [
      { ciImage: { size: { baselineMegabytes: 0 } } },
      "ciImage.size.baselineMegabytes: expected more than 0, got 0.",
    ],
    [{ ciImage: { size: { minReduction: 70 } } }, "ciImage.size.minReduction: expected at most 1, got 70."],
    [
      { ciImage: { size: { goalReduction: -0.1 } } },
      "ciImage.size.goalReduction: expected at least 0, got -0.1.",
    ],
    [{ cacheKey: { files: [] } }, "cacheKey.files: expected at least 1 entry, got []."],
    [{ network: { caFile: "../ca.pem" } }, `network.caFile: ${path}, got "../ca.pem".`],
    [{ network: { proxy: "proxy.example:3128" } }, `network.proxy: ${url}, got "proxy.example:3128".`],
    // A URL that is refused is shown without its user name and password, wherever that is.
    ...(["network.proxy", "ciImage.mise.githubApi", "release.annotations.source"] as const).flatMap((name) =>
      ["https://me:s3cret@host.example/x", "https://t0ken@host.example/x"].map((given): [object, string] => [
        setting(name, given),
        `${name}: expected a URL without user name and password, got "${given.replace(/(https:).*@/, "$1…@")}".`,
      ]),
    ),
    [
      { network: { proxy: "https:me:s3cret@proxy.example" } },
      `network.proxy: ${url}, got "https:…@proxy.example".`,
    ],
    [
      { network: { proxy: "socks5://me:s3/cret@proxy.example" } },
      `network.proxy: ${url}, got "socks5://…@proxy.example".`,
    ],
    [
      { ciImage: { buildArgs: { GOPROXY: "https://proxy.example,https://me:s3cret@go.example|direct" } } },
      `ciImage.buildArgs.GOPROXY: expected no user name and password in a URL, since build arguments stay in the image's history, got "https:…@go.example|direct".`,
    ],
    [{ network: { noProxy: ["a"] } }, 'network.noProxy: expected a string, got ["a"].'],
    [
      { network: { plainHttp: ["http://registry.example"] } },
      'network.plainHttp[0]: expected a host with an optional port, without https://, got "http://registry.example".',
    ],
    [
      { attest: { fulcio: "http://fulcio.acme.example" } },
      'attest.fulcio: expected https, since tokens are sent there; http is for this machine alone, got "http://fulcio.acme.example".',
    ],
    [{ ciImage: { verify: {} } }, "ciImage.verify: expected either signedBy or key, got {}."],
    [{ retry: { attempts: 2.5 } }, "retry.attempts: expected a whole number, got 2.5."],
    [{ retry: { attempts: 0 } }, "retry.attempts: expected at least 1, got 0."],
    [{ retry: { attempts: 11 } }, "retry.attempts: expected at most 10, got 11."],
    [{ retry: { attempts: "3" } }, 'retry.attempts: expected a number, got "3".'],
    [{ retry: { baseSeconds: -1 } }, "retry.baseSeconds: expected at least 0, got -1."],
    [{ retry: { baseSeconds: 61 } }, "retry.baseSeconds: expected at most 60, got 61."],
  ])("refuses %j", async (json, message) => {
    expect(await messageThrownBy(() => parse(json))).toBe(`slipway.json: ${message}`);
  });

  it.each([
    ["ciImage", `{"ciImage":{"buildArgs":{"A":${"[".repeat(200_000)}${"]".repeat(200_000)}}}}`],
    ["lists", "[".repeat(200_000)],
    ["objects", `${'{"a":'.repeat(200_000)}0${"}".repeat(200_000)}`],
  ])("refuses what is nested deeply: %s", async (_, text) => {
    expect(await messageThrownBy(() => parseSettings(text))).toBe(
      `slipway.json: expected JSON nested at most 100 deep, got "${text.slice(0, 199)}….`,
    );
  });

  it("takes a URL without a user name", () => {
    const { ciImage, network } = parse({
      ciImage: { buildArgs: { A: "https://proxy.example/@scope, me@example.com" } },
      network: { proxy: "http://proxy.example:3128" },
    });
    expect(ciImage.buildArgs.A).toBe("https://proxy.example/@scope, me@example.com");
    expect(network.proxy).toBe("http://proxy.example:3128");
  });

  it("names the file that was given", async () => {
    expect(await messageThrownBy(() => parseSettings("[]", "ci.json"))).toBe(
      "ci.json: expected an object, got [].",
    );
  });
});

describe("settingsSchema", () => {
  const schema = settingsSchema() as Schema;

  it("is a schema of draft 2020-12", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      additionalProperties: false,
    });
  });

  it("requires nothing and refuses unknown fields, at every level", () => {
    for (const [name, part] of sectionsOf(schema)) {
      expect(part.required ?? [], name).toEqual([]);
      // An annotation may have any key.
      const others = name.endsWith("annotations") ? expect.objectContaining({ type: "string" }) : false;
      expect(part.additionalProperties, name).toEqual(others);
    }
  });

  it("describes every field", () => {
    const silent = sectionsOf(schema).flatMap(([section, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([name, { description }]) => name !== "$schema" && description === undefined)
        .map(([name]) => `${section}.${name}`),
    );
    expect(silent).toEqual([]);
  });

  it("says what is taken in, not what comes out", () => {
    expect(schema.properties?.ciImage?.properties).toMatchObject({
      platforms: { type: "array", items: { type: "string" }, minItems: 1, default: ["linux/amd64"] },
      repositories: { type: "array", items: { type: "string" } },
      alpine: { type: "string", pattern: "^\\d+\\.\\d+$", default: "3.23" },
    });
    expect(schema.properties?.retry?.properties?.attempts).toMatchObject({
      minimum: 1,
      maximum: 10,
      default: 3,
    });
  });
});

interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: unknown;
  description?: string;
}

function sectionsOf(schema: Schema, name = "settings"): [string, Schema][] {
  const { properties } = schema;
  if (properties === undefined) return [];
  const below = Object.entries(properties).flatMap(([key, part]) => sectionsOf(part, `${name}.${key}`));
  return [[name, schema], ...below];
}

it("takes the name of a repository for one whose latest follows the main branch", () => {
  const repositoriesOf = (given: unknown) =>
    parse({ release: { repositories: [given] } }).release.repositories;
  expect(repositoriesOf("ghcr.io/acme/app")).toEqual(repositoriesOf({ repository: "ghcr.io/acme/app" }));
  expect(repositoriesOf("ghcr.io/acme/app")).toMatchObject([{ latest: "main" }]);
});

it.each([
  ["tags", { tags: Array.from({ length: 101 }, (_, at) => `t${at}`) }, "release.tags: expected at most 100"],
  [
    "labels",
    { labels: Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`l${at}`, "a"])) },
    "release.labels: expected at most 1000 of them",
  ],
])("takes no more %s than anybody has: each is compared with others", (_, release, message) => {
  expect(() => parse({ release })).toThrow(message);
});

it.each([
  { buildArgs: { A: "https://u:hunter2@h/" } },
  { labels: { a: "x https://u:hunter2@h/" } },
  { annotations: { "com.example.a": "git+https://u:hunter2@h" } },
  { annotations: { description: "https://u:hunter2@h" } },
  { annotations: { title: "https://me@corp.example:hunter2@h" } },
  { images: [{ name: "a", labels: { a: "https://u:hunter2@h/" } }] },
  { labels: { a: "https://u:x/hunter2@h/" } },
  { buildArgs: { A: `https://u:${"hunter2".repeat(100)}@h/` } },
  { labels: { "https://u:hunter2@h/": "a" } },
  { annotations: { "https://u:hunter2@example.com": "a" } },
  { annotations: { source: "https://example.com/?next=https://u:hunter2@h/" } },
  { labels: { a: "https:\\u002f\\u002fu\\u003ahunter2\\u0040h" } },
  { labels: { a: "https%253A%252F%252Fu%253Ahunter2%2540h" } },
  { labels: { a: "https%3A%2F%2Fu%3Ahunter2%40h" } },
  { labels: { a: "https://u:hun\tter2hunter2@h" } },
  { labels: { a: "https:\\\\u:hunter2@h" } },
  { labels: { "https%3A%2F%2Fu%3Ahunter2%40h": "a" } },
  { buildArgs: { A: `https://u:${"hunter2".repeat(1000)}@h/` } },
])("lets no password of a URL into an image: %j", (release) => {
  expect(() => parse({ release })).toThrow(
    /expected (a URL without a|no URL with a) password: whoever has the image reads it, got/,
  );
  expect(() => parse({ release })).not.toThrow("hunter2");
});

it.each([
  { release: { labels: { a: 'https://me:SEC"hunter2@host/x' } } },
  { network: { proxy: "me:hunter2@host:1" } },
  { ciImage: { buildArgs: { GOPROXY: "https:/hunter2@host" } } },
  { ciImage: { buildArgs: { GOPROXY: "https://hun\nter2hunter2@host" } } },
  { release: { repositories: [{ repository: "me:hunter2@host/a/b" }] } },
])("shows no password in what it refuses: %j", (given) => {
  expect(() => parse(given)).toThrow(InputError);
  expect(() => parse(given)).not.toThrow("hunter2");
});

it("takes a URL with a user alone into an image", () => {
  const labels = {
    a: "ssh://git@example.com/app.git",
    b: "docker-image://golang:1.25@sha256:0a",
    c: "https://example.com:8443/a@v1",
  };
  expect(() => parse({ release: { labels } })).not.toThrow();
});

it("reads settings that an editor of Windows began with a mark", () => {
  expect(parseSettings(`\ufeff{"release": {"mainBranch": "trunk"}}`).release.mainBranch).toBe("trunk");
});

it("takes no more images than anybody has: each is as large as all settings", () => {
  const images = Array.from({ length: 101 }, (_, at) => ({ name: `a${at}`, suffix: `-${at}` }));
  expect(() => parse({ release: { images } })).toThrow(
    "slipway.json: release.images: expected at most 100, got [",
  );
  expect(parse({ release: { images: images.slice(0, 100) } }).release.images).toHaveLength(100);
});
