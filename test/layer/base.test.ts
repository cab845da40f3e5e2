import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { BuilderNeededError, InputError, VerificationError } from "../../src/errors.js";
import { readBaseFiles } from "../../src/layer/base-files.js";
import type { FileNode } from "../../src/layer/file-tree.js";
import { type MemberSpec, makeArchive, makeBase } from "../support/image-base.js";

/** Every path of a tree, with what is at it. */
function list(node: FileNode, path = ""): string[] {
  if (node.type === "special" || node.type === "conflict") return [`${path} ${node.type}`];
  const owner = `${node.uid}:${node.gid}`;
  if (node.type === "symlink") return [`${path} ${owner} -> ${node.target}`];
  const line = `${path}${node.type === "directory" ? "/" : ""} ${node.mode.toString(8)} ${owner}`;
  if (node.type === "file") return [line];
  const children = [...node.children].toSorted().flatMap(([name, child]) => list(child, `${path}/${name}`));
  return path === "" ? children : [line, ...children];
}

async function filesOf(...layers: MemberSpec[][]): Promise<string[]> {
  return list((await readBaseFiles(await makeBase({ layers }))).root);
}

describe("readBaseFiles", () => {
  const lower: MemberSpec[] = [
    { path: "./", type: "directory" },
    { path: "./a", type: "directory", mode: 0o700, uid: 1, gid: 2 },
    { path: "a/b", mode: 0o4755, uid: 3 },
    { path: "a/c", content: "c" },
    { path: "d/e/f" },
    { path: "link", type: "symlink", mode: 0o777, target: "/a" },
  ];
  it.each<[string, MemberSpec[][], string[]]>([
    [
      "one layer, with directories that it does not list",
      [lower],
      [
        "/a/ 700 1:2",
        "/a/b 4755 3:0",
        "/a/c 755 0:0",
        "/d/ 755 0:0",
        "/d/e/ 755 0:0",
        "/d/e/f 755 0:0",
        "/link 0:0 -> /a",
      ],
    ],
    ["no layer", [], []],
    [
      "a directory over a directory",
      [lower, [{ path: "a", type: "directory", mode: 0o755 }]],
      [
        "/a/ 755 0:0",
        "/a/b 4755 3:0",
        "/a/c 755 0:0",
        "/d/ 755 0:0",
        "/d/e/ 755 0:0",
        "/d/e/f 755 0:0",
        "/link 0:0 -> /a",
      ],
    ],
    [
      "a file over a directory",
      [lower, [{ path: "d" }]],
      ["/a/ 700 1:2", "/a/b 4755 3:0", "/a/c 755 0:0", "/d 755 0:0", "/link 0:0 -> /a"],
    ],
    [
      "a file below a link",
      [
        [
          { path: "a", type: "directory" },
          { path: "l", type: "symlink", target: "a" },
        ],
        [{ path: "l/x" }],
      ],
      ["/a/ 755 0:0", "/a/x 755 0:0", "/l 0:0 -> a"],
    ],
    [
      "a directory over a link",
      [
        [
          { path: "a", type: "directory" },
          { path: "l", type: "symlink", target: "a" },
        ],
        [{ path: "l", type: "directory" }, { path: "l/x" }],
      ],
      ["/a/ 755 0:0", "/l/ 755 0:0", "/l/x 755 0:0"],
    ],
    [
      "a hard link",
      [
        [
          { path: "a", mode: 0o640, uid: 5 },
          { path: "b", type: "hardlink", target: "a" },
        ],
      ],
      ["/a 640 5:0", "/b 640 5:0"],
    ],
    [
      "whiteouts",
      [lower, [{ path: "a/.wh.b" }, { path: "d/e/.wh.f" }, { path: ".wh.link" }, { path: ".wh.absent" }]],
      ["/a/ 700 1:2", "/a/c 755 0:0", "/d/ 755 0:0", "/d/e/ 755 0:0"],
    ],
    [
      "a whiteout before what the same layer adds in its place",
      [lower, [{ path: "a/.wh.b" }, { path: "a/b", mode: 0o600 }]],
      [
        "/a/ 700 1:2",
        "/a/b 600 0:0",
        "/a/c 755 0:0",
        "/d/ 755 0:0",
        "/d/e/ 755 0:0",
        "/d/e/f 755 0:0",
        "/link 0:0 -> /a",
      ],
    ],
    [
      "a whiteout before a directory that the same layer adds in its place",
      [
        lower,
        [{ path: ".wh.d" }, { path: "d", type: "directory" }, { path: "d/new" }, { path: "d/.wh.old" }],
      ],
      ["/a/ 700 1:2", "/a/b 4755 3:0", "/a/c 755 0:0", "/d/ 755 0:0", "/d/new 755 0:0", "/link 0:0 -> /a"],
    ],
    [
      "an opaque directory after what the same layer adds below it",
      [lower, [{ path: "d/e/g" }, { path: "d/.wh..wh..opq" }]],
      [
        "/a/ 700 1:2",
        "/a/b 4755 3:0",
        "/a/c 755 0:0",
        "/d/ 755 0:0",
        "/d/e/ 755 0:0",
        "/d/e/g 755 0:0",
        "/link 0:0 -> /a",
      ],
    ],
    [
      "a hard link to a symbolic link, which is another one",
      [
        [
          { path: "a", type: "directory" },
          { path: "l", type: "symlink", target: "a" },
          { path: "m", type: "hardlink", target: "l" },
        ],
      ],
      ["/a/ 755 0:0", "/l 0:0 -> a", "/m 0:0 -> a"],
    ],
    [
      "an opaque directory",
      [lower, [{ path: "a/new" }, { path: "a/.wh..wh..opq" }, { path: "d/.wh..wh..opq" }, { path: "d/e/g" }]],
      ["/a/ 700 1:2", "/a/new 755 0:0", "/d/ 755 0:0", "/d/e/ 755 0:0", "/d/e/g 755 0:0", "/link 0:0 -> /a"],
    ],
  ])("reads %s", async (_, layers, expected) => {
    expect(await filesOf(...layers)).toEqual(expected);
  });

  it.each([
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
  ])("reads layers of type %s", async (mediaType) => {
    const base = await makeBase({ layers: [[{ path: "a", content: "x".repeat(100_000) }]], mediaType });
    expect(list((await readBaseFiles(base)).root)).toEqual(["/a 755 0:0"]);
  });

  it("leaves a name that is not in UTF-8 to the engine: several would be one here", async () => {
    const base = await makeBase({ layers: [[{ path: "d/\ufffd", content: "first" }]] });
    await expect(readBaseFiles(base)).rejects.toThrow(BuilderNeededError);
    await expect(readBaseFiles(base)).rejects.toThrow("expected names in UTF-8, got");
  });

  it("keeps the content of the files that name users, and of all others where it is stored", async () => {
    const base = await makeBase({
      layers: [
        [
          { path: "etc/passwd", content: "p" },
          { path: "./etc/group", content: "g" },
          { path: "etc/shadow", content: "s" },
        ],
      ],
    });
    const tree = await readBaseFiles(base);
    const found = ["passwd", "group", "shadow"].map((name) => tree.get(`/etc/${name}`));
    expect(found.map((node) => node?.type === "file" && node.content)).toEqual([
      { bytes: Buffer.from("p") },
      { bytes: Buffer.from("g") },
      { stored: { image: base, layer: base.layers[0], offset: 2560, size: 1 } },
    ]);
  });

  const layer = /^example\.test\/base@sha256:1 \(linux\/amd64\): layer sha256:[0-9a-f]{64}: expected /;
  it.each<[string, Buffer, string]>([
    ["something else than gzip", Buffer.from("not gzip"), "expected a whole layer, got"],
    ["half of it", gzipSync(makeArchive([{ path: "a" }])).subarray(0, 60), "expected a whole archive, got"],
    ["gzip of something else", gzipSync(Buffer.alloc(1024, 1)), "expected a tar archive, got"],
  ])("refuses a layer that is %s", async (_, firstLayer, message) => {
    const read = readBaseFiles(await makeBase({ layers: [[]], firstLayer }));
    await expect(read).rejects.toThrow(InputError);
    await expect(read).rejects.toThrow(layer);
    await expect(read).rejects.toThrow(message);
  });

  it("refuses a layer that is whole and another one", async () => {
    const corrupted = gzipSync(makeArchive([{ path: "b" }]));
    const read = readBaseFiles(await makeBase({ layers: [[{ path: "a" }]], corrupted }));
    await expect(read).rejects.toThrow(VerificationError);
    await expect(read).rejects.toThrow(
      /: layer sha256:[0-9a-f]{64} of \d+ bytes arrived as \d+ bytes of sha256:[0-9a-f]{64}\. Get it again; /,
    );
  });

  it("refuses a layer that may not be distributed", async () => {
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const read = readBaseFiles(await makeBase({ layers: [[{ path: "a" }]], mediaType }));
    await expect(read).rejects.toThrow(
      `expected layers as tar, gzip or zstd that may be distributed, got "${mediaType}".`,
    );
  });
});

describe("openBase", () => {
  it.each<[string, Parameters<typeof makeBase>[0], string]>([
    [
      "fewer diff IDs than layers",
      { layers: [[], []], diffIds: [`sha256:${"0".repeat(64)}`] },
      "expected as many diff IDs as layers, 2, got 1.",
    ],
    [
      "triggers",
      { layers: [], config: { OnBuild: ["RUN a"] } },
      'expected a base without ONBUILD, got ["RUN a"]. Build that image with --builder Auto or Engine.',
    ],
  ])("refuses a base with %s", async (_, options, message) => {
    const base = makeBase(options);
    await expect(base).rejects.toThrow(InputError);
    await expect(base).rejects.toThrow(`example.test/base@sha256:1 (linux/amd64): ${message}`);
  });

  it.each([
    ["linux/arm64", "linux/amd64", 'linux/amd64): expected a base for linux/amd64, got "linux/arm64".'],
    ["linux/arm/v6", "linux/arm/v7", 'linux/arm/v7): expected a base for linux/arm/v7, got "linux/arm/v6".'],
  ])("refuses a base for %s where %s is asked for", async (platform, openedFor, message) => {
    await expect(makeBase({ layers: [], platform, openedFor })).rejects.toThrow(message);
  });

  it.each([
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/arm", "linux/arm/v7"],
  ])("takes a base for %s where %s is asked for", async (platform, openedFor) => {
    await expect(makeBase({ layers: [], platform, openedFor })).resolves.toBeDefined();
  });
});
