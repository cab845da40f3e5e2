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
      [rawMember("g", paxRecord("path", "other")), next],
      ["next file 0 0"],
    ],
    [
      "nothing that was said before that either",
      [pax({ path: "other" }), rawMember("g", paxRecord("a", "b")), next],
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
      [pax({ "SCHILY.xattr.security.capability": "\0\x01=\n" }), next],
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
      "a negative size in a pax header",
      [pax({ size: "-1" }), next],
      'a size from 0 on for next, got "no number".',
    ],
    [
      "a negative size of a pax header",
      [rawHeader({}, { flag: "x", size: negative })],
      "a size from 0 on for a, got -1.",
    ],
    ["a long name with NUL", [pax({ path: "a\0b" }), next], "names of at most 4096 bytes without NUL, got "],
    [
      "a name that no system takes",
      [rawMember("L", "n/".repeat(2049)), next],
      "names of at most 4096 bytes without NUL, got ",
    ],
    [
      "a target that no system takes",
      [rawMember("K", "n".repeat(4097)), next],
      "names of at most 4096 bytes without NUL, got ",
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
      'pax records of the form <length> <key>=<value>, got "something else at byte 0".',
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

  it.each(["x", "g", "L", "K"])(
    "refuses a header of type %s that is larger than memory, unread",
    async (flag) => {
      let given = 0;
      const parts = function* () {
        yield rawHeader({ size: 2 ** 31 }, { flag });
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
