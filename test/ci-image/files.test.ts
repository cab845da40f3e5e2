import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { ciImagePaths, toolsFile, toolsLock } from "../../src/ci-image/files.js";
import { requestedTools } from "../../src/ci-image/tools.js";
import { readInstructions } from "../../src/dockerfile/instruction.js";
import { root } from "../support/contract.js";

describe("the files of a CI image", () => {
  const settings = { dockerfile: "ci/Dockerfile", context: ["extra.sh"] };

  it("take versions and checksums of the project, where it has versions", () => {
    expect(ciImagePaths(settings, true)).toEqual({
      defaults: ["ci/Dockerfile"],
      own: ["ci/Dockerfile", toolsFile, toolsLock, "extra.sh"],
      required: ["ci/Dockerfile", toolsFile, "extra.sh"],
    });
  });

  it("take Slipway's versions with Slipway's checksums, where it has none", () => {
    expect(ciImagePaths(settings, false)).toEqual({
      defaults: ["ci/Dockerfile", toolsFile, toolsLock],
      own: ["ci/Dockerfile", "extra.sh"],
      required: ["ci/Dockerfile", toolsFile, "extra.sh"],
    });
  });
});

/** An entry of mise.lock: platforms are keys such as `platforms.linux-x64`. */
type LockedTool = { version: string; backend: string } & Record<string, unknown>;

const read = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const lockIn = (project: string) => parse(read(project, toolsLock)).tools as Record<string, [LockedTool]>;

describe.each([".", "test/fixtures/go-project"])("the lock file in %s", (project) => {
  const requested = requestedTools(read(project, toolsFile));

  it.each(Object.entries(requested))("holds %s at the version that is asked for", (name, version) => {
    const key = new RegExp(`(^|/)${name}(/v\\d+)?$`);
    const entries = Object.entries(lockIn(project)).filter(([tool]) => key.test(tool));
    expect(entries.map(([, locked]) => locked.map((tool) => tool.version))).toEqual([[version]]);
  });

  it("holds nothing else", () => {
    expect(Object.keys(lockIn(project))).toHaveLength(Object.keys(requested).length);
  });
});

describe("what Slipway's CI image downloads", () => {
  const architectures = { x64: /(amd64|x86_64)\.tar\.gz$/, arm64: /arm64\.tar\.gz$/ };

  it.each(Object.entries(lockIn(".")))(
    "has a SHA-256 on every platform: %s",
    (_, [{ version, ...locked }]) => {
      for (const [architecture, asset] of Object.entries(architectures))
        for (const libc of ["", "-musl"])
          expect(locked[`platforms.linux-${architecture}${libc}`]).toEqual({
            checksum: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
            url: expect.stringMatching(new RegExp(`^https://github\\.com/.*/v${version}/.*${asset.source}`)),
          });
    },
  );
});

describe("Dockerfile.ci", () => {
  const { instructions } = readInstructions(read("Dockerfile.ci"), "Dockerfile.ci");
  const installation = instructions.find(({ text }) => /mise install/.test(text))?.text ?? "";
  const environment = instructions.filter(({ keyword }) => keyword === "ENV").map(({ text }) => text);

  it("refuses what the lock file does not hold", () => {
    expect(installation).toMatch(/\[ -e \.mise\/mise\.lock \]; then locked=true;/);
    expect(installation).toMatch(/MISE_LOCKED="\$locked" mise install /);
  });

  it("takes nothing from a cache that other builds on the engine can write", () => {
    expect(instructions.filter(({ text }) => text.includes("type=cache"))).toEqual([]);
  });

  it("builds what go: names by the Go of the image, whatever Go the configuration names beside it", () => {
    expect(installation).toContain("export MISE_DISABLE_TOOLS=go;");
  });

  it("leaves no trust in the image, for whatever configures mise there", () => {
    expect(installation).toContain("export MISE_TRUSTED_CONFIG_PATHS=/tmp/tools;");
    expect(environment.join("\n")).not.toMatch(/TRUST|MISE_YES|MISE_PARANOID/);
  });

  it("leaves Go's checksum database on", () => {
    const off = /GONOSUMDB|GONOSUMCHECK|GOSUMDB|GOPRIVATE|GOINSECURE|-insecure/;
    expect(instructions.filter(({ text }) => off.test(text))).toEqual([]);
  });
});
