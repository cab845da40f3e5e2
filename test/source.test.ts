import { readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { root, sourcePaths } from "./support/contract.js";
import { parseSource, readSource, type SourceFile } from "./support/source.js";

const sources = sourcePaths().map(readSource);
const sdk = "@dagger.io/dagger";

/** What each part of src may import of the others: arrows point one way. */
const layers: Record<string, readonly string[]> = {
  "html-names": [],
  readings: ["html-names"],
  secrets: ["readings"],
  text: ["secrets"],
  errors: ["text", "url-password"],
  guard: ["errors", "secrets", "text"],
  log: ["secrets", "text"],
  json: [],
  "url-password": ["json"],
  "field-names": [],
  archive: ["errors"],
  oci: ["errors", "archive", "json"],
  layer: ["errors", "archive", "oci"],
  dockerfile: ["errors", "archive", "oci", "layer", "text"],
  registry: ["errors", "json", "oci", "secrets", "text"],
  forge: ["errors", "json", "registry"],
  attest: ["archive", "binaries", "errors", "json", "layer", "oci", "registry", "report", "secrets", "text"],
  signing: ["attest", "config", "errors", "log", "project", "registry", "secrets"],
  tags: ["errors", "oci", "registry"],
  outputs: ["errors"],
  phases: [],
  report: ["errors", "outputs", "secrets", "text"],
  files: [],
  binaries: ["dockerfile", "errors", "files", "json", "layer", "oci", "report"],
  cleanup: ["errors", "json", "oci", "outputs", "registry", "report", "secrets", "text"],
  progress: ["phases", "registry", "report"],
  publication: ["layer", "oci", "outputs", "phases", "registry", "report"],
  "release-images": ["registry", "tags"],
  config: [
    "errors",
    "field-names",
    "binaries",
    "json",
    "oci",
    "registry",
    "release-images",
    "tags",
    "url-password",
  ],
  engine: ["errors", "files", "oci", "text"],
  project: ["config", "errors", "files", "log", "oci", "phases", "progress", "registry", "secrets"],
  command: ["errors", "text"],
  "yaml-document": ["errors"],
  go: [
    "command",
    "errors",
    "files",
    "forge",
    "log",
    "phases",
    "project",
    "report",
    "secrets",
    "text",
    "yaml-document",
  ],
  "ci-image": [
    "attest",
    "binaries",
    "command",
    "config",
    "dockerfile",
    "engine",
    "errors",
    "files",
    "json",
    "layer",
    "log",
    "oci",
    "outputs",
    "phases",
    "project",
    "publication",
    "registry",
    "report",
    "secrets",
    "signing",
    "text",
  ],
  release: [
    "attest",
    "binaries",
    "config",
    "dockerfile",
    "engine",
    "errors",
    "files",
    "layer",
    "oci",
    "outputs",
    "phases",
    "project",
    "publication",
    "registry",
    "report",
    "signing",
    "tags",
    "text",
  ],
  adoption: [
    "ci-image",
    "config",
    "dockerfile",
    "errors",
    "files",
    "forge",
    "go",
    "oci",
    "registry",
    "release",
    "tags",
    "text",
    "yaml-document",
  ],
  index: [
    "adoption",
    "attest",
    "ci-image",
    "cleanup",
    "config",
    "errors",
    "files",
    "go",
    "guard",
    "log",
    "phases",
    "project",
    "registry",
    "release",
    "report",
    "tags",
    "secrets",
    "signing",
  ],
};

/** Parts that are plain TypeScript, usable and tested without an engine. */
const engineFree = [
  "html-names",
  "readings",
  "secrets",
  "text",
  "errors",
  "guard",
  "log",
  "json",
  "url-password",
  "yaml-document",
  "archive",
  "oci",
  "layer",
  "dockerfile",
  "registry",
  "attest",
  "tags",
  "outputs",
  "phases",
  "report",
  "progress",
  "publication",
  "cleanup",
  "config",
];

function layerOf(path: string): string {
  return path.split(sep)[1]?.replace(/\.ts$/, "") ?? "";
}

function layersImportedBy({ path, imports }: SourceFile): string[] {
  return imports
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => layerOf(join(dirname(path), specifier.replace(/\.js$/, ".ts"))))
    .filter((layer) => layer !== layerOf(path));
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

const packagesImported = (files: readonly SourceFile[]) =>
  files
    .flatMap(({ imports }) => imports)
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
    .map(packageOf);

describe.each(sources.map((source) => [source.path, source] as const))("%s", (path, source) => {
  it("imports only what its layer may", () => {
    const allowed = layers[layerOf(path)];
    expect(allowed, `${layerOf(path)} has no place in the table of layers`).toBeDefined();
    expect(layersImportedBy(source).filter((layer) => !allowed?.includes(layer))).toEqual([]);
  });

  it("does nothing at import, since every call of the module imports it", () => {
    expect(source.effects).toEqual([]);
  });
});

describe("packages", () => {
  it("are in the dependencies, where the runtime of the module installs them; it brings the SDK itself", () => {
    const installed = [...Object.keys(manifest.dependencies), sdk];
    expect(packagesImported(sources).filter((name) => !installed.includes(name))).toEqual([]);
  });

  it("are in the dependencies only where src imports them; the runtime itself needs typescript", () => {
    const used = [...packagesImported(sources), "typescript"];
    expect(Object.keys(manifest.dependencies).filter((name) => !used.includes(name))).toEqual([]);
  });

  it("of signatures are loaded where one is made or verified, and not at each call", () => {
    const atOnce = /^import (?!type )[^;]*from "(@sigstore|@noble)\//m;
    expect(sources.filter(({ path }) => atOnce.test(readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  it.each(engineFree)("of %s do not include Dagger's", (layer) => {
    const files = sources.filter(({ path }) => layerOf(path) === layer);
    expect(files).not.toEqual([]);
    expect(packagesImported(files)).not.toContain(sdk);
  });
});

describe("what leaves the process", () => {
  const textOf = ({ path }: SourceFile) => readFileSync(join(root, path), "utf8");
  const using = (pattern: RegExp) =>
    sources.filter((source) => pattern.test(textOf(source))).map(({ path }) => path);

  it("is printed in one place, which takes out secrets and commands, but for numbers of bytes", () => {
    expect(using(/\bconsole\b|\bprocess\.std(out|err)\b/)).toEqual(["src/log.ts", "src/project.ts"]);
    expect(using(/\bprocess\.std(?!err, now\))/)).toEqual([]);
  });

  it("knows every secret that is read: Docker's configuration is taken apart, all others are remembered", () => {
    expect(using(/\.plaintext\(/)).toEqual(["src/project.ts", "src/secrets.ts"]);
    expect(textOf(readSource("src/project.ts")).match(/\w+\.plaintext\(/g)).toEqual([
      "dockerConfig.plaintext(",
    ]);
  });

  it("is an error of the module only where the class is guarded, of which every method may throw", () => {
    const exposed = sources.filter(({ decorators }) => decorators.some(({ name }) => name === "func"));
    expect(exposed.map(({ path }) => path)).toEqual(["src/index.ts"]);
    for (const { decorators } of exposed)
      expect(decorators.filter(({ name }) => name === "guarded").map(({ target }) => target)).toEqual([
        "Slipway",
      ]);
  });
});

describe("the search for effects", () => {
  it.each([
    ["a call", "start();"],
    ["a call of another module's function", 'import { read } from "./read.js";\nconst text = read("a");'],
    ["a call inside a constant", 'const settings = { home: process.env.HOME, text: readFileSync("a") };'],
    ["a new object of another module", 'import { Client } from "./client.js";\nconst client = new Client();'],
    ["a call in a list", "const list = [start()].map(String);"],
    ["an await", "const text = await fetched;"],
    ["a condition", "if (process.env.CI) console.log(1);"],
    ["an immediately invoked function", "const text = (() => 1)();"],
    ["a static field", "class A { static text = read(); }"],
  ])("finds %s", (_, text) => {
    expect(parseSource("src/a.ts", text).effects).not.toEqual([]);
  });

  it.each([
    [
      "imports and types",
      'import { a } from "./a.js";\nexport interface B { c: string }\nexport type D = B;',
    ],
    ["functions", 'export function read() { return readFileSync("a"); }\nconst b = () => read();'],
    ["a schema", 'import { z } from "zod";\nconst schema = z.object({ a: z.string().optional() });'],
    [
      "values",
      'const letters = "a b".split(" ");\nconst list = ["a"].map((name) => name);\nconst names = new Set(["a"]);\nconst pattern = new RegExp("a");\nconst table = { a: [1, 2] };',
    ],
    ["fields and decorators", "@object() class A { text = read(); @func() b() {} }"],
  ])("passes %s", (_, text) => {
    expect(parseSource("src/a.ts", text).effects).toEqual([]);
  });
});
