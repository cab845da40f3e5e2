import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { decodeHeader } from "../../src/archive/header-reader.js";
import { encodeHeader, type TarMember } from "../../src/archive/tar.js";
import { readTar } from "../../src/archive/tar-reader.js";
import { InputError } from "../../src/errors.js";
import { digestOf } from "../../src/oci/manifest.js";
import { makeArchive } from "../support/image-base.js";
import { type FileSpec, writeFiles } from "../support/image-files.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const directory = makeTemporaryDirectory();
afterAll(() => directory.remove());

const run = promisify(execFile);
const member: TarMember = {
  path: "a",
  type: "file",
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  target: "",
};

/** Names around the limits of a header: 100 bytes of name, 155 of prefix. */
const names = [
  "n".repeat(100),
  "n".repeat(101),
  `${"p".repeat(155)}/${"n".repeat(100)}`,
  `${"p".repeat(156)}/n`,
  `${"p".repeat(80)}/${"q".repeat(80)}/n`,
  "é/ü b",
  "line\nend",
];

async function readAll(archive: AsyncIterable<Buffer>) {
  const found: Record<string, unknown> = {};
  for await (const { header, content } of readTar(archive, "archive", ({ type }) => type === "file")) {
    const { path, type, mode, uid, gid, target } = header;
    found[path.replace(/^\.\/|\/$/g, "")] = {
      type,
      mode,
      uid,
      gid,
      target,
      content: content?.toString() ?? "",
    };
  }
  return found;
}

describe("encodeHeader", () => {
  it.each<[string, Partial<TarMember>]>([
    ["a file", { size: 0o77777777777, uid: 0o7777777, gid: 65532, mtime: 1_700_000_000 }],
    ["permissions", { mode: 0o4755 }],
    ["a directory", { type: "directory", path: "a/b" }],
    ["a link", { type: "symlink", mode: 0o777, target: "../b" }],
    ["a name of 100 bytes", { path: "n".repeat(100) }],
    ["a name with a prefix", { path: `${"p".repeat(155)}/${"n".repeat(100)}` }],
    ["no permissions", { mode: 0 }],
    ["a time after 2038", { mtime: 2 ** 32 }],
  ])("fits %s into one block", (_, change) => {
    const block = encodeHeader({ ...member, ...change });
    expect(block).toHaveLength(512);
    const { path, ...rest } = { ...member, ...change };
    expect(decodeHeader(block)).toMatchObject({
      ...rest,
      path: rest.type === "directory" ? `${path}/` : path,
    });
  });

  it.each<[string, Partial<TarMember>]>([
    ["a long name", { path: "n".repeat(101) }],
    ["a name that is not ASCII", { path: "é" }],
    ["a long target", { type: "symlink", target: "t".repeat(101) }],
    ["a large user", { uid: 0o10000000 }],
    ["a large group", { gid: 2 ** 31 - 1 }],
    ["a large file", { size: 0o100000000000 }],
  ])("puts %s into a pax header", async (_, change) => {
    const expected = { ...member, ...change };
    const header = encodeHeader(expected);
    expect(header.length).toBe(3 * 512);
    // The content of the large file is not there: its header is all that is read.
    const members = readTar(Readable.from([header]), "archive", () => false);
    const read = expected.size === 0 ? (await members.next()).value?.header : undefined;
    if (read === undefined) expect(header.toString()).toContain(`size=${expected.size}\n`);
    else expect(read).toMatchObject(expected);
  });

  // Image IDs of what is published are digests of these bytes.
  it("gives the bytes that it always gave", () => {
    const members: Partial<TarMember>[] = [
      { size: 1, mtime: 1_700_000_000 },
      { path: "d", type: "directory" },
      { path: "l", type: "symlink", mode: 0o777, target: "../é" },
      { path: `${"p".repeat(155)}/${"n".repeat(100)}`, mode: 0o4755, uid: 65_532, gid: 65_532 },
      { path: "n".repeat(101), uid: 3_000_000 },
    ];
    const bytes = Buffer.concat(members.map((change) => encodeHeader({ ...member, ...change })));
    expect(digestOf(bytes)).toBe("sha256:27345598e141afb90fba7da70b36702eeab8445f33fad966f50d8e3f1d6931eb");
  });

  it("counts the length of a record in its own length", () => {
    const lengths = Array.from({ length: 30 }, (_, at) => {
      const block = encodeHeader({ ...member, path: "n".repeat(980 + at) });
      const record = block.subarray(512, block.indexOf(0x0a, 512) + 1);
      return [record.length, Number.parseInt(record.toString(), 10)];
    });
    expect(lengths.filter(([actual, written]) => actual !== written)).toEqual([]);
  });
});

it("writes what the system's tar unpacks", async () => {
  const archive = join(directory.path, "written.tar");
  const target = join(directory.path, "unpacked");
  await mkdir(target);
  await writeFile(
    archive,
    makeArchive([
      { path: "d", type: "directory", mode: 0o750, mtime: 1_700_000_000 },
      { path: "d/f", mode: 0o640, content: "content", mtime: 1_700_000_000 },
      { path: "d/l", type: "symlink", target: `${"t".repeat(120)}/é` },
      ...names.map((path) => ({ path: path.replaceAll("/", "_").slice(0, 200), content: path })),
      ...names.filter((path) => path.includes("/")).map((path) => ({ path: `deep/${path}`, content: path })),
    ]),
  );
  await run("tar", ["-xpf", archive, "-C", target]);

  const file = await lstat(join(target, "d/f"));
  expect(file.mode & 0o7777).toBe(0o640);
  expect(file.mtimeMs).toBe(1_700_000_000_000);
  expect((await lstat(join(target, "d"))).mode & 0o7777).toBe(0o750);
  expect(await readlink(join(target, "d/l"))).toBe(`${"t".repeat(120)}/é`);
  for (const path of names.filter((name) => name.includes("/")))
    expect(await readFile(join(target, "deep", path), "utf8")).toBe(path);
});

describe("readTar", () => {
  const files: Record<string, FileSpec> = {
    ...Object.fromEntries(names.map((path) => [path, { content: path, mode: 0o640 }])),
    empty: { mode: 0o600 },
    large: { content: "x".repeat(200_000), mode: 0o600 },
    link: { link: `${"t".repeat(120)}/é` },
  };

  it.each(["gnu", "pax"])("reads what the system's tar packs in its %s format", async (format) => {
    const source = join(directory.path, `source-${format}`);
    await mkdir(source);
    await writeFiles(source, files);
    const archive = join(directory.path, `${format}.tar`);
    const owner = ["--owner=:3000000", "--group=:65532", "--sort=name"];
    await run("tar", ["-c", `--format=${format}`, ...owner, "-f", archive, "-C", source, "."]);

    const found = await readAll(createReadStream(archive));
    for (const [path, spec] of Object.entries(files)) {
      const { content = "", mode, link = "" } = typeof spec === "string" ? { content: spec } : spec;
      expect(found[path]).toMatchObject({
        content,
        target: link,
        uid: 3_000_000,
        gid: 65532,
        ...(mode === undefined ? {} : { mode }),
      });
    }
  });

  it("reads a stream cut anywhere, and an archive without its empty blocks", async () => {
    const archive = makeArchive([
      { path: "a", content: "x".repeat(600) },
      { path: "b", content: "y" },
    ]);
    const whole = await readAll(Readable.from([archive]));
    expect(Object.keys(whole)).toEqual(["a", "b"]);
    for (const size of [1, 7, 511, 513]) {
      const chunks = Array.from({ length: Math.ceil(archive.length / size) }, (_, at) =>
        archive.subarray(at * size, (at + 1) * size),
      );
      expect(await readAll(Readable.from(chunks))).toEqual(whole);
    }
    expect(await readAll(Readable.from([archive.subarray(0, -1024)]))).toEqual(whole);
    expect(await readAll(Readable.from([]))).toEqual({});
  });

  it.each<[string, (archive: Buffer) => Buffer, string]>([
    [
      "a cut header",
      (archive) => archive.subarray(0, 100),
      'archive: expected a whole archive, got "one that ends 412 bytes early".',
    ],
    [
      "cut content",
      (archive) => archive.subarray(0, 600),
      'archive: expected a whole archive, got "one that ends 12 bytes early".',
    ],
    [
      "something else",
      () => Buffer.alloc(1024, 7),
      'archive: expected a tar archive, got "a block that is no header".',
    ],
    [
      "a header with another checksum",
      (archive) => Buffer.concat([Buffer.from("b"), archive.subarray(1)]),
      'got "a block that is no header"',
    ],
  ])("refuses %s", async (_, change, message) => {
    const archive = change(makeArchive([{ path: "a", content: "x".repeat(100) }]));
    const read = readAll(Readable.from([archive]));
    await expect(read).rejects.toThrow(InputError);
    await expect(read).rejects.toThrow(message);
  });
});
