import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RENEW_CACHE_KEY } from "../src/ci-image/cache-key.js";
import { type Grammar, parseCommand, problemOf } from "./support/command.js";
import { readContract, root } from "./support/contract.js";
import { readCoreApi } from "./support/core-api.js";
import { anchorsOf, documentedCommands, linksOf, quotedCommands } from "./support/markdown.js";

const pages = ["*.md", "docs/*.md", "examples/*.md", "examples/*/*.md"]
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .sort();
const read = (page: string) => readFileSync(join(root, page), "utf8");

let grammar: Grammar;

beforeAll(async () => {
  grammar = { contract: await readContract(), core: readCoreApi() };
});

describe("documentation", () => {
  it.each(pages)("of %s calls what the module has", (page) => {
    const commands = [
      ...documentedCommands(read(page)).map(({ command }) => command),
      ...quotedCommands(read(page)),
    ].filter((command) => /^dagger (-m \S+ )?call /.test(command));
    const problems = commands.flatMap((command) => problemOf(command, grammar));
    expect(problems).toEqual([]);
  });

  it.each(pages)("of %s links to files and headings that are there", (page) => {
    const broken = linksOf(read(page)).filter(({ path, anchor }) => {
      const target = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)("of %s has no two headings of one name, so that a link leads to one", (page) => {
    const anchors = anchorsOf(read(page));
    expect(anchors.filter((anchor, at) => anchors.indexOf(anchor) !== at)).toEqual([]);
  });

  it("begins with a README of at most 150 lines", () => {
    expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
  });

  it("has all pages of docs in its index", () => {
    const indexed = linksOf(read("docs/README.md")).map(({ path }) => join("docs", path));
    const others = pages.filter((page) => dirname(page) === "docs" && page !== "docs/README.md");
    expect(others.filter((page) => !indexed.includes(page))).toEqual([]);
  });

  it("is reached from the README, page by page", () => {
    const reached = new Set(["README.md"]);
    for (const page of reached)
      for (const { path } of linksOf(read(page)))
        if (pages.includes(join(dirname(page), path))) reached.add(join(dirname(page), path));
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it("of errors calls what the module has", () => {
    expect(problemOf(RENEW_CACHE_KEY, grammar)).toEqual([]);
  });
});

describe("the check of commands", () => {
  it.each([
    ["dagger call", "calls no function"],
    ["dagger call lints", "Slipway has no function lints"],
    ["dagger call lint --image a", "lint has no option --image"],
    ["dagger call lint --ci-image", "lint --ci-image: has no value"],
    ["dagger call --sources . lint", "dagger call has no option --sources"],
    ["dagger call rollback-ci-image", "rollback-ci-image: --tag missing"],
    ["dagger call assess-rollback --pulls many", "assess-rollback --pulls: many is no int"],
    ["dagger call cache-key --format Json", "cache-key has no option --format"],
    ["dagger call resolve-mise --format Xml", "resolve-mise --format: Xml is no Markdown,Json"],
    ["dagger call --docker-config a.json lint", "dagger call --docker-config: a.json is no Secret"],
    ["dagger call cache-key export", "export: --path missing"],
    ["dagger call build export --path dist --force", "export has no option --force"],
    ["dagger call lint export --path a", "string has no function export"],
    ["docker run alpine", "does not begin with dagger call"],
  ])("refuses %s", (command, reason) => {
    expect(() => parseCommand(command, grammar)).toThrow(reason);
  });

  it.each([
    "dagger -m github.com/acme/slipway@v0.1.0 call --source . lint",
    "dagger call --source=. build --release export --path dist --wipe",
    "dagger call with-registry-auth --address a --username 'b c' --secret env://C publish-ci-image",
    "dagger call build-ci-image --platform linux/arm64 terminal",
    "dagger call -o report.md verify-ci-image --format markdown",
  ])("takes %s", (command) => {
    expect(() => parseCommand(command, grammar)).not.toThrow();
  });
});
