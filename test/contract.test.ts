import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { apiDeclarations, type Contract, kebabCase, readContract, sourcePaths } from "./support/contract.js";
import { type Decorator, readSource } from "./support/source.js";

let contract: Contract;
let decorators: Decorator[];

beforeAll(async () => {
  contract = await readContract();
  decorators = sourcePaths().flatMap((path) => readSource(path).decorators);
});

describe("the command line", () => {
  it.each([
    "build-ci-image",
    "verify-ci-image",
    "publish-ci-image",
    "rollback-ci-image",
    "assess-rollback",
    "resolve-mise",
    "cache-key",
    "check-cache-key",
    "lint",
    "test",
    "build",
    "module-cache",
    "plan",
    "images",
    "release",
    "verify-image",
    "with-registry-auth",
  ])("has %s", (name) => {
    expect(contract.functions.map((command) => command.name)).toContain(name);
  });

  it.each(["source", "config", "docker-config"])("takes --%s for every call", (name) => {
    expect(contract.options.map((option) => option.name)).toContain(name);
  });

  it("takes the root of the module's repository where no source is given", () => {
    expect(contract.options.find(({ name }) => name === "source")).toMatchObject({
      type: "Directory",
      required: false,
      default: '"/"',
    });
  });

  it.each(["lint", "test", "verify-ci-image", "check-cache-key"])("has %s as a check", (name) => {
    const command = contract.functions.find((candidate) => candidate.name === name);
    expect(command?.check).toBe(true);
    // The engine runs checks without arguments.
    expect(command?.options.filter(({ required }) => required)).toEqual([]);
  });

  it("has no function that the introspector drops", () => {
    const declared = decorators
      .filter(({ name }) => name === "func")
      .map(({ target }) => kebabCase(target.replace("Slipway.", "")));
    expect(contract.functions.map(({ name }) => name)).toEqual(declared.sort());
  });

  it("exposes functions only: state stays inside", () => {
    expect(contract.states.filter(({ exposed }) => exposed.length > 0)).toEqual([]);
  });

  it("has no name that the Dagger API has already, which an engine would take in its place", () => {
    const core = new Set(
      readFileSync(apiDeclarations, "utf8").match(/(?<=^export declare (?:class|enum) )\w+/gm) ?? [],
    );
    expect(core).toContain("Container");
    const own = [...contract.states, ...contract.enums].map(({ name }) => name);
    expect(own.filter((name) => core.has(name))).toEqual([]);
  });
});

describe("help", () => {
  it("says what the module is", () => {
    expect(contract.description).toMatch(/^The CI image/);
  });

  it("describes every function, option and enumeration", () => {
    const { functions, options, enums } = contract;
    const texts = [
      ...functions.map(({ name, help }) => [name, help]),
      ...options.map(({ name, help }) => [`--${name}`, help]),
      ...functions.flatMap((command) =>
        command.options.map(({ name, help }) => [`${command.name} --${name}`, help]),
      ),
      ...enums.map(({ name, help }) => [name, help]),
    ];
    expect(texts.filter(([, help]) => help?.trim() === "")).toEqual([]);
  });

  it("opens with one line that stands alone, as lists of functions cut off the rest", () => {
    const openings = contract.functions.map(({ help }) => help.split("\n")[0] ?? "");
    expect(openings.filter((opening) => opening.length > 110 || opening.endsWith(","))).toEqual([]);
  });
});

describe("the cache policy", () => {
  it("is stated on every function, since Dagger's default of seven days fits none that reads the network", () => {
    const functions = decorators.filter(({ name }) => name === "func");
    expect(functions.length).toBeGreaterThan(0);
    expect(functions.filter(({ settings }) => settings.cache === undefined)).toEqual([]);
  });

  it("lets the engine keep, for those seven days, what depends on its arguments and the source alone", () => {
    const kept = contract.functions.filter(({ cache }) => cache !== "never" && cache !== "session");
    expect(kept.map(({ name, cache }) => `${name} ${cache}`)).toEqual([
      "assess-rollback 168h",
      "cache-key 168h",
      "check-cache-key 168h",
    ]);
  });
});

describe("decorators", () => {
  it("stand in src/index.ts, and elsewhere on classes that only carry data", () => {
    const elsewhere = sourcePaths()
      .filter((path) => path !== "src/index.ts")
      .flatMap((path) =>
        readSource(path).decorators.map(({ name, target }) => `${path}: @${name} ${target}`),
      );
    expect(elsewhere.filter((line) => !/: @object \w+$/.test(line))).toEqual([]);
  });
});
