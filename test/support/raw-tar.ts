import { encodeHeader, paddingOf, type TarMember } from "../../src/archive/tar.js";

const fields = { mode: 100, uid: 108, gid: 116, size: 124, mtime: 136, flag: 156 };

/** Bytes of fields of a header as they are, or of what is at an offset. */
export type RawFields = Readonly<Partial<Record<keyof typeof fields, string | Buffer>>> &
  Readonly<Record<number, string | Buffer>>;

/** A header that no writer makes: some of its fields are overwritten, and the checksum fits. */
export function rawHeader(member: Partial<TarMember>, raw: RawFields = {}): Buffer {
  const defaults = {
    path: "a",
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0,
    target: "",
  } as const;
  const block = encodeHeader({ ...defaults, ...member });
  for (const [field, bytes] of Object.entries<string | Buffer>(raw))
    Buffer.from(bytes).copy(block, fields[field as keyof typeof fields] ?? Number(field));
  block.fill(" ", 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A member with its content, of any type. */
export function rawMember(flag: string, content: string | Buffer, member: Partial<TarMember> = {}): Buffer {
  const bytes = Buffer.from(content);
  const header = rawHeader({ size: bytes.length, ...member }, { flag });
  return Buffer.concat([header, bytes, paddingOf(bytes.length)]);
}

/** A record of a pax header, whose length counts itself. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  const digits = String(length + String(length).length).length;
  return `${length + digits}${rest}`;
}
