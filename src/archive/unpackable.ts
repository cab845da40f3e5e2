import { posix } from "node:path";
import { InputError } from "../errors.js";
import type { PaxRecords } from "./pax.js";
import { capabilityRecord, type TarHeader } from "./tar.js";

// In bytes, and without the zero at their end (limits.h of Linux: NAME_MAX, PATH_MAX, XATTR_NAME_MAX, XATTR_SIZE_MAX).
const limits = { name: 255, path: 4095, attribute: 255, value: 65_536 };

// Devices and pipes, which have no content, as all that is no file.
const special: readonly string[] = ["3", "4", "6"];

const attributePrefix = "SCHILY.xattr.";

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

/** Refuses attributes of a member that no file of Linux can have. */
export function requireAttributes(records: PaxRecords, subject: string): void {
  for (const [key, value] of records) {
    if (!key.startsWith(attributePrefix)) continue;
    const name = key.slice(attributePrefix.length);
    const nameLength = Buffer.byteLength(name);
    const refuse = (expected: string, given: unknown): never => {
      throw new InputError({ subject, expected, given });
    };
    if (nameLength === 0 || nameLength > limits.attribute)
      refuse(`extended attributes whose names have 1 to ${limits.attribute} bytes`, name);
    if (Buffer.byteLength(value, "latin1") > limits.value)
      refuse(`extended attributes of at most ${limits.value} bytes`, `${value.length} of ${name}`);
    if (key === capabilityRecord && !isCapability(Buffer.from(value, "latin1")))
      refuse(
        "a capability as Linux takes it, of revision 2 or 3",
        Buffer.from(value, "latin1").toString("hex"),
      );
  }
}

function isCapability(bytes: Buffer): boolean {
  const [flags = 0, low, high, revision = 0] = bytes;
  return flags <= 1 && low === 0 && high === 0 && capabilitySizes[revision] === bytes.length;
}

/** What is no UTF-8 was one byte, or more. */
function bytesOf(name: string): number {
  return Buffer.byteLength(name.replaceAll("\ufffd", "?"));
}
