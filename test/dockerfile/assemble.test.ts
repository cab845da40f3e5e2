import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AssemblyOptions, assemble as assembleFiles, release } from "../support/image-assembly.js";
import { makeBase } from "../support/image-base.js";
import { listLayer, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.js";

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = makeTemporaryDirectory();
  await writeFiles(directory.path, release.files);
});
afterEach(() => directory.remove());

const assemble = (options?: AssemblyOptions) => assembleFiles(directory.path, options);
const configOf = (bytes: Buffer) => JSON.parse(bytes.toString());

describe("assembleVariant", () => {
  it("makes no image of more layers than Docker runs", async () => {
    const lines = (count: number) => ({ text: `FROM scratch\n${"WORKDIR a\n".repeat(count)}` });
    expect((await assemble(lines(125))).layers).toHaveLength(125);
    await expect(assemble(lines(500))).rejects.toThrow(
      "Dockerfile.release:127: expected at most 125 layers, since Docker runs no image of more, got 126.",
    );
    const base = await makeBase({ layers: [[{ path: "etc", type: "directory" }]] });
    const text = `ARG BASE\nFROM $BASE\n${"WORKDIR a\n".repeat(125)}`;
    await expect(assemble({ base, text })).rejects.toThrow("got 126.");
  });

  it("writes the configuration of an image", async () => {
    const { config, layers } = await assemble({ platform: "linux/arm64" });
    const time = "2025-12-06T05:46:40Z";
    const step = (created_by: string, changes: boolean) => ({
      created: time,
      created_by,
      comment: "slipway",
      ...(changes ? {} : { empty_layer: true }),
    });
    expect(configOf(config)).toEqual({
      created: time,
      architecture: "arm64",
      os: "linux",
      config: {
        User: "65532:65532",
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        Entrypoint: ["/usr/bin/hello"],
        WorkingDir: "/var/lib/hello",
        Labels: { "org.opencontainers.image.version": "1.2.3" },
      },
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: [
        step("ARG TARGETARCH", false),
        step("ARG VERSION", false),
        step("LABEL org.opencontainers.image.version=$VERSION", false),
        step("COPY linux/$TARGETARCH/hello /usr/bin/", true),
        step("COPY --chown=65532:65532 etc /etc/hello", true),
        step("USER 65532:65532", false),
        step("WORKDIR /var/lib/hello", true),
        step('ENTRYPOINT ["/usr/bin/hello"]', false),
      ],
    });
  });

  it("writes a layer for each instruction that changes files", async () => {
    const { layers } = await assemble();
    expect(await Promise.all(layers.map(listLayer))).toEqual([
      ["755 0:0 usr/", "755 0:0 usr/bin/", "755 0:0 usr/bin/hello"],
      [
        "755 65532:65532 etc/",
        "755 65532:65532 etc/hello/",
        "777 65532:65532 etc/hello/current -> hello.yaml",
        "644 65532:65532 etc/hello/hello.yaml",
      ],
      ["755 65532:65532 var/", "755 65532:65532 var/lib/", "755 65532:65532 var/lib/hello/"],
    ]);
  });

  it("starts from its base", async () => {
    const base = await makeBase({
      layers: [[{ path: "usr/bin", type: "directory" }], [{ path: "var/lib/hello", type: "directory" }]],
      config: { Cmd: ["sh"], Labels: { from: "base" }, Env: ["LANG=C"] },
      history: [{ created_by: "ADD" }, { created_by: "ENV", empty_layer: true }, { created_by: "RUN" }],
    });
    const { config, layers, imageId } = await assemble({ base });
    const read = configOf(config);
    expect(read.rootfs.diff_ids).toEqual([
      ...base.configuration.rootfs.diff_ids,
      ...layers.map(({ diffId }) => diffId),
    ]);
    expect(read.config).toMatchObject({
      Labels: { from: "base", "org.opencontainers.image.version": "1.2.3" },
    });
    expect(read.config.Cmd).toBeUndefined();
    expect(read.config.Env[0]).toBe("LANG=C");
    expect(read.history.slice(0, 3)).toEqual(base.configuration.history);
    // The directory of WORKDIR is the base's.
    expect(layers).toHaveLength(2);
    expect(read.history.filter((entry: { empty_layer?: boolean }) => !entry.empty_layer)).toHaveLength(4);
    expect(imageId).not.toBe((await assemble()).imageId);
  });

  it("accounts for the layers of a base without history", async () => {
    const { config } = await assemble({
      base: await makeBase({ layers: [[], []], history: [] }),
      text: "FROM x\nUSER 1",
    });
    expect(configOf(config).history).toEqual([
      { created_by: "FROM" },
      { created_by: "FROM" },
      expect.objectContaining({ created_by: "USER 1" }),
    ]);
  });
});

describe("the image ID", () => {
  // Image IDs are what a published version is compared by: where these change, a re-run of an old release no
  // longer finds itself.
  it.each([
    ["linux/amd64", "sha256:4f6a3a0c0423fc3af4c5816ac7802f6803480577ce41518665205f433f65113b"],
    ["linux/arm64", "sha256:11d7fe71402e93634c2f6d04bfb376c16aef8ea4a0c46baf50fed48d9c7676e6"],
  ])("of %s stays what it is", async (platform, imageId) => {
    expect((await assemble({ platform })).imageId).toBe(imageId);
  });

  it("is the same from another directory, umask and time zone, and in another run", async () => {
    const other = makeTemporaryDirectory();
    const before = process.umask(0o077);
    try {
      await writeFiles(other.path, {
        ...release.files,
        "linux/amd64/hello": { content: "program for amd64", mode: 0o700 },
      });
      const script = fileURLToPath(new URL("../support/image-id.ts", import.meta.url));
      const tsx = fileURLToPath(import.meta.resolve("tsx"));
      const { stdout } = await promisify(execFile)(process.execPath, ["--import", tsx, script, other.path], {
        env: { ...process.env, TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8" },
      });
      expect(stdout).toBe((await assemble()).imageId);
    } finally {
      process.umask(before);
      await other.remove();
    }
  });

  it.each<[string, () => Promise<string>]>([
    [
      "the program",
      async () => {
        await writeFile(join(directory.path, "linux/amd64/hello"), "another program!!");
        return (await assemble()).imageId;
      },
    ],
    [
      "permissions",
      async () =>
        (await assemble({ text: release.dockerfile.replace("COPY linux", "COPY --chmod=0700 linux") }))
          .imageId,
    ],
    ["the platform", async () => (await assemble({ platform: "linux/arm64" })).imageId],
    [
      "a label",
      async () => (await assemble({ text: release.dockerfile.replace("LABEL", "LABEL a=b") })).imageId,
    ],
  ])("changes with %s", async (_, change) => {
    const { imageId } = await assemble();
    expect(await change()).not.toBe(imageId);
  });
});
