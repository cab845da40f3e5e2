import { describe, expect, it } from "vitest";
import { resolveBuildArgs } from "../../src/ci-image/build-args.js";
import { parseSettings } from "../../src/config.js";

const declared = (...names: string[]) => ({
  args: new Map<string, string | undefined>(
    names.map((name) => [name, name === "BASE_IMAGE" ? "golang:1" : undefined]),
  ),
});
const found = {
  bases: [{ wanted: "golang:1", pinned: "golang:1@sha256:0a" }],
  miseVersion: "2026.9.15",
};
const resolve = (ciImage: object, ...names: string[]) =>
  resolveBuildArgs(parseSettings(JSON.stringify({ ciImage })).ciImage, declared(...names), found);

describe("the build arguments of a CI image", () => {
  it.each<[string, object, string[], Record<string, string>]>([
    ["are only what the Dockerfile declares", {}, [], {}],
    ["have the base by its digest", {}, ["BASE_IMAGE"], { BASE_IMAGE: "golang:1@sha256:0a" }],
    ["have the version of mise", {}, ["MISE_VERSION"], { MISE_VERSION: "2026.9.15" }],
    ["have packages", { packages: ["bash", "gcc"] }, ["PACKAGES"], { PACKAGES: "bash gcc" }],
    ["have no packages where there are none", {}, ["PACKAGES"], {}],
    ["have the project's own", { buildArgs: { TOOL: "1" } }, ["TOOL", "OTHER"], { TOOL: "1" }],
  ])("%s", (_, settings, names, expected) => {
    expect(resolve(settings, ...names)).toEqual(expected);
  });

  it.each<[object, string[], string]>([
    [
      { buildArgs: { PACKAGES: "bash" } },
      ["PACKAGES"],
      'ciImage.buildArgs: expected no argument that a setting of its own stands for, got "PACKAGES". Set ciImage.packages.',
    ],
    [
      { buildArgs: { TOOL: "1" } },
      ["OTHER"],
      'expected only arguments that Dockerfile.ci declares (OTHER), got "TOOL". Declare it there, as in ARG TOOL, or leave it out.',
    ],
    [
      { packages: ["bash"] },
      [],
      'ciImage.packages: expected none, since Dockerfile.ci declares no ARG PACKAGES that would take them, got ["bash"]. Install them in that Dockerfile, or remove it for Slipway\'s own.',
    ],
  ])("refuse %j where %j are declared", (settings, names, message) => {
    expect(() => resolve(settings, ...names)).toThrow(message);
  });
});
