import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.js";
import { formatPlatform, parsePlatform } from "../../src/oci/platform.js";

describe("parsePlatform", () => {
  it.each([
    ["linux/amd64", { os: "linux", architecture: "amd64" }],
    ["linux/arm64", { os: "linux", architecture: "arm64" }],
    ["linux/arm64/v8", { os: "linux", architecture: "arm64" }],
    ["linux/arm/v7", { os: "linux", architecture: "arm", variant: "v7" }],
    ["linux/arm/v8", { os: "linux", architecture: "arm", variant: "v8" }],
    ["linux/amd64/v3", { os: "linux", architecture: "amd64", variant: "v3" }],
  ])("%s", (text, expected) => {
    expect(parsePlatform(text)).toEqual(expected);
  });

  it.each([
    "",
    "linux",
    "linux/",
    "/amd64",
    "linux/amd64/",
    "linux/arm/v7/x",
    "Linux/amd64",
    "linux amd64",
    "a/b c",
  ])("refuses %j", (text) => {
    expect(() => parsePlatform(text, "--platform")).toThrow(
      new InputError({
        subject: "--platform",
        expected: "os/architecture, as in linux/amd64",
        given: text,
      }),
    );
  });
});

describe("formatPlatform", () => {
  it.each([
    [{ os: "linux", architecture: "amd64" }, "linux/amd64"],
    [{ os: "linux", architecture: "arm64", variant: "v8" }, "linux/arm64"],
    [{ os: "linux", architecture: "arm", variant: "v7" }, "linux/arm/v7"],
    [{ os: "linux", architecture: "amd64", variant: "" }, "linux/amd64"],
    [{ os: "unknown", architecture: "unknown" }, "unknown/unknown"],
  ])("%j is %s", (platform, text) => {
    expect(formatPlatform(platform)).toBe(text);
  });
});
