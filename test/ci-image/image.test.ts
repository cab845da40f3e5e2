import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type CiImageInputs,
  describeCiImage,
  describeTool,
  isImmutableTag,
  isSlipwayImage,
  labels,
  type ToolInputs,
} from "../../src/ci-image/image.js";
import type { VerifiedImage, VerifiedVariant } from "../../src/registry/verify.js";

const inputs: CiImageInputs = {
  content: { "Dockerfile.ci": Buffer.from("FROM golang\n"), ".mise/config.toml": Buffer.from("[tools]\n") },
  bases: [`golang@sha256:${"a".repeat(64)}`],
  buildArgs: { GOPROXY: "https://proxy.example", APK_REPOSITORIES: "https://apk.example" },
  platforms: ["linux/amd64", "linux/arm64"],
  miseVersion: "2025.12.13",
  alpine: "3.23",
};
const { identity } = describeCiImage(inputs);

describe("describeCiImage", () => {
  it("names the image by version, base and identity", () => {
    expect(identity).toMatch(/^[0-9a-f]{64}$/);
    expect(describeCiImage(inputs)).toEqual({
      identity,
      tag: `2025.12.13-alpine3.23-${identity.slice(0, 8)}`,
      aliases: ["2025.12.13", "latest"],
      platforms: ["linux/amd64", "linux/arm64"],
      labels: { [labels.identity]: identity, [labels.mise]: "2025.12.13" },
    });
  });

  it("names an image whose Dockerfile takes no version of mise by its base and identity", () => {
    const own = describeCiImage({ ...inputs, miseVersion: undefined });
    expect(own).toEqual({
      identity: own.identity,
      tag: `alpine3.23-${own.identity.slice(0, 8)}`,
      aliases: ["latest"],
      platforms: ["linux/amd64", "linux/arm64"],
      labels: { [labels.identity]: own.identity },
    });
    expect(own.identity).not.toBe(identity);
  });

  it.each<[string, Partial<CiImageInputs>]>([
    ["files", { content: Object.fromEntries(Object.entries(inputs.content).toReversed()) }],
    ["build arguments", { buildArgs: Object.fromEntries(Object.entries(inputs.buildArgs).toReversed()) }],
    ["platforms", { platforms: inputs.platforms.toReversed() }],
  ])("does not depend on the order of %s", (_, part) => {
    expect(describeCiImage({ ...inputs, ...part }).identity).toBe(identity);
  });

  it.each<[string, Partial<CiImageInputs>]>([
    ["a byte of a file", { content: { ...inputs.content, "Dockerfile.ci": Buffer.from("FROM golang \n") } }],
    ["a file more", { content: { ...inputs.content, extra: Buffer.from("") } }],
    [
      "two files that swap their content",
      {
        content: {
          "Dockerfile.ci": Buffer.from("[tools]\n"),
          ".mise/config.toml": Buffer.from("FROM golang\n"),
        },
      },
    ],
    [
      "the tools",
      { content: { ...inputs.content, ".mise/config.toml": Buffer.from("[tools]\ngo = '1'\n") } },
    ],
    ["the digest of the base", { bases: [`golang@sha256:${"b".repeat(64)}`] }],
    ["a base more", { bases: [...inputs.bases, ...inputs.bases] }],
    ["a build argument", { buildArgs: { ...inputs.buildArgs, GOPROXY: "off" } }],
    ["a build argument less", { buildArgs: { GOPROXY: "https://proxy.example" } }],
    ["a platform less", { platforms: ["linux/amd64"] }],
    ["the version of mise", { miseVersion: "2025.12.14" }],
    ["the release of Alpine", { alpine: "3.22" }],
    ["the stage", { target: "full" }],
  ])("depends on %s", (_, part) => {
    const changed = describeCiImage({ ...inputs, ...part });
    expect(changed.identity).not.toBe(identity);
    expect(changed.tag.endsWith(changed.identity.slice(0, 8))).toBe(true);
  });

  it("hashes text that other programs can hash as well", () => {
    const sha256 = (content: Uint8Array | string) => createHash("sha256").update(content).digest("hex");
    const canonical = JSON.stringify({
      content: [
        [".mise/config.toml", `sha256:${sha256("[tools]\n")}`],
        ["Dockerfile.ci", `sha256:${sha256("FROM golang\n")}`],
      ],
      bases: inputs.bases,
      buildArgs: [
        ["APK_REPOSITORIES", "https://apk.example"],
        ["GOPROXY", "https://proxy.example"],
      ],
      platforms: ["linux/amd64", "linux/arm64"],
      miseVersion: "2025.12.13",
      alpine: "3.23",
    });
    expect(identity).toBe(sha256(canonical));
  });
});

describe("describeTool", () => {
  const tool: ToolInputs = {
    name: "golangci-lint",
    version: "2.7.2",
    request: [{ tools: { "golangci-lint": "2.7.2" } }, null],
    dockerfile: Buffer.from("FROM golang\n"),
    buildArgs: { B: "2", A: "1" },
    platforms: ["linux/amd64", "linux/arm64"],
  };
  const described = describeTool(tool);

  it("names the tool by its version and identity, and moves no tag", () => {
    expect(described).toEqual({
      identity: expect.stringMatching(/^[0-9a-f]{64}$/),
      tag: `golangci-lint-2.7.2-${described.identity.slice(0, 8)}`,
      aliases: [],
      platforms: tool.platforms,
      labels: {
        [labels.identity]: described.identity,
        "org.opencontainers.image.title": "golangci-lint",
        "org.opencontainers.image.version": "2.7.2",
      },
    });
    expect(isImmutableTag(described.tag)).toBe(true);
  });

  it("does not depend on an order", () => {
    const turned = { buildArgs: { A: "1", B: "2" }, platforms: tool.platforms.toReversed() };
    expect(describeTool({ ...tool, ...turned }).identity).toBe(described.identity);
  });

  it.each<[string, Partial<ToolInputs>]>([
    ["its name", { name: "goreleaser" }],
    ["its version", { version: "2.7.3" }],
    ["what mise is asked for", { request: [{ tools: { "go:golangci-lint": "2.7.2" } }, null] }],
    ["its checksums", { request: [{ tools: { "golangci-lint": "2.7.2" } }, [{ checksum: "x" }]] }],
    ["the Dockerfile", { dockerfile: Buffer.from("FROM golang \n") }],
    ["a build argument", { buildArgs: { A: "1", B: "3" } }],
    ["a platform less", { platforms: ["linux/amd64"] }],
  ])("depends on %s", (_, part) => {
    expect(describeTool({ ...tool, ...part }).identity).not.toBe(described.identity);
  });
});

describe("isSlipwayImage", () => {
  const imageWith = (...all: Record<string, string>[]) =>
    ({ variants: all.map((variant) => ({ labels: variant }) as VerifiedVariant) }) as VerifiedImage;
  const slipway = { [labels.identity]: "an older one" };

  it.each([
    ["every platform carries the label", imageWith(slipway, slipway), true],
    ["one platform does not", imageWith(slipway, {}), false],
    ["another label", imageWith({ [labels.mise]: "2025.12.13" }), false],
    ["an index without platforms", imageWith(), false],
  ])("%s", (_, image, expected) => {
    expect(isSlipwayImage(image)).toBe(expected);
  });
});

describe("isImmutableTag", () => {
  it.each([
    [describeCiImage(inputs).tag, true],
    ["2025.12.13-alpine3.23-1a2b3c4d", true],
    ["alpine3.23-1a2b3c4d", true],
    ["golangci-lint-2.7.2-1a2b3c4d", true],
    ["goreleaser-2.14.0-rc.1-1a2b3c4d", true],
    ["golangci-lint-2.7.2", false],
    ["alpine3.23", false],
    ["2025.12.13", false],
    ["latest", false],
    ["latest-kept-1a2b3c4d5e6f", false],
    ["2025.12.13-alpine3.23", false],
  ])("%s: %s", (tag, expected) => {
    expect(isImmutableTag(tag)).toBe(expected);
  });
});
