import { posix } from "node:path";
import { InputError } from "../errors.js";
import { attributePrefix, type PaxRecords } from "./pax.js";
import { capabilityRecord, type TarHeader } from "./tar.js";

// In bytes, and without the zero at their end (limits.h of Linux: NAME_MAX, PATH_MAX, XATTR_NAME_MAX, XATTR_SIZE_MAX).
const limits = { name: 255, path: 4095, attribute: 255, value: 65_536 };

// Devices and pipes, which have no content, as all that is no file.
const special: readonly string[] = ["3", "4", "6"];

// Docker sets no others, and pulls no image that has them (moby/go-archive: createTarFile).
const attributeNames = /^(?:(?:user|security|trusted)\..|system\.posix_acl_(?:access|default)$)/s;

// By the revision in its last byte; only what is effective may be said beside it (linux/capability.h: vfs_cap_data).
// The first revision can be read, and not be written.
const capabilitySizes: Readonly<Record<number, number>> = { 2: 20, 3: 24 };

/** Refuses a member that no directory of Linux can hold as it is. */
export function requireUnpackable({ path, target, type, flag }: TarHeader, subject: string): void {
  const refuse = (expected: string, given: unknown): never => {
    throw new InputError({ subject, expected, given });
  };
  if (type === "other" && !special.includes(flag))
    refuse("files, directories, links and devices", `${path}, of type ${flag}`);
  for (const name of [path, target])
    if (bytesOf(name) > limits.path) refuse(`paths of at most ${limits.path} bytes`, name);
  if (/^\.\.(\/|$)/.test(posix.normalize(path.replace(/^\/+/, "")))) refuse("paths below the root", path);
  const long = path.split("/").find((name) => bytesOf(name) > limits.name);
  if (long !== undefined) refuse(`names of at most ${limits.name} bytes`, long);
  if ((type === "symlink" || type === "hardlink") && target === "")
    refuse("links that lead somewhere", `${path} -> nothing`);
}

/** Refuses attributes of a member that no file of Linux can have, or none of its type. */
export function requireAttributes(records: PaxRecords, type: TarHeader["type"], subject: string): void {
  for (const [key, value] of records) {
    if (!key.startsWith(attributePrefix)) continue;
    const name = key.slice(attributePrefix.length);
    const nameLength = Buffer.byteLength(name);
    const refuse = (expected: string, given: unknown): never => {
      throw new InputError({ subject, expected, given });
    };
    if (nameLength === 0 || nameLength > limits.attribute)
      refuse(`extended attributes whose names have 1 to ${limits.attribute} bytes`, name);
    if (!attributeNames.test(name))
      refuse("extended attributes of user, security or trusted, or access control lists", name);
    if (name.startsWith("user.") && type !== "file" && type !== "directory" && type !== "hardlink")
      refuse("extended attributes of user on files and directories", name);
    if (Buffer.byteLength(value, "latin1") > limits.value)
      refuse(`extended attributes of at most ${limits.value} bytes`, `${value.length} of ${name}`);
    const bytes = Buffer.from(value, "latin1");
    if (key === capabilityRecord && !isCapability(bytes))
      refuse("a capability as Linux takes it, of revision 2 or 3", bytes.toString("hex"));
    if (name.startsWith("system.") && !isAccessList(bytes))
      refuse(`${name} as Linux takes it`, bytes.toString("hex"));
  }
}

/** As Linux reads it (fs/posix_acl.c: posix_acl_from_xattr, and posix_acl_valid for the order of the entries). */
function isAccessList(bytes: Buffer): boolean {
  if (bytes.length === 0) return true;
  if (bytes.length < 4 || bytes.length % 8 !== 4 || bytes.readUInt32LE() !== 2) return false;
  const starts = Array.from({ length: (bytes.length - 4) / 8 }, (_, at) => 4 + 8 * at);
  const tags = starts.map((start) => bytes.readUInt16LE(start));
  const named = tags.includes(2) || tags.includes(8);
  return (
    starts.every((start) => bytes.readUInt16LE(start + 2) <= 7) &&
    (tags.length === 0 || /^1(?:,2)*,4(?:,8)*(?:,16)?,32$/.test(tags.join())) &&
    (!named || tags.includes(16))
  );
}

function isCapability(bytes: Buffer): boolean {
  const [flags = 0, low, high, revision = 0] = bytes;
  return flags <= 1 && low === 0 && high === 0 && capabilitySizes[revision] === bytes.length;
}

/** What is no UTF-8 was one byte, or more. */
function bytesOf(name: string): number {
  return Buffer.byteLength(name.replaceAll("\ufffd", "?"));
}
