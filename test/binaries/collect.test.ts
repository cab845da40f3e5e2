import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { selectBinaries } from "../../src/binaries/binaries.js";
import { type CatalogRequest, readCatalog } from "../../src/binaries/collect.js";
import { compilePattern } from "../../src/binaries/pattern.js";
import { InputError, VerificationError } from "../../src/errors.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

const artifacts = await readFile(
  new URL("../fixtures/goreleaser/build/artifacts.json", import.meta.url),
  "utf8",
);
const metadata = await readFile(
  new URL("../fixtures/goreleaser/build/metadata.json", import.meta.url),
  "utf8",
);

const goreleaser = {
  "artifacts.json": artifacts,
  "metadata.json": metadata,
  "hello_linux_amd64_v1/hello": "amd64",
  "hello_linux_arm64_v8.0/hello": "arm64",
};

const selection = { platforms: ["linux/amd64", "linux/arm64"], names: [], ids: [] };

let directory: TemporaryDirectory;

beforeEach(() => {
  directory = makeTemporaryDirectory();
});

afterEach(() => directory.remove());

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), content);
  }
}

/** What a directory holds, and the binaries of a release among it. */
async function collect(options: Partial<CatalogRequest> = {}, root = directory.path) {
  const catalog = await readCatalog(root, { subject: "dist", ...options });
  return { ...catalog, binaries: selectBinaries(catalog.candidates, catalog.files, selection, "dist") };
}

describe("readCatalog", () => {
  it.each([
    ["folders", "amd64/hello", "arm64/hello"],
    ["a hyphen", "hello-x86_64", "hello-aarch64"],
    ["an underscore", "hello_amd64", "hello_arm64"],
  ])("takes architectures alone for those of Linux: by %s", async (_, amd64, arm64) => {
    await write({ [amd64]: "a", [arm64]: "b" });
    const { binaries } = await collect();
    expect(binaries.map(({ name, platform, path }) => [name, platform, path])).toEqual([
      ["hello", "linux/amd64", amd64],
      ["hello", "linux/arm64", arm64],
    ]);
  });

  it("takes no architecture alone where names of other files say a system as well", async () => {
    await write({ "hello-linux-amd64": "a", "hello-linux-arm64": "b", "amd64/hello": "c" });
    expect((await collect()).candidates.map(({ path }) => path)).toEqual([
      "hello-linux-amd64",
      "hello-linux-arm64",
    ]);
  });

  it("goes by artifacts.json where there is one", async () => {
    await write({ ...goreleaser, "hello-linux-amd64": "not built by GoReleaser" });
    expect(await collect()).toMatchObject({
      binaries: [
        {
          name: "hello",
          platform: "linux/amd64",
          path: "hello_linux_amd64_v1/hello",
          staged: "linux/amd64/hello",
        },
        {
          name: "hello",
          platform: "linux/arm64",
          path: "hello_linux_arm64_v8.0/hello",
          staged: "linux/arm64/hello",
        },
      ],
      builtVersion: "1.2.3",
      isDist: true,
    });
  });

  it("goes by the pattern that was given even then", async () => {
    await write({ ...goreleaser, "extra/hello-linux-amd64": "", "extra/hello-linux-arm64": "" });
    const pattern = compilePattern("extra/{name}-{os}-{arch}");
    const { binaries, builtVersion, isDist } = await collect({ pattern });
    expect(binaries.map(({ path }) => path)).toEqual(["extra/hello-linux-amd64", "extra/hello-linux-arm64"]);
    expect([builtVersion, isDist]).toEqual([undefined, false]);
  });

  it.each<[string, string[]]>([
    ["a dist without its artifacts.json", ["hello_linux_amd64_v1/hello", "hello_linux_arm64_v8.0/hello"]],
    [
      "cargo's target",
      ["x86_64-unknown-linux-musl/release/hello", "aarch64-unknown-linux-musl/release/hello"],
    ],
    ["what bun builds", ["hello-linux-x64", "hello-linux-arm64"]],
    ["a staged context", ["linux/amd64/hello", "linux/arm64/hello"]],
  ])("reads %s by its names", async (_, paths) => {
    const files = { ...Object.fromEntries(paths.map((path) => [path, ""])), "checksums.txt": "" };
    await write(files);
    const { binaries, isDist } = await collect();
    expect(isDist).toBe(false);
    expect(binaries.map(({ path, staged }) => [path, staged])).toEqual([
      [paths[0], "linux/amd64/hello"],
      [paths[1], "linux/arm64/hello"],
    ]);
  });

  it("does not follow links", async () => {
    await write({ "hello-linux-amd64": "" });
    await symlink("/etc/passwd", join(directory.path, "hello-linux-arm64"));
    await expect(collect()).rejects.toThrow("- linux/arm64: no hello");
  });

  it("refuses an empty directory", async () => {
    const collecting = collect();
    await expect(collecting).rejects.toThrow(VerificationError);
    await expect(collecting).rejects.toThrow("- it holds no file");
  });

  it("refuses what is no directory", async () => {
    const collecting = collect({}, join(directory.path, "absent"));
    await expect(collecting).rejects.toThrow(InputError);
    await expect(collecting).rejects.toThrow("dist: expected a directory with binaries, got nothing.");
  });
});
