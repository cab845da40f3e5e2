import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { endOfArchive } from "../../src/archive/tar.js";
import { readTar } from "../../src/archive/tar-reader.js";
import { InputError } from "../../src/errors.js";
import { paxRecord, rawHeader, rawMember } from "../support/raw-tar.js";

/** The members of an archive by name, with type, size and owner. */
async function list(parts: Iterable<Buffer>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { header } of readTar(Readable.from(parts), "archive", () => false)) {
    const { path, type, size, uid, target } = header;
    lines.push(`${path} ${type} ${size} ${uid}${target === "" ? "" : ` -> ${target}`}`);
  }
  return lines;
}

const next = rawHeader({ path: "next" });
const pax = (records: Record<string, string>) =>
  rawMember(
    "x",
    Object.entries(records)
      .map(([key, value]) => paxRecord(key, value))
      .join(""),
  );
const global = (records: string) => rawMember("g", records, { path: "pax_global_header" });

const stored = (key: string) => `files that are stored whole, got "GNU.sparse.${key}".`;

/** A header with bytes of its own at some places. */
const poked = (bytes: Record<number, string>) => rawHeader({}, bytes);

/** More zeros than a machine has memory, in pieces. */
function* zeros(size: number): Generator<Buffer> {
  const piece = Buffer.alloc(1 << 20);
  for (let left = size; left > 0; left -= piece.length) yield piece;
}

describe("readTar takes an archive as Go's archive/tar does, which unpacks images:", () => {
  it.each<[string, Buffer[], string[]]>([
    ["nothing behind the end", [next, endOfArchive, rawHeader({ path: "hidden" })], ["next file 0 0"]],
    [
      "links, directories and devices without content, whatever size they say",
      [
        rawHeader({ path: "l", type: "hardlink", target: "next", size: 512 }),
        rawHeader({ path: "s", type: "symlink", target: "next", size: 512 }),
        rawHeader({ path: "d", type: "directory", size: 512 }),
        rawHeader({ path: "dev", size: 512 }, { flag: "3" }),
        next,
      ],
      [
        "l hardlink 0 0 -> next",
        "s symlink 0 0 -> next",
        "d/ directory 0 0",
        "dev other 0 0",
        "next file 0 0",
      ],
    ],
    [
      "nothing of what is said about all members",
      [global(paxRecord("path", "other")), next],
      ["next file 0 0"],
    ],
    [
      "nothing of that where GNU tar wrote it",
      [rawMember("g", paxRecord("path", "other"), { path: "/tmp/GlobalHead.7.1" }), next],
      ["next file 0 0"],
    ],
    [
      "nothing that was said before that either",
      [pax({ path: "other" }), global(paxRecord("a", "b")), next],
      ["next file 0 0"],
    ],
    ["the last of two pax headers", [pax({ path: "a", uid: "7" }), pax({ path: "b" }), next], ["b file 0 0"]],
    [
      "GNU's long name before that of pax",
      [rawMember("L", "gnu\0"), pax({ path: "pax" }), next],
      ["gnu file 0 0"],
    ],
    ["an empty record for none", [pax({ path: "", uid: "" }), next], ["next file 0 0"]],
    [
      "the size of a pax header",
      [pax({ size: "512" }), rawHeader({ path: "sized" }), rawHeader({ path: "inside" }), next],
      ["sized file 512 0", "next file 0 0"],
    ],
    ["the owner of a pax header", [pax({ uid: "3000000" }), next], ["next file 0 3000000"]],
    [
      "a name with a slash for a directory, where there is no type",
      [rawHeader({ path: "d/" }, { flag: "\0" })],
      ["d/ directory 0 0"],
    ],
    [
      "attributes with bytes of any kind",
      [pax({ "SCHILY.xattr.user.any": "\0\x01=\n" }), next],
      ["next file 0 0"],
    ],
    ["numbers with blanks around them", [rawHeader({}, { uid: "  17 \0  " })], ["a file 0 15"]],
    [
      "numbers to base 256",
      [rawHeader({}, { uid: Buffer.from("8000000000010000", "hex") })],
      ["a file 0 65536"],
    ],
    ["a time before 1970", [rawHeader({}, { mtime: Buffer.alloc(12, 0xff) })], ["a file 0 0"]],
  ])("%s", async (_, parts, expected) => {
    expect(await list(parts)).toEqual(expected);
  });

  const negative = Buffer.alloc(12, 0xff);
  const huge = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11, 0xff)]);
  it.each<[string, Buffer[], string]>([
    [
      "a negative size",
      [rawHeader({}, { size: "-0001000\0\0\0\0" })],
      'a size from 0 on for a, got "no number".',
    ],
    ["a negative size to base 256", [rawHeader({}, { size: negative })], "a size from 0 on for a, got -1."],
    [
      "a size beyond all numbers",
      [rawHeader({}, { size: huge })],
      'a size from 0 on for a, got "no number".',
    ],
    [
      "a size that is no number",
      [rawHeader({}, { size: "12zz\0" })],
      'a size from 0 on for a, got "no number".',
    ],
    [
      "an owner that is no number",
      [rawHeader({}, { uid: "zz\0" })],
      'a uid from 0 on for a, got "no number".',
    ],
    [
      "an owner that is no number, and another in a pax header",
      [pax({ gid: "5" }), rawHeader({}, { gid: "-1\0" })],
      'a gid from 0 on for a, got "no number".',
    ],
    [
      "a size that is no number, of what has none",
      [pax({ size: "1.2.3" }), rawHeader({}, { flag: "5" })],
      'a size from 0 on for a, got "no number".',
    ],
    [
      "a negative size in a pax header",
      [pax({ size: "-1" }), next],
      'a size from 0 on for next, got "no number".',
    ],
    [
      "a negative size, and another in a pax header",
      [pax({ size: "0" }), rawHeader({}, { size: negative })],
      "a size from 0 on for a, got -1.",
    ],
    [
      "a size beyond all numbers in a pax header, of what has none",
      [pax({ size: "9".repeat(20) }), rawHeader({}, { flag: "5" })],
      "a size from 0 on for a, got 100000000000000000000.",
    ],
    [
      "a negative size of a pax header",
      [rawHeader({}, { flag: "x", size: negative })],
      "a size from 0 on for a, got -1.",
    ],
    ["a long name with NUL", [pax({ path: "a\0b" }), next], "pax records of the form"],
    [
      "a name that no system takes",
      [rawMember("L", "n/".repeat(2048)), next],
      "paths of at most 4095 bytes, got ",
    ],
    [
      "a target that no system takes",
      [rawMember("K", "n".repeat(4096)), next],
      "paths of at most 4095 bytes, got ",
    ],
    [
      "a member of an unknown type",
      [rawMember("S", "sparse")],
      'files, directories, links and devices, got "a, of type S".',
    ],
    [
      "one empty block between members",
      [endOfArchive.subarray(512), next],
      'a tar archive, got "one empty block between members".',
    ],
    [
      "a pax record without its length",
      [rawMember("x", "path=a\n"), next],
      'pax records of the form <length> <key>=<value>, without NUL in keys and names, got "something else at byte 0".',
    ],
    [
      "a pax record that is longer than its header",
      [rawMember("x", "99 path=a\n"), next],
      "pax records of the form",
    ],
    ["a pax record of no length", [rawMember("x", "0 path=a\n"), next], "pax records of the form"],
    ["a pax record without a key", [rawMember("x", "5 =a\n"), next], "pax records of the form"],
    ["a pax record that does not end", [rawMember("x", "9 path=ab"), next], "pax records of the form"],
  ])("refuses %s", async (_, parts, message) => {
    const read = list(parts);
    await expect(read).rejects.toThrow(InputError);
    await expect(read).rejects.toThrow(`archive: expected ${message}`);
  });

  // Each was held against archive/tar of Go 1.26, and against pkg/archive of containerd where Go takes the type.
  it.each<[string, Buffer[], string]>([
    ["a time of letters", [pax({ mtime: "abc" }), next], 'mtime of a pax header in seconds, got "abc".'],
    [
      "a time with two points",
      [pax({ atime: "1.2.3" }), next],
      'atime of a pax header in seconds, got "1.2.3".',
    ],
    [
      "a time beyond all numbers",
      [pax({ ctime: "9".repeat(40) }), next],
      'ctime of a pax header in seconds, got "9',
    ],
    ["a key with NUL", [pax({ "k\0": "b" }), next], "pax records of the form"],
    [
      "an attribute whose name has NUL",
      [pax({ "SCHILY.xattr.user.a\0b": "b" }), next],
      "pax records of the form",
    ],
    ["the name of a user with NUL", [pax({ uname: "a\0b" }), next], "pax records of the form"],
    ["the name of a group with NUL", [pax({ gname: "a\0b" }), next], "pax records of the form"],
    [
      "a header about all members by the name of another",
      [next, rawMember("g", paxRecord("a", "b"), { path: "next" })],
      'pax_global_header as the name of a header about all members, got "next"',
    ],
    ["no records about all members", [global("not pax"), next], "pax records of the form"],
    [
      "a sparse file, form 1.0",
      [pax({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0" }), next],
      stored("major"),
    ],
    ["a sparse file, form 0.1", [pax({ "GNU.sparse.map": "5,1,2" }), next], stored("map")],
    ["a sparse file, form 0.0", [pax({ "GNU.sparse.offset": "5" }), next], stored("offset")],
    [
      "a major number that is none",
      [poked({ 329: "zzzzzzz" })],
      'a devmajor from 0 on for a, got "no number".',
    ],
    [
      "a minor number that is none",
      [poked({ 337: "8888888" })],
      'a devminor from 0 on for a, got "no number".',
    ],
    [
      "a major number that is none, in GNU's form",
      [poked({ 257: "ustar  \0", 329: "zzzzzzz" })],
      'a devmajor from 0 on for a, got "no number".',
    ],
    [
      "a time that is none, in Schily's form",
      [poked({ 488: "zzzzzzz", 508: "tar\0" })],
      'a ctime from 0 on for a, got "no number".',
    ],
    [
      "letters behind NUL that leads",
      [rawHeader({}, { size: "\0zzz" })],
      'a size from 0 on for a, got "no number".',
    ],
    [
      "a contiguous file, which containerd does not unpack",
      [rawMember("7", "hi")],
      'files, directories, links and devices, got "a, of type 7".',
    ],
    [
      "what a vendor has a type for, which containerd does not unpack",
      [rawMember("V", "hi")],
      'files, directories, links and devices, got "a, of type V".',
    ],
  ])("refuses %s, as Go or containerd does", async (_, parts, message) => {
    const read = list(parts);
    await expect(read).rejects.toThrow(InputError);
    await expect(read).rejects.toThrow(`archive: expected ${message}`);
  });

  it.each<[string, Buffer[], string[]]>([
    [
      "times before 1970 and of parts of seconds",
      [pax({ mtime: "-1.5", atime: "+2.", ctime: "" }), next],
      ["next file 0 0"],
    ],
    [
      "device numbers of any kind in the oldest form",
      [poked({ 257: "\0".repeat(8), 329: "zzzzzzz" })],
      ["a file 0 0"],
    ],
    [
      "times that are none, where another header takes their place",
      [pax({ mtime: "a" }), pax({ uid: "7" }), next],
      ["next file 0 7"],
    ],
    [
      "a file, where only the short name has a slash, and no type",
      [
        pax({ path: "d" }),
        rawHeader({ path: "d/", size: 512 }, { flag: "\0" }),
        rawHeader({ path: "inside" }),
        next,
      ],
      ["d file 512 0", "next file 0 0"],
    ],
    ["times of GNU for what they are", [poked({ 257: "ustar  \0", 345: "00000000017\0" })], ["a file 0 0"]],
    ["a prefix of old Go for one", [poked({ 257: "ustar  \0", 345: "prefix\0" })], ["prefix/a file 0 0"]],
    [
      "the shorter prefix of Schily's form",
      [poked({ 345: "p".repeat(131), 476: "0\0", 508: "tar\0" })],
      [`${"p".repeat(131)}/a file 0 0`],
    ],
  ])("takes %s, as Go does", async (_, parts, expected) => {
    expect(await list(parts)).toEqual(expected);
  });

  it.each(["x", "g", "L", "K"])(
    "refuses a header of type %s that is larger than memory, unread",
    async (flag) => {
      let given = 0;
      const parts = function* () {
        yield rawHeader({ path: "pax_global_header", size: 2 ** 31 }, { flag });
        for (const piece of zeros(2 ** 31)) {
          given += piece.length;
          yield piece;
        }
      };
      await expect(list(parts())).rejects.toThrow(
        "archive: expected at most 1048576 bytes before a member that say more of it, got 2147483648.",
      );
      expect(given).toBe(0);
    },
  );

  it("reads a pax header of many short records, of which none has a blank, at once", async () => {
    const read = list([rawMember("x", "5\n".repeat(500_000)), next]);
    await expect(read).rejects.toThrow("pax records of the form");
  });
});
