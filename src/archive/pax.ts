import { BuilderNeededError, InputError } from "../errors.js";

/** How the keys of extended attributes begin. */
export const attributePrefix = "SCHILY.xattr.";

/** What a pax header says of the member that follows it, by its keys; extended attributes are written as latin1. */
export type PaxRecords = ReadonlyMap<string, string>;

// What Go reads as a string of C; all other values hold bytes of any kind.
const names: readonly string[] = ["path", "linkpath", "uname", "gname"];

// The map of such a file is said in records or at the start of its content. No builder of images writes one, since Go
// cannot, and what reads it as a plain file has other content than Go.
const sparse = "GNU.sparse.";

const times = ["mtime", "atime", "ctime"] as const;

// Seconds since the epoch. Go has 64 bits of them, which these digits fit into.
const time = /^[+-]?\d{1,18}(?:\.\d*)?$/;

/**
 * Reads the records of a pax header (POSIX, "pax Extended Header"): `<length> <key>=<value>\n`, where the length
 * counts the whole record. An empty value says nothing, unless an attribute has it.
 */
export function parsePax(content: Buffer, subject: string): PaxRecords {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const [prefix = "", length] = /^(\d{1,9}) /.exec(content.toString("latin1", at, at + 10)) ?? [];
    const end = at + Number(length);
    const record = content.toString("utf8", at + prefix.length, end - 1);
    const equals = record.indexOf("=");
    const key = record.slice(0, equals);
    const bytes = content.subarray(at + prefix.length + Buffer.byteLength(key) + 1, end - 1);
    const value = bytes.toString(key.startsWith(attributePrefix) ? "latin1" : "utf8");
    if (equals < 1 || content[end - 1] !== 0x0a || (names.includes(key) ? value : key).includes("\0"))
      throw new InputError({
        subject,
        expected: "pax records of the form <length> <key>=<value>, without NUL in keys and names",
        given: `something else at byte ${at}`,
      });
    if (key.startsWith(sparse))
      throw new BuilderNeededError({ subject, expected: "files that are stored whole", given: key });
    records.set(key, value);
    at = end;
  }
  return new Map([...records].filter(([key, value]) => value !== "" || key.startsWith(attributePrefix)));
}

/** Refuses times that are none: nothing here goes by them, and Go refuses them. */
export function requireTimes(records: PaxRecords, subject: string): void {
  const wrong = times.find((key) => !time.test(records.get(key) ?? "0"));
  if (wrong === undefined) return;
  throw new InputError({
    subject,
    expected: `${wrong} of a pax header in seconds`,
    given: records.get(wrong),
  });
}
