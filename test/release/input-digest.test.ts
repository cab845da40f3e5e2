import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadContext, readIgnoreFile } from "../../src/dockerfile/context.js";
import type { Source } from "../../src/dockerfile/sources.js";
import type { FileNode } from "../../src/layer/file-tree.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { type BuildInputs, digestInputs } from "../../src/release/input-digest.js";
import { type FileSpec, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const files: Readonly<Record<string, FileSpec>> = {
  app: { content: "program", mode: 0o755 },
  "etc/a.yaml": "a",
  "etc/link": { link: "a.yaml" },
  "etc/sub/b": "b",
};

/** What is copied of files that are written into a directory of their own. */
async function sourcesOf(written = files, paths: readonly string[] = ["/app", "/etc"]): Promise<Source[]> {
  const { path } = makeTemporaryDirectory();
  const directory = join(path, "context");
  await writeFiles(path, { "context/": "" });
  await writeFiles(directory, written);
  const tree = loadContext(directory, readIgnoreFile(directory, "Dockerfile"));
  return paths.flatMap((name) => {
    const node = tree.get(name);
    return node === undefined ? [] : [{ path: name, node }];
  });
}

async function digest(changes: Partial<BuildInputs> = {}): Promise<string> {
  return digestInputs({
    dockerfile: "FROM golang:1\nCOPY app etc /x/\nRUN true\n",
    platform: parsePlatform("linux/arm64"),
    buildArgs: { VERSION: "1.2.3", NAME: "app" },
    images: ["golang:1 sha256:a", "alpine:3 sha256:b"],
    copied: changes.copied ?? (await sourcesOf()),
    labels: { "org.opencontainers.image.title": "app" },
    created: 0,
    ...changes,
  });
}

const without = (path: string) => Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));

describe("digestInputs", () => {
  // Published images are known by it: where it changes, a re-run of an old release no longer finds itself.
  it("stays what it is", async () => {
    expect(await digest()).toBe("b958df3e237465ba3a0eb4267bf6a12fe95121c24932a18faff309f83ab25c47");
  });

  it.each<[string, () => Promise<Partial<BuildInputs>>]>([
    ["in another directory", async () => ({ copied: await sourcesOf() })],
    ["in another order", async () => ({ copied: (await sourcesOf()).toReversed() })],
    [
      "where something is copied twice",
      async () => ({ copied: [...(await sourcesOf()), ...(await sourcesOf())] }),
    ],
    [
      "with another umask",
      async () => {
        const before = process.umask(0o077);
        try {
          return { copied: await sourcesOf({ ...files, app: { content: "program", mode: 0o700 } }) };
        } finally {
          process.umask(before);
        }
      },
    ],
    ["with images in another order", async () => ({ images: ["alpine:3 sha256:b", "golang:1 sha256:a"] })],
    ["with build arguments in another order", async () => ({ buildArgs: { NAME: "app", VERSION: "1.2.3" } })],
    ["with a platform written in full", async () => ({ platform: parsePlatform("linux/arm64/v8") })],
  ])("is the same %s", async (_, change) => {
    expect(await digest(await change())).toBe(await digest());
  });

  it.each<[string, () => Promise<Partial<BuildInputs>>]>([
    ["the Dockerfile", async () => ({ dockerfile: "FROM golang:1\nCOPY app etc /x/\nRUN false\n" })],
    ["the platform", async () => ({ platform: parsePlatform("linux/amd64") })],
    ["the variant", async () => ({ platform: parsePlatform("linux/arm64/v9") })],
    ["the stage", async () => ({ stage: "small" })],
    ["a build argument", async () => ({ buildArgs: { VERSION: "1.2.4", NAME: "app" } })],
    ["a build argument more", async () => ({ buildArgs: { VERSION: "1.2.3", NAME: "app", A: "" } })],
    ["a build argument less", async () => ({ buildArgs: { VERSION: "1.2.3" } })],
    ["the digest of a base", async () => ({ images: ["golang:1 sha256:c", "alpine:3 sha256:b"] })],
    ["the name of a base", async () => ({ images: ["golang:2 sha256:a", "alpine:3 sha256:b"] })],
    ["a label", async () => ({ labels: { "org.opencontainers.image.title": "other" } })],
    ["a label less", async () => ({ labels: {} })],
    ["the time", async () => ({ created: 1 })],
    ["content", async () => ({ copied: await sourcesOf({ ...files, "etc/sub/b": "c" }) })],
    ["a name", async () => ({ copied: await sourcesOf({ ...without("etc/sub/b"), "etc/sub/c": "b" }) })],
    ["a file more", async () => ({ copied: await sourcesOf({ ...files, "etc/c": "" }) })],
    ["a file less", async () => ({ copied: await sourcesOf(without("etc/a.yaml")) })],
    ["an empty directory", async () => ({ copied: await sourcesOf({ ...files, "etc/empty/": "" }) })],
    [
      "permissions",
      async () => ({ copied: await sourcesOf({ ...files, app: { content: "program", mode: 0o644 } }) }),
    ],
    [
      "a link's target",
      async () => ({ copied: await sourcesOf({ ...files, "etc/link": { link: "sub/b" } }) }),
    ],
    [
      "a file in place of a link",
      async () => ({ copied: await sourcesOf({ ...files, "etc/link": "a.yaml" }) }),
    ],
    [
      "the path of a source",
      async () => ({
        copied: (await sourcesOf()).map((source) => ({ ...source, path: `/x${source.path}` })),
      }),
    ],
    ["nothing copied", async () => ({ copied: [] })],
  ])("is another one with another input: %s", async (_, change) => {
    expect(await digest(await change())).not.toBe(await digest());
  });

  it("knows content wherever it is", async () => {
    const node: FileNode = {
      type: "file",
      mode: 0o755,
      uid: 0,
      gid: 0,
      content: { bytes: Buffer.from("program") },
    };
    const copied = await sourcesOf(files, ["/app"]);
    expect(await digest({ copied: [{ path: "/app", node }] })).toBe(await digest({ copied }));
  });
});
