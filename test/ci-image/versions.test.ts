import { describe, expect, it } from "vitest";
import { isVersion, readVersion } from "../../src/ci-image/versions.js";

// What the tools of a built CI image print, and what those of release builds print.
const outputs = {
  mise: "2026.9.15 linux-x64 (2026-09-27)\n",
  goInstalledLinter:
    'golangci-lint has version 2.7.2 built with go1.25.5 from (unknown, modified: ?, mod sum: "h1:AhBC+YeEueec4AGlIbvPym5C70Thx0JykIqXbdIXWx0=") on (unknown)\n',
  releasedLinter:
    "golangci-lint has version v2.7.2 built with go1.25.5 from 1a2b3c4d on 2025-12-07T12:00:00Z\n",
  releaser: String.raw`  ____       ____      _
 / ___| ___ |  _ \ ___| | ___  __ _ ___  ___ _ __
| |  _ / _ \| |_) / _ \ |/ _ \/ _${"`"} / __|/ _ \ '__|
| |_| | (_) |  _ <  __/ |  __/ (_| \__ \  __/ |
 \____|\___/|_| \_\___|_|\___|\__,_|___/\___|_|
goreleaser: Release engineering, simplified.
https://goreleaser.com

GitVersion:    v2.13.3
GitCommit:     unknown
GitTreeState:  unknown
BuildDate:     unknown
BuiltBy:       unknown
GoVersion:     go1.25.5
Compiler:      gc
ModuleSum:     h1:S8d13YgzzFXxoUJ9NJInuyq3lPNCXTcuW8wSvM+rXnQ=
Platform:      linux/amd64
`,
};

describe("readVersion", () => {
  it.each([
    ["alpine", "3.20.3\n", "3.20.3"],
    ["alpine", "3.24.0_alpha20260127\n", "3.24.0_alpha20260127"],
    ["go", "go version go1.25.5 linux/amd64\n", "1.25.5"],
    ["go", "go version go1.26rc1 linux/arm64\n", "1.26rc1"],
    ["go", "go version go1.25.5 X:nodwarf5 linux/amd64\n", "1.25.5"],
    ["mise", outputs.mise, "2026.9.15"],
    ["golangci-lint", outputs.goInstalledLinter, "2.7.2"],
    ["golangci-lint", outputs.releasedLinter, "2.7.2"],
    ["goreleaser", outputs.releaser, "2.13.3"],
    ["goreleaser", "GitVersion:    2.14.0-SNAPSHOT-1a2b3c4\n", "2.14.0-SNAPSHOT-1a2b3c4"],
  ] as const)("%s: %j", (tool, output, version) => {
    expect(readVersion(tool, output)).toBe(version);
  });

  it.each([
    ["alpine", "Debian 12\n"],
    ["go", "go version devel +1a2b3c\n"],
    ["mise", "mise 2026.9.15\n"],
    ["golangci-lint", "2.7.2\n"],
    ["goreleaser", "goreleaser version 2.13.3\n"],
    ["goreleaser", ""],
  ] as const)("%s does not print %j", (tool, output) => {
    expect(readVersion(tool, output)).toBeUndefined();
  });
});

describe("isVersion", () => {
  it.each([
    ["2.7.2", "2.7.2", true],
    ["3.23.2", "3.23", true],
    ["1.25.5", "1.25", true],
    ["3.230.1", "3.23", false],
    ["2.7.20", "2.7.2", false],
    ["2.7.1", "2.7.2", false],
    ["2.7", "2.7.2", false],
    ["1.26rc1", "1.26", false],
    ["2.7.2-rc.1", "2.7.2", false],
  ])("%s as %s: %s", (version, expected, ok) => {
    expect(isVersion(version, expected)).toBe(ok);
  });
});
