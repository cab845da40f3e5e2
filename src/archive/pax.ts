import { InputError } from "../errors.js";

const keys = ["path", "linkpath", "size", "uid", "gid"] as const;

/** What a pax header says of the member that follows it, as far as it is read here. */
export type PaxRecords = Partial<Record<(typeof keys)[number], string>>;

/**
 * Reads the records of a pax header (POSIX, "pax Extended Header"): `<length> <key>=<value>\n`, where the length
 * counts the whole record. An empty value says nothing.
 */
export function parsePax(content: Buffer, subject: string): PaxRecords {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const [prefix = "", length] = /^(\d{1,9}) /.exec(content.toString("latin1", at, at + 10)) ?? [];
    const end = at + Number(length);
    const record = content.toString("utf8", at + prefix.length, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1 || content[end - 1] !== 0x0a)
      throw new InputError({
        subject,
        expected: "pax records of the form <length> <key>=<value>",
        given: `something else at byte ${at}`,
      });
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return Object.fromEntries(keys.flatMap((key) => (records.get(key) ? [[key, records.get(key)]] : [])));
}
