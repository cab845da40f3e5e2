import { describe, expect, it } from "vitest";
import { summarizeDockerfile } from "../../src/dockerfile/dockerfile.js";
import { VerificationError } from "../../src/errors.js";
import {
  type ContainerConfig,
  formatConfiguration,
  parseConfiguration,
} from "../../src/oci/configuration.js";
import type { StoredPlatform } from "../../src/oci/join.js";
import { digestOf } from "../../src/oci/manifest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import {
  checkProgram,
  type EngineBuild,
  finishPlatform,
  machineArguments,
  programPaths,
} from "../../src/release/engine-image.js";
import { joinVariants, makeVariant } from "../support/image.js";
import { dynamicProgram, tinyProgram } from "../support/tiny-program.js";

const diffIds = ["a", "b"].map((layer) => digestOf(Buffer.from(layer)));

/** What the engine gives for a platform, by what its configuration says. */
function built(
  platform: string,
  config: ContainerConfig = {},
  history = "2026-11-27T12:00:00Z",
): StoredPlatform {
  const bytes = formatConfiguration({
    ...parsePlatform(platform),
    created: history,
    config,
    rootfs: { diff_ids: diffIds },
    history: [{ created: history, created_by: "mount / from exec", comment: "buildkit" }],
  });
  const { content } = joinVariants([makeVariant({ platform, layers: [] })]);
  return { platform: parsePlatform(platform), imageId: digestOf(bytes), config: bytes, layers: [], content };
}

function buildOf(platform: string, text: string): EngineBuild {
  return {
    dockerfile: "Containerfile",
    summary: summarizeDockerfile(text),
    labels: {},
    inherited: [],
    platform: parsePlatform(platform),
    created: 0,
    inputs: "0123",
  };
}

const read = ({ config }: StoredPlatform) => parseConfiguration(config, "test");

describe("finishPlatform", () => {
  it.each([
    ["linux/arm64", "linux/arm64", "FROM alpine"],
    ["linux/amd64", "linux/arm64", "FROM scratch"],
    ["linux/amd64", "linux/arm64", "FROM golang AS a\nFROM scratch AS b\nFROM b"],
    ["linux/amd64", "linux/arm/v7", "FROM scratch"],
    ["linux/arm", "linux/arm/v7", "FROM alpine"],
  ])("takes what says %s for %s, from %j", (found, wanted, text) => {
    const finished = finishPlatform(built(found), buildOf(wanted, text));
    const { os, architecture, variant } = read(finished);
    expect(finished.platform).toEqual(parsePlatform(wanted));
    expect({ os, architecture, ...(variant && { variant }) }).toEqual(parsePlatform(wanted));
  });

  it.each([
    ["linux/amd64", "linux/arm64", "FROM --platform=linux/amd64 alpine:3"],
    ["linux/arm/v6", "linux/arm/v7", "FROM alpine:3"],
  ])("refuses what is %s for %s, from %j", (found, wanted, text) => {
    const finish = () => finishPlatform(built(found), buildOf(wanted, text));
    expect(finish).toThrow(VerificationError);
    expect(finish).toThrow(
      `Containerfile for ${wanted}: the engine built an image for ${found}. Remove --platform from the last FROM, and see that alpine:3 exists for ${wanted}.`,
    );
  });

  it("takes build arguments out of the environment, and leaves the rest as it is", () => {
    const config = {
      User: "1:1",
      Env: ["PATH=/bin", "VERSION=1.2.3", "VERSION_FILE=/v", "KEPT=1"],
      Labels: { a: "b" },
    };
    const text = "FROM alpine\nARG VERSION KEPT\nENV KEPT=$VERSION VERSION_FILE=/v\nRUN true";
    const finished = finishPlatform(built("linux/amd64", config), buildOf("linux/amd64", text));
    expect(read(finished).config).toEqual({
      ...config,
      Env: ["PATH=/bin", "VERSION_FILE=/v", "KEPT=1"],
      Labels: { a: "b", "dev.slipway.release.inputs": "0123" },
    });
    expect(read(finished).rootfs.diff_ids).toEqual(diffIds);
  });

  it("keeps what the base sets under the name of a build argument: ENV wins over ARG", () => {
    const config = { Env: ["PATH=/bin", "GOPATH=/go", "VERSION=1.2.3"] };
    const build = buildOf("linux/amd64", "FROM golang\nARG GOPATH VERSION\nRUN true");
    const finished = finishPlatform(built("linux/amd64", config), {
      ...build,
      inherited: ["PATH", "GOPATH"],
    });
    expect(read(finished).config.Env).toEqual(["PATH=/bin", "GOPATH=/go"]);
  });

  it("is the same image whenever the engine made the same layers, and says who built it", () => {
    const build = buildOf("linux/amd64", "FROM alpine");
    const finished = finishPlatform(built("linux/amd64", {}, "2025-12-13T14:00:00Z"), build);
    expect(finishPlatform(built("linux/amd64", {}, "2026-12-13T14:00:00Z"), build)).toEqual({
      ...finished,
      content: expect.anything(),
    });
    expect(finished.imageId).toBe(digestOf(finished.config));
    expect(read(finished)).toMatchObject({
      created: "1970-01-01T00:00:00Z",
      history: diffIds.map(() => ({
        created_by: "Containerfile, built by the engine",
        comment: "slipway",
      })),
    });
  });
});

describe("programPaths", () => {
  const Env = ["PATH=/usr/bin:/bin"];
  it.each<[ContainerConfig, string[]]>([
    [{ Entrypoint: ["/app", "serve"], Cmd: ["x"] }, ["/app"]],
    [{ Cmd: ["/bin/app"] }, ["/bin/app"]],
    [{ Entrypoint: ["./app"], WorkingDir: "/srv" }, ["/srv/app"]],
    [{ Entrypoint: ["app"], Env }, ["/usr/bin/app", "/bin/app"]],
    [{ Entrypoint: ["app"] }, []],
    [{}, []],
  ])("of %j", (config, paths) => {
    expect(programPaths(config)).toEqual(paths);
  });
});

describe("checkProgram", () => {
  const check = (content: Buffer, ...files: string[]) =>
    checkProgram(content, "/app", buildOf("linux/arm64", "FROM scratch"), async (path) =>
      files.includes(path),
    );
  const loader = "/lib/ld-musl-aarch64.so.1";
  const dynamic = dynamicProgram("arm64", loader);

  it.each([
    [
      "a program of another machine",
      tinyProgram("amd64"),
      "expected /app to be a program for arm64, got one for amd64. Compile it for TARGETARCH, as in GOARCH=$TARGETARCH.",
    ],
    [
      "a program whose loader is not there",
      dynamic,
      `/app is loaded by ${loader}, which the image does not have. Link it statically, or for the C library of its base, or choose another base.`,
    ],
  ])("refuses %s", async (_, content, message) => {
    const checked = check(content, "/lib64/ld-linux-x86-64.so.2");
    await expect(checked).rejects.toThrow(VerificationError);
    await expect(checked).rejects.toThrow(`Containerfile for linux/arm64: ${message}`);
  });

  it.each([
    ["a static program of the machine", tinyProgram("arm64")],
    ["a program whose loader is there", dynamic],
    ["a script", Buffer.from("#!/bin/sh\n")],
    ["an empty file", Buffer.alloc(0)],
  ])("takes %s", async (_, content) => {
    await expect(check(content, loader)).resolves.toBeUndefined();
  });
});

it.each([
  ["linux/amd64", "amd64", ""],
  ["linux/arm/v7", "arm", "v7"],
])("machineArguments of %s", (platform, architecture, variant) => {
  expect(machineArguments(platform)).toEqual({
    BUILDPLATFORM: platform,
    BUILDOS: "linux",
    BUILDARCH: architecture,
    BUILDVARIANT: variant,
  });
});
