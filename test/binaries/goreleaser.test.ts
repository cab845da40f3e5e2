import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readGoReleaserDist } from "../../src/binaries/goreleaser.js";
import { InputError } from "../../src/errors.js";

const recording = (path: string) =>
  readFileSync(new URL(`../fixtures/goreleaser/${path}`, import.meta.url), "utf8");

const binary = (fields: object) =>
  JSON.stringify([{ name: "app", path: "dist/x/app", goos: "linux", type: "Binary", extra: {}, ...fields }]);

describe("readGoReleaserDist", () => {
  it("reads what goreleaser build wrote", () => {
    const build = readGoReleaserDist({
      artifacts: recording("build/artifacts.json"),
      metadata: recording("build/metadata.json"),
    });
    expect(build).toEqual({
      candidates: [
        { name: "hello", platform: "linux/amd64", path: "hello_linux_amd64_v1/hello", id: "hello" },
        { name: "hello", platform: "linux/arm64", path: "hello_linux_arm64_v8.0/hello", id: "hello" },
      ],
      version: "1.2.3",
    });
  });

  it("takes every binary once of what goreleaser release wrote", () => {
    const { candidates } = readGoReleaserDist({ artifacts: recording("release/artifacts.json") });
    const found = candidates.map(({ id, platform, path }) => `${id} ${platform} ${path}`).toSorted();
    expect(found).toEqual([
      "hello darwin/amd64 hello_darwin_amd64_v1/hello",
      "hello darwin/arm64 hello_darwin_arm64_v8.0/hello",
      "hello linux/amd64 hello_linux_amd64_v1/hello",
      "hello linux/amd64/v3 hello_linux_amd64_v3/hello",
      "hello linux/arm/v6 hello_linux_arm_6/hello",
      "hello linux/arm/v7 hello_linux_arm_7/hello",
      "hello linux/arm64 hello_linux_arm64_v8.0/hello",
      "hello windows/amd64 hello_windows_amd64_v1/hello.exe",
      "helper linux/amd64 helper_linux_amd64_v1/helper",
      "helper linux/arm64 helper_linux_arm64_v8.0/helper",
    ]);
  });

  it("reads past what is no binary, and has no path", () => {
    const artifacts = JSON.stringify([{ type: "Docker Image" }, ...JSON.parse(binary({ goarch: "amd64" }))]);
    expect(readGoReleaserDist({ artifacts }).candidates).toHaveLength(1);
  });

  it.each(["../victim", "a/../../victim", "a\n/../../victim", "a\u2028/../x", "/abs", "a\0b", "a\tb"])(
    "refuses the name %j, which would lie outside the build context",
    (name) => {
      const entry = { name, path: "dist/prog", type: "Binary", goos: "linux", goarch: "amd64" };
      expect(() => readGoReleaserDist({ artifacts: JSON.stringify([entry]) })).toThrow(
        "name: a name inside the build context",
      );
    },
  );

  it("knows no version without metadata.json", () => {
    expect(readGoReleaserDist({ artifacts: "[]" })).toEqual({ candidates: [] });
  });

  it.each<[string, object, string | undefined]>([
    ["Go on arm", { goarch: "arm", goarm: "7,hardfloat" }, "linux/arm/v7"],
    ["Go on a later arm64", { goarch: "arm64", goarm64: "v8.2" }, "linux/arm64/v8.2"],
    ["Go on 386", { goarch: "386", go386: "sse2" }, "linux/386"],
    ["Rust", { goarch: "amd64", target: "x86_64-unknown-linux-musl" }, "linux/amd64"],
    ["Rust on arm", { goarch: "arm", target: "armv7-unknown-linux-gnueabihf" }, "linux/arm/v7"],
    ["Rust on riscv64", { goarch: "riscv64gc", target: "riscv64gc-unknown-linux-gnu" }, "linux/riscv64"],
    ["Zig", { goarch: "arm64", target: "aarch64-linux-musl" }, "linux/arm64"],
    ["Bun", { goarch: "amd64", target: "bun-linux-x64-modern" }, "linux/amd64"],
    ["Bun on arm64", { goarch: "arm64", target: "bun-linux-arm64" }, "linux/arm64"],
    ["an unknown architecture", { goarch: "wasm" }, undefined],
    ["an archive of format binary", { goarch: "amd64", extra: { Format: "binary" } }, undefined],
    ["another artifact", { goarch: "amd64", type: "Archive" }, undefined],
  ])("reads an artifact of %s", (_, fields, platform) => {
    const [candidate] = readGoReleaserDist({ artifacts: binary(fields) }).candidates;
    expect(candidate?.platform).toBe(platform);
  });

  it.each<[string, object[], string]>([
    ["the default", [], "x/app"],
    ["another dist", [{ name: "metadata.json", path: "out/metadata.json", type: "Metadata" }], "dist/x/app"],
    [
      "the project's root",
      [{ name: "metadata.json", path: "metadata.json", type: "Metadata" }],
      "dist/x/app",
    ],
  ])("takes the name of dist off a path: %s", (_, others, path) => {
    const artifacts = JSON.stringify([...others, ...JSON.parse(binary({ goarch: "amd64" }))]);
    expect(readGoReleaserDist({ artifacts }).candidates[0]?.path).toBe(path);
  });

  it.each<[string, { artifacts: string; metadata?: string }, string]>([
    ["no JSON", { artifacts: "[" }, "artifacts.json: expected JSON, got"],
    ["no list", { artifacts: "{}" }, "artifacts.json: expected what GoReleaser writes, got"],
    ["no path", { artifacts: binary({ path: undefined }) }, "0: a binary with a name and a path"],
    ["a name that leaves the context", { artifacts: binary({ name: "../../app" }) }, "0.name: a name inside"],
    ["an absolute name", { artifacts: binary({ name: "/app" }) }, "0.name: a name inside"],
    [
      "no version",
      { artifacts: "[]", metadata: "{}" },
      "metadata.json: expected what GoReleaser writes, got",
    ],
  ])("refuses %s", (_, dist, message) => {
    const read = () => readGoReleaserDist(dist);
    expect(read).toThrow(InputError);
    expect(read).toThrow(message);
    expect(read).toThrow("Build again with GoReleaser 2.");
  });
});
