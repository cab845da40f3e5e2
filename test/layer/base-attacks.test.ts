import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { endOfArchive } from "../../src/archive/tar.js";
import { BuilderNeededError, InputError, VerificationError } from "../../src/errors.js";
import type { BaseImage } from "../../src/layer/base.js";
import { readBaseFiles } from "../../src/layer/base-files.js";
import { readLayers } from "../../src/layer/uncompressed.js";
import { checkLayers } from "../../src/layer/unpack.js";
import { digestOf } from "../../src/oci/manifest.js";
import { type MemberSpec, makeArchive, makeBase } from "../support/image-base.js";
import { paxRecord, rawHeader, rawMember } from "../support/raw-tar.js";
import { messageThrownBy } from "../support/thrown.js";

const layer = /^example\.test\/base@sha256:1 \(linux\/amd64\): layer sha256:[0-9a-f]{64}/;
const zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
const files = (count: number): MemberSpec[] =>
  Array.from({ length: count }, (_, at) => ({ path: `d/${at}` }));

/** A base of one layer whose archive is made of these parts. */
function baseOf(...parts: Buffer[]): Promise<BaseImage> {
  const archive = Buffer.concat([...parts, endOfArchive]);
  return makeBase({ layers: [[]], firstLayer: gzipSync(archive), diffIds: [digestOf(archive)] });
}

/** A record whose value is bytes of any kind. */
function attribute(name: string, hex: string): Buffer {
  const rest = Buffer.concat([
    Buffer.from(` SCHILY.xattr.${name}=`),
    Buffer.from(hex, "hex"),
    Buffer.from("\n"),
  ]);
  return Buffer.concat([Buffer.from(String(rest.length + String(rest.length + 2).length)), rest]);
}

/** An access control list in hexadecimal, with these entries. */
function listOf(tags: readonly number[], permissions = 7): string {
  const entries = tags.map((tag) => Buffer.from([tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff]));
  return Buffer.concat([Buffer.from([2, 0, 0, 0]), ...entries]).toString("hex");
}

/** What both who builds on an image and who publishes it are told. */
async function refusal(base: Promise<BaseImage>): Promise<string> {
  const message = await messageThrownBy(async () => readBaseFiles(await base));
  expect(await messageThrownBy(async () => checkLayers(await base))).toBe(message);
  return message.replace(layer, "layer");
}

describe("a layer that nobody can unpack is refused:", () => {
  const archive = makeArchive([{ path: "a" }]);
  const zeros = `sha256:${"0".repeat(64)}`;

  it("one whose archive is not that of its diff ID", async () => {
    const read = readBaseFiles(await makeBase({ layers: [[{ path: "a" }]], diffIds: [zeros] }));
    await expect(read).rejects.toThrow(VerificationError);
    await expect(read).rejects.toThrow(
      `: its archive is ${digestOf(archive)}, where the configuration says ${zeros}: nobody can unpack that image. Build it again.`,
    );
  });

  it.each([
    [-1, " arrived as more. "],
    [1, ` arrived as ${gzipSync(archive).length} bytes of sha256:`],
  ])("one whose size is %i bytes too many", async (difference, message) => {
    const base = await makeBase({ layers: [[{ path: "a" }]] });
    const layers = base.layers.map((stored) => ({ ...stored, size: stored.size + difference }));
    const read = readBaseFiles({ ...base, layers });
    await expect(read).rejects.toThrow(VerificationError);
    await expect(read).rejects.toThrow(message);
  });

  it.each<[string, string, Buffer, string]>([
    [
      "zeros behind gzip",
      "application/vnd.oci.image.layer.v1.tar+gzip",
      Buffer.alloc(512),
      "other bytes behind it",
    ],
    [
      "text behind gzip",
      "application/vnd.oci.image.layer.v1.tar+gzip",
      Buffer.from("text"),
      "other bytes behind it",
    ],
    ["text behind zstd", zstd, Buffer.from("text"), "bytes that are no frame of zstd"],
  ])("one with %s", async (_, mediaType, behind, message) => {
    const compress = mediaType === zstd ? zstdCompressSync : gzipSync;
    const firstLayer = Buffer.concat([compress(archive), behind]);
    const base = makeBase({ layers: [[{ path: "a" }]], mediaType, firstLayer });
    expect(await refusal(base)).toBe(`layer: expected a whole layer, got "${message}".`);
  });

  it.each<[string, MemberSpec[], string]>([
    [
      "a hard link to itself",
      [{ path: "a" }, { path: "a", type: "hardlink", target: "./a" }],
      '/a to be a hard link to another file of the same layer, got "./a".',
    ],
    [
      "a hard link to nothing",
      [{ path: "a", type: "hardlink", target: "b" }],
      '/a to be a hard link to another file of the same layer, got "b".',
    ],
    [
      "a hard link to a directory above it",
      [{ path: "d/a", type: "hardlink", target: "d" }],
      '/d/a to be a hard link to another file of the same layer, got "d".',
    ],
    [
      "a file below symbolic links in a circle",
      [
        { path: "a", type: "symlink", target: "b" },
        { path: "b", type: "symlink", target: "a" },
        { path: "a/c" },
      ],
      'paths without symbolic links that lead in a circle, got "a/c".',
    ],
    [
      "a file below a symbolic link that leads too far",
      [
        { path: "a", type: "symlink", target: "x/".repeat(2000) },
        { path: "b", type: "symlink", target: `/a/${"y/".repeat(2000)}` },
        { path: "c", type: "symlink", target: `/b/${"z/".repeat(2000)}` },
        { path: "c/file" },
      ],
      'paths without symbolic links that lead in a circle, got "c/file".',
    ],
    ["a file below a file", [{ path: "a" }, { path: "a/b" }], 'a directory, got "/a, a file".'],
    [
      "a hard link before its file",
      [{ path: "a", type: "hardlink", target: "b" }, { path: "b" }],
      '/a to be a hard link to another file of the same layer, got "b".',
    ],
    [
      "a hard link in the place of the directory that it leads into",
      [{ path: "d/a" }, { path: "d", type: "hardlink", target: "d/a" }],
      '/d to be a hard link to another file of the same layer, got "d/a".',
    ],
    [
      "a whiteout of what it has",
      [{ path: "a" }, { path: ".wh.a" }],
      'a whiteout before what the layer adds in its place, and one, got "/a".',
    ],
    [
      "a whiteout of a directory that it has",
      [{ path: "d/b" }, { path: ".wh.d" }],
      'a whiteout before what the layer adds in its place, and one, got "/d".',
    ],
    [
      "a whiteout twice",
      [{ path: ".wh.a" }, { path: ".wh.a" }],
      'a whiteout before what the layer adds in its place, and one, got "/a".',
    ],
    [
      "a file below what it removes",
      [{ path: ".wh.d" }, { path: "d/b" }],
      'a directory, got "/d, which the layer removes".',
    ],
    [
      "a whiteout below what it removes",
      [{ path: ".wh.d" }, { path: "d/e/.wh.b" }],
      'a directory, got "/d, which the layer removes".',
    ],
    ["a whiteout below a file", [{ path: "a" }, { path: "a/.wh.b" }], 'a directory, got "/a, a file".'],
    [
      "a directory that it puts a file in the place of",
      [{ path: "d/e", type: "directory" }, { path: "d" }],
      'no directory that the layer itself replaces, got "/d/e".',
    ],
    [
      "a directory that it puts a link to nothing in the place of",
      [
        { path: "d", type: "directory" },
        { path: "d", type: "symlink", target: "e" },
      ],
      'no directory that the layer itself replaces, got "/d".',
    ],
    [
      "a whiteout of a directory in which it removes something",
      [{ path: "d/e/.wh.f" }, { path: ".wh.d" }],
      'a whiteout before what the layer adds in its place, and one, got "/d".',
    ],
    [
      "a whiteout of a directory that it makes opaque",
      [{ path: "d/.wh..wh..opq" }, { path: ".wh.d" }],
      'a whiteout before what the layer adds in its place, and one, got "/d".',
    ],
    [
      "a whiteout below what would be below a file",
      [{ path: "a" }, { path: "a/b/.wh.c" }],
      'a directory, got "/a, a file".',
    ],
    ["an opaque file", [{ path: "a" }, { path: "a/.wh..wh..opq" }], 'a directory, got "/a, a file".'],
    ["a link to nothing", [{ path: "a", type: "symlink" }], 'links that lead somewhere, got "a -> nothing".'],
    ["a name that is too long", [{ path: `a/${"é".repeat(128)}` }], 'names of at most 255 bytes, got "éé'],
    ["a path that is too long", [{ path: "é/".repeat(1366) }], 'paths of at most 4095 bytes, got "é/é/'],
    [
      "a target that is too long",
      [{ path: "a", type: "symlink", target: "t/".repeat(2048) }],
      'paths of at most 4095 bytes, got "t/t/',
    ],
    [
      "a capability of a form that no system writes",
      [{ path: "a", capability: Buffer.from("010000010000000000000000", "hex") }],
      'a capability as Linux takes it, of revision 2 or 3, got "010000010000000000000000".',
    ],
    [
      "a capability that is cut short",
      [{ path: "a", capability: Buffer.from("01000002", "hex") }],
      'a capability as Linux takes it, of revision 2 or 3, got "01000002".',
    ],
    [
      "a whiteout of the directory above",
      [{ path: "d/e/.wh..." }],
      'a whiteout to name a file beside it, got "/d/e/.wh...".',
    ],
    [
      "a whiteout of its own directory",
      [{ path: "d/e/.wh.." }],
      'a whiteout to name a file beside it, got "/d/e/.wh..".',
    ],
    [
      "a whiteout of nothing",
      [{ path: "d/e/.wh." }],
      'a whiteout to name a file beside it, got "/d/e/.wh.".',
    ],
  ])("one with %s", async (_, members, message) => {
    expect(await refusal(makeBase({ layers: [members] }))).toContain(`layer: expected ${message}`);
  });

  it.each<[string, Buffer, string]>([
    [
      "an attribute that is too large",
      rawMember("x", paxRecord("SCHILY.xattr.user.a", "x".repeat(65_537))),
      'extended attributes of at most 65536 bytes, got "65537 of user.a".',
    ],
    [
      "an attribute whose name is too long",
      rawMember("x", paxRecord(`SCHILY.xattr.user.${"x".repeat(251)}`, "1")),
      'extended attributes whose names have 1 to 255 bytes, got "user.x',
    ],
    [
      "an attribute without a name",
      rawMember("x", paxRecord("SCHILY.xattr.", "1")),
      'extended attributes whose names have 1 to 255 bytes, got "".',
    ],
    ...["user.", "security.", "com.apple.provenance", "system.other"].map(
      (name): [string, Buffer, string] => [
        `the attribute ${name}`,
        rawMember("x", paxRecord(`SCHILY.xattr.${name}`, "1")),
        `extended attributes of user, security or trusted, or access control lists, got "${name}".`,
      ],
    ),
    ...[
      "03000000",
      "0200000001",
      listOf([1, 4]),
      listOf([4, 1, 32]),
      listOf([1, 2, 4, 32]),
      listOf([1, 4, 32], 8),
    ].map((bytes): [string, Buffer, string] => [
      `an access control list that is none, ${bytes}`,
      rawMember("x", attribute("system.posix_acl_access", bytes)),
      `system.posix_acl_access as Linux takes it, got "${bytes}".`,
    ]),
  ])("one with %s", async (_, before, message) => {
    expect(await refusal(baseOf(before, rawHeader({ path: "a" })))).toContain(`layer: expected ${message}`);
  });

  it.each(["2", "3", "6"])("one with an attribute of a user on what is of type %s", async (flag) => {
    const link = rawHeader({ path: "a", target: "b" }, { flag });
    expect(await refusal(baseOf(rawMember("x", paxRecord("SCHILY.xattr.user.a", "1")), link))).toContain(
      'layer: expected extended attributes of user on files and directories, got "user.a".',
    );
  });
});

it.each([
  ["of three entries", listOf([1, 4, 32])],
  ["of users and groups", listOf([1, 2, 2, 4, 8, 16, 32])],
])("an access control list %s may be there", async (_, bytes) => {
  const list = rawMember("x", attribute("system.posix_acl_default", bytes));
  const base = baseOf(list, rawHeader({ path: "d", type: "directory" }));
  await expect(base.then(checkLayers)).resolves.toBeUndefined();
});

it("a hard link to a file of a lower layer is refused: it is not in the directory of its own", async () => {
  const link = { path: "b", type: "hardlink" as const, target: "/a" };
  expect(await refusal(makeBase({ layers: [[{ path: "a" }], [link]] }))).toBe(
    'layer: expected /b to be a hard link to another file of the same layer, got "/a".',
  );
});

it("an image may have what no base can: names of any bytes", async () => {
  const latin = rawHeader({ path: "caf?" }, { 3: Buffer.from([0xe9]) });
  await expect(baseOf(latin).then(checkLayers)).resolves.toBeUndefined();
  expect(await messageThrownBy(async () => readBaseFiles(await baseOf(latin)))).toContain("names in UTF-8");
});

it.each(["path", "target"] as const)("a base's %s that is not in UTF-8 needs a builder", async (field) => {
  const at = field === "path" ? 0 : 157;
  const link = rawHeader({ path: "link", type: "symlink", target: "tiny" }, { [at]: Buffer.from([0xe9]) });
  await expect(baseOf(link).then((base) => readBaseFiles(base))).rejects.toThrow(BuilderNeededError);
});

it("reads all frames of zstd, as zstd:chunked has one for each file", async () => {
  const archive = makeArchive([{ path: "a", content: "x".repeat(300_000) }, { path: "b" }]);
  const skipped = Buffer.from("502a4d1804000000736b6970", "hex");
  const frames = [archive.subarray(0, 1000), archive.subarray(1000), Buffer.alloc(0)].map((part) =>
    zstdCompressSync(part),
  );
  const firstLayer = Buffer.concat([skipped, ...frames, skipped]);
  const base = await makeBase({ layers: [[]], mediaType: zstd, firstLayer, diffIds: [digestOf(archive)] });
  expect([...(await readBaseFiles(base)).root.children.keys()]).toEqual(["a", "b"]);
});

describe("a small layer takes neither the memory nor the time of the process:", () => {
  it("the headers that say more of a member", async () => {
    const record = paxRecord("comment", "x".repeat(2 ** 21));
    expect(await refusal(baseOf(rawMember("x", record), rawHeader({ path: "a" })))).toContain(
      "layer: expected at most 1048576 bytes before a member that say more of it, got ",
    );
  });

  const deep = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      Buffer.concat([rawMember("L", `${"d/".repeat(2000)}${at % 10}\0`), rawHeader({ path: "f" })]),
    );

  it.each([
    ["directories that no member says", 1, { memory: 2 ** 20, names: Number.POSITIVE_INFINITY }],
    ["files in deep directories, over and over", 10, { memory: 2 ** 30, names: 9 * 2000 }],
  ])("%s", async (_, count, limit) => {
    const base = await baseOf(...deep(count));
    expect(await messageThrownBy(() => readBaseFiles(base, limit))).toMatch(
      /: expected no more files than images have, in no deeper directories, got "(d\/)+d…\. Build that image with --builder Auto or Engine\.$/,
    );
  });

  it("members of one directory, over and over", async () => {
    const base = await baseOf(
      ...Array.from({ length: 1000 }, () => rawHeader({ path: "d/", type: "directory" })),
    );
    const limit = { memory: 2 ** 30, names: 3000 };
    expect(await messageThrownBy(() => readBaseFiles(base, limit))).toContain(
      ': expected no more files than images have, in no deeper directories, got "d/',
    );
  });

  const whiteouts = (count: number, path: (at: number) => string) =>
    Array.from({ length: count }, (_, at) =>
      Buffer.concat([rawMember("L", `${path(at)}\0`), rawHeader({ path: "f" })]),
    );

  it.each([
    [
      "whiteouts in deep directories that are not there",
      whiteouts(3, (at) => `${at}/${"d/".repeat(2000)}.wh.f`),
    ],
    ["whiteouts of thousands of files that are not there", whiteouts(3000, (at) => `d/.wh.${at}`)],
  ])("%s", async (_, members) => {
    const limit = { memory: 2 ** 20, names: Number.POSITIVE_INFINITY };
    const base = await baseOf(...members);
    expect(await messageThrownBy(() => readBaseFiles(base, limit))).toContain(
      ": expected no more files than images have, in no deeper directories, got ",
    );
  });

  it("whiteouts in a deep directory that is not there", async () => {
    const members = whiteouts(1000, (at) => `${"d/".repeat(2000)}.wh.${at}`);
    await expect(baseOf(...members).then(checkLayers)).resolves.toBeUndefined();
  });

  it("a file that names users, written over and over", async () => {
    const users = { path: "etc/passwd", content: "x".repeat(2 ** 19) };
    const base = await makeBase({ layers: [Array.from({ length: 10 }, () => users)] });
    const limit = { memory: 2 ** 22, names: 2 ** 26 };
    expect(await messageThrownBy(() => readBaseFiles(base, limit))).toContain(
      'expected no more files than images have, in no deeper directories, got "etc/passwd"',
    );
  });

  it("an archive that is thousands of times as large", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(100 * 2 ** 20));
    expect(bomb.length).toBeLessThan(10_000);
    const base = await makeBase({ layers: [[], []], mediaType: zstd, firstLayer: bomb });
    let read = 0;
    const readAll = async () => {
      for await (const { chunks } of readLayers(base, 2 ** 20))
        for await (const chunk of chunks) read += chunk.length;
    };
    await expect(readAll()).rejects.toThrow(InputError);
    await expect(readAll()).rejects.toThrow(
      'expected at most 1048576 bytes in the archives of all layers, got "more". Take another base image, or leave out what the image does not need.',
    );
    expect(read).toBeLessThanOrEqual(2 * 2 ** 20);
  });

  it.each([
    ["frames", zstdCompressSync(Buffer.alloc(0))],
    ["frames to skip", Buffer.from("502a4d1800000000", "hex")],
  ])("hundreds of thousands of empty %s", async (_, frame) => {
    const firstLayer = Buffer.alloc(200_000 * frame.length, frame);
    const base = await makeBase({ layers: [[]], mediaType: zstd, firstLayer });
    expect(await messageThrownBy(() => checkLayers(base))).toMatch(
      /expected frames of zstd of at least 24 bytes on average, got "1\d{4} in \d{6} bytes"\.$/,
    );
  });

  it("a hundred thousand of empty blocks", async () => {
    const empty = zstdCompressSync(Buffer.alloc(0)).subarray(0, 4);
    const firstLayer = Buffer.concat([empty, Buffer.from("0058", "hex"), Buffer.alloc(3 * 150_000)]);
    const base = await makeBase({ layers: [[]], mediaType: zstd, firstLayer });
    expect(await messageThrownBy(() => checkLayers(base))).toMatch(
      /expected blocks of zstd of at least 24 bytes on average, got "\d{6} in \d{6} bytes"\.$/,
    );
  });

  it("thousands of small frames are read", async () => {
    const archive = makeArchive(Array.from({ length: 4000 }, (_, at) => ({ path: `${at}`, content: "x" })));
    const parts = Array.from({ length: 2 * 4000 }, (_, at) =>
      archive.subarray(at * 512, at === 7999 ? undefined : (at + 1) * 512),
    );
    const firstLayer = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
    const diffIds = [digestOf(archive)];
    const base = await makeBase({ layers: [[]], mediaType: zstd, firstLayer, diffIds });
    expect((await readBaseFiles(base)).root.children.size).toBe(4000);
  });

  // Thousands of times thousands of files is not done within the time that a test is given.
  it.each<[string, MemberSpec[]]>([
    ["a directory that is opaque thousands of times", [{ path: "d/.wh..wh..opq" }]],
  ])("%s", async (_, change) => {
    const changes = Array.from({ length: 5000 }, () => change).flat();
    const base = await makeBase({ layers: [files(5000), [...files(5000), ...changes]] });
    const directory = (await readBaseFiles(base)).get("/d");
    expect(directory?.type === "directory" && directory.children.size).toBe(5000);
  });

  it("hundreds of files in a deep directory", async () => {
    const tree = await readBaseFiles(await baseOf(...deep(300)));
    expect(tree.get(`/${"d/".repeat(2000)}9`)?.type).toBe("file");
  });
});
