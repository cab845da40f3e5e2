import { describe, expect, it } from "vitest";
import { namedCandidates } from "../../src/binaries/collect.js";
import { commonPatterns, compilePattern } from "../../src/binaries/pattern.js";
import { InputError } from "../../src/errors.js";

describe("the common patterns", () => {
  it.each<[string, string, string]>([
    ["linux/amd64/app", "app", "linux/amd64"],
    ["linux/arm/v7/app", "app", "linux/arm/v7"],
    ["linux-arm64/app", "app", "linux/arm64"],
    ["linux_x86_64/app", "app", "linux/amd64"],
    ["app_linux_amd64", "app", "linux/amd64"],
    ["my_app_linux_armv7", "my_app", "linux/arm/v7"],
    ["app-linux-x64", "app", "linux/amd64"],
    ["my-app-linux-aarch64", "my-app", "linux/arm64"],
    ["app-Linux-x86_64", "app", "linux/amd64"],
    ["app_windows_amd64.exe", "app", "windows/amd64"],
    ["app-macos-arm64", "app", "darwin/arm64"],
    ["arm-linux-amd64", "arm", "linux/amd64"],
    ["linux-amd64/linux", "linux", "linux/amd64"],
    // GoReleaser's folders.
    ["hello_linux_amd64_v1/hello", "hello", "linux/amd64"],
    ["hello_linux_amd64_v3/hello", "hello", "linux/amd64/v3"],
    ["hello_linux_arm64_v8.0/hello", "hello", "linux/arm64"],
    ["hello_linux_arm64_v9.0/hello", "hello", "linux/arm64/v9"],
    ["hello_linux_arm_7/hello", "hello", "linux/arm/v7"],
    ["hello_linux_386_sse2/hello", "hello", "linux/386"],
    ["hello_linux_ppc64le_power8/hello", "hello", "linux/ppc64le"],
    ["hello_linux_ppc64le_power9/hello", "hello", "linux/ppc64le/power9"],
    ["hello_linux_riscv64_rva20u64/hello", "hello", "linux/riscv64"],
    // Rust, Zig and Bun.
    ["x86_64-unknown-linux-musl/release/app", "app", "linux/amd64"],
    ["aarch64-unknown-linux-gnu/app", "app", "linux/arm64"],
    ["app-x86_64-unknown-linux-musl", "app", "linux/amd64"],
    ["my-app-armv7-unknown-linux-gnueabihf", "my-app", "linux/arm/v7"],
    ["app-riscv64gc-unknown-linux-gnu", "app", "linux/riscv64"],
    ["app-x86_64-pc-windows-msvc.exe", "app", "windows/amd64"],
    ["app-aarch64-apple-darwin", "app", "darwin/arm64"],
    ["app_aarch64-linux", "app", "linux/arm64"],
    ["app-bun-linux-x64", "app", "linux/amd64"],
    ["app-bun-linux-arm64-musl", "app", "linux/arm64"],
    ["app-bun-linux-x64-musl-baseline", "app", "linux/amd64"],
    ["hello_bun-linux-x64-modern/hello", "hello", "linux/amd64"],
  ])("%s is %s for %s", (path, name, platform) => {
    expect(namedCandidates([path], commonPatterns)).toEqual([{ name, platform, path }]);
  });

  it.each([
    "app",
    "README.md",
    "app_linux",
    "app_amd64",
    "app_linux_amd64.tar.gz",
    "app_linux_amd64.sha256",
    "app_1.2.3_linux_amd64",
    "linux-amd64/app.d",
    "linux-amd64/.cargo-lock",
    "linux-amd64/deps/app",
    "app_plan9_amd64",
    "app_linux_m68k",
    "app-wasm32-unknown-unknown",
    "app_linux_amd64x",
    "constructor_toString",
  ])("do not fit %s", (path) => {
    expect(namedCandidates([path], commonPatterns)).toEqual([]);
  });
});

describe("compilePattern", () => {
  it.each<[string, string, object | undefined]>([
    ["{name}_*_{os}_{arch}", "app_1.2.3_linux_amd64", { name: "app", platform: "linux/amd64" }],
    ["{arch}/{os}/{name}", "x64/linux/app", { name: "app", platform: "linux/amd64" }],
    ["bin/{arch}/{name}", "bin/aarch64/app", { name: "app", platform: "linux/arm64" }],
    ["bin/{target}/{name}", "bin/bun-linux-arm64/app", { name: "app", platform: "linux/arm64" }],
    ["bin/{target}/{name}", "bin/linux-arm64/app", undefined],
    [
      "out.(1)/{name}-{os}-{arch}{ext}",
      "out.(1)/app-windows-x64.exe",
      { name: "app", platform: "windows/amd64" },
    ],
    ["out.(1)/{name}-{os}-{arch}{ext}", "outx(1)/app-windows-x64.exe", undefined],
    ["*/{name}-{os}-{arch}", "a/b/app-linux-x64", undefined],
    // A literal part with the name of what every object has between its first and its last character.
    ["/toString/{name}-{os}-{arch}", "/toString/app-linux-x64", { name: "app", platform: "linux/amd64" }],
    ["xnamex{name}-{os}-{arch}", "xnamexapp-linux-x64", { name: "app", platform: "linux/amd64" }],
  ])("%s reads %s as %j", (text, path, expected) => {
    expect(compilePattern(text).read(path)).toEqual(expected);
  });

  it.each([
    ["{nam}_{os}_{arch}", "only the placeholders {name}, {os}, {arch}, {target}, {ext}"],
    ["{toString}_{os}_{arch}", "only the placeholders"],
    ["{}_{name}_{os}_{arch}", "only the placeholders"],
    ["{name}_{os}", "{name}, and either {arch}, with {os} where not all is for Linux, or {target}"],
    ["{os}_{arch}", "{name}, and either {arch}, with {os} where not all is for Linux, or {target}"],
    [
      "{name}_{arch}_{target}",
      "{name}, and either {arch}, with {os} where not all is for Linux, or {target}",
    ],
    ["{name}", "{name}, and either {arch}, with {os} where not all is for Linux, or {target}"],
    ["", "{name}, and either {arch}, with {os} where not all is for Linux, or {target}"],
    ["{name}_{os}_{arch}_{os}", "each placeholder once"],
    ["{os}/{name}", "{name}, and either {arch}, with {os} where not all is for Linux, or {target}"],
    ["***{name}_{os}_{arch}", "at most 2 stars between two slashes"],
    ["a/*_*_*/{name}_{os}_{arch}", "at most 2 stars between two slashes"],
  ])("refuses %j", (text, expected) => {
    const compile = () => compilePattern(text, "release.binaries.pattern");
    expect(compile).toThrow(InputError);
    expect(compile).toThrow(`release.binaries.pattern: expected ${expected}`);
    expect(compile).toThrow("Write it as in {name}_{os}_{arch}.");
  });
});
