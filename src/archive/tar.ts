/** The numeric user and group that a file belongs to. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Size of a header, and what content is padded to, in bytes. */
export const tarBlock = 512;

/** Two empty blocks, which end an archive. */
export const endOfArchive: Buffer = Buffer.alloc(2 * tarBlock);

/** By what a member is. */
export const typeFlags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;

/** A member of an archive (POSIX pax interchange format, "ustar Header Block"). */
export interface TarMember extends Owner {
  /** Without a slash at either end. */
  path: string;
  type: keyof typeof typeFlags;
  mode: number;
  /** Bytes of content. */
  size: number;
  /** Seconds since the epoch. */
  mtime: number;
  /** Of a symbolic link, or the path of the member that a hard link is. */
  target: string;
  /** What a file may do that its user may not (capabilities(7)), as Linux keeps it: the attribute security.capability. */
  capability?: Buffer;
}

/** The record that holds it. Of all attributes of files, layers that BuildKit writes have this one only. */
export const capabilityRecord = "SCHILY.xattr.security.capability";

/**
 * A header as it is read; `flag` is kept for the types that are no files of their own. What is no number there is
 * NaN.
 */
export interface TarHeader extends Omit<TarMember, "type"> {
  type: TarMember["type"] | "other";
  flag: string;
  /** A field that is no number, of those that are not kept. */
  unreadable?: string;
}

const limits = { path: 100, prefix: 155, id: 0o7777777, size: 0o77777777777 };

/**
 * The header of a member: ustar where everything fits, else preceded by a pax header with what does not. Names
 * of users and groups are left out, and the times are whole seconds.
 */
export function encodeHeader(member: TarMember): Buffer {
  const path = member.type === "directory" ? `${member.path}/` : member.path;
  const split = splitPath(path);
  const records = {
    ...(split === undefined ? { path } : {}),
    ...(fits(member.target, limits.path) ? {} : { linkpath: member.target }),
    ...(member.size > limits.size ? { size: String(member.size) } : {}),
    ...(member.uid > limits.id ? { uid: String(member.uid) } : {}),
    ...(member.gid > limits.id ? { gid: String(member.gid) } : {}),
    ...(member.capability === undefined ? {} : { [capabilityRecord]: member.capability }),
  };
  const header = encodeBlock(
    member,
    typeFlags[member.type],
    split ?? { name: ascii(path, limits.path), prefix: "" },
  );
  if (Object.keys(records).length === 0) return header;
  const content = Buffer.concat(Object.entries(records).map(([key, value]) => encodeRecord(key, value)));
  const extended = { ...member, mode: 0o644, uid: 0, gid: 0, size: content.length, target: "" };
  const name = ascii(`PaxHeaders.0/${path.replace(/\/$/, "")}`, limits.path);
  return Buffer.concat([
    encodeBlock(extended, "x", { name, prefix: "" }),
    content,
    paddingOf(content.length),
    header,
  ]);
}

/** Zeros up to the next block after content. */
export function paddingOf(size: number): Buffer {
  return Buffer.alloc((tarBlock - (size % tarBlock)) % tarBlock);
}

function encodeBlock(
  { mode, uid, gid, size, mtime, target }: Omit<TarMember, "type" | "path">,
  flag: string,
  { name, prefix }: { name: string; prefix: string },
): Buffer {
  const block = Buffer.alloc(tarBlock);
  block.write(name, 0, limits.path);
  block.write(octal(mode, 7), 100);
  block.write(octal(Math.min(uid, limits.id), 7), 108);
  block.write(octal(Math.min(gid, limits.id), 7), 116);
  block.write(octal(Math.min(size, limits.size), 11), 124);
  block.write(octal(mtime, 11), 136);
  block.write(flag, 156);
  block.write(ascii(target, limits.path), 157);
  block.write("ustar\x0000", 257, "latin1");
  block.write(prefix, 345, limits.prefix);
  block.write(`${octal(checksumOf(block), 6)}\0 `, 148);
  return block;
}

/** Name and prefix, split at a slash; undefined where the path does not fit, or is not ASCII. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  if (fits(path, limits.path)) return { name: path, prefix: "" };
  const slash = path.indexOf("/", Math.max(path.length - limits.path - 1, 1));
  const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
  return slash !== -1 && name !== "" && fits(name, limits.path) && fits(prefix, limits.prefix)
    ? { name, prefix }
    : undefined;
}

function fits(value: string, length: number): boolean {
  return value.length <= length && /^[\x20-\x7e]*$/.test(value);
}

function ascii(value: string, length: number): string {
  return value.replace(/[^\x20-\x7e]/g, "").slice(0, length);
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function encodeRecord(key: string, value: string | Buffer): Buffer {
  const record = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as Buffer), Buffer.from("\n")]);
  let length = record.length + String(record.length).length;
  if (record.length + String(length).length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), record]);
}

/** The sum of all bytes, the field of the checksum taken as blanks. */
export function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  // A loop: of all that is done for a member, this would take the most time.
  for (let at = 0; at < tarBlock; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
