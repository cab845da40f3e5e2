import { InputError } from "../errors.js";
import { type ByteSource, StreamedBytes } from "./bytes.js";
import { decodeHeader, typeOf } from "./header-reader.js";
import { type PaxRecords, parsePax, requireTimes } from "./pax.js";
import { capabilityRecord, endOfArchive, paddingOf, type TarHeader, tarBlock, typeFlags } from "./tar.js";
import { requireAttributes, requireUnpackable } from "./unpackable.js";

/** A member of an archive, with its content where it was asked for. */
export interface ReadMember {
  header: TarHeader;
  /** Where its content lies in the archive. */
  offset: number;
  content?: Buffer;
}

/** What the headers before a member say of it. */
interface Extension {
  pax?: PaxRecords;
  path?: string;
  target?: string;
}

type Extend = (before: Extension, content: Buffer, subject: string) => Extension;

// What unpacks images is written in Go: an archive is read here as archive/tar of Go does it, limits included.
const largestExtension = 1 << 20;

// Headers that say something about the next member, by their type flag. What one says about all that follow is left
// out, and ends what was said about the next, as in Go.
const extensions: Readonly<Record<string, Extend>> = {
  x: (before, content, subject) => ({ ...before, pax: parsePax(content, subject) }),
  g: (_, content, subject) => {
    parsePax(content, subject);
    return {};
  },
  L: (before, content) => ({ ...before, path: cString(content) }),
  K: (before, content) => ({ ...before, target: cString(content) }),
};

const typeOfGlobal = "g";

// Those of git and Python, of Go, and of GNU tar, which names a directory for temporary files.
const globalNames = /^(?:pax_global_header|\.\/\.\/@PaxHeader|(?:.*\/)?GlobalHead\.\d+\.\d+)$/;

/** What has the name of a header about all members, containerd removes (pkg/archive: applyNaive). */
function requireGlobalName({ path }: TarHeader, subject: string): void {
  if (globalNames.test(path)) return;
  throw new InputError({
    subject,
    expected: "pax_global_header as the name of a header about all members",
    given: path,
  });
}

/** Sees the content of a member as it passes, to its end; `offset` is where it begins. */
export type Visit = (header: TarHeader, content: AsyncIterable<Buffer>, offset: number) => Promise<void>;

/**
 * Reads a streamed archive from start to end, and holds no content but that of the members that `wants` names and
 * of the headers that extend others. `visit` sees what is not held.
 */
export async function* readTar(
  archive: AsyncIterable<Buffer>,
  subject: string,
  wants: (header: TarHeader) => boolean,
  visit?: Visit,
): AsyncGenerator<ReadMember> {
  const source = new StreamedBytes(archive, subject);
  const pass = visit && ((header: TarHeader) => visit(header, source.take(header.size), source.offset));
  try {
    yield* readMembers(source, subject, wants, pass);
    await source.drain();
  } finally {
    await source.close();
  }
}

/** Reads the members of an archive up to its end; the content of each that `wants` does not name is skipped. */
export async function* readMembers(
  source: ByteSource,
  subject: string,
  wants: (header: TarHeader) => boolean = () => false,
  pass: (header: TarHeader) => Promise<void> = ({ size }) => source.skip(size),
): AsyncGenerator<ReadMember> {
  let extension: Extension = {};
  for (;;) {
    const plain = await readHeader(source, subject);
    if (plain === undefined) return;
    const extend = extensions[plain.flag];
    if (extend !== undefined) {
      if (plain.flag === typeOfGlobal) requireGlobalName(plain, subject);
      extension = extend(extension, await readExtension(source, plain, subject), subject);
      continue;
    }
    const header = checkedNumbers(extended(plain, extension, subject), subject);
    requireUnpackable(header, subject);
    extension = {};
    const { offset } = source;
    const content = wants(header) ? await source.read(header.size) : await pass(header);
    // Some writers end with the last content.
    await source.skipAtMost(paddingOf(header.size).length);
    yield { header, offset, ...(content === undefined ? {} : { content }) };
  }
}

/** Undefined at the end, which is two empty blocks, or that of the bytes. */
async function readHeader(source: ByteSource, subject: string): Promise<TarHeader | undefined> {
  if (await source.isAtEnd()) return undefined;
  const block = await source.read(tarBlock);
  if (isEmpty(block)) {
    if ((await source.isAtEnd()) || isEmpty(await source.read(tarBlock))) return undefined;
    throw new InputError({ subject, expected: "a tar archive", given: "one empty block between members" });
  }
  const header = decodeHeader(block);
  if (header !== undefined) return header;
  throw new InputError({ subject, expected: "a tar archive", given: "a block that is no header" });
}

async function readExtension(source: ByteSource, header: TarHeader, subject: string): Promise<Buffer> {
  const { size } = checkedNumbers(header, subject);
  if (size > largestExtension)
    throw new InputError({
      subject,
      expected: `at most ${largestExtension} bytes before a member that say more of it`,
      given: size,
    });
  const content = await source.read(size);
  await source.skipAtMost(paddingOf(size).length);
  return content;
}

function extended(header: TarHeader, extension: Extension, subject: string): TarHeader {
  const { pax = new Map<string, string>() } = extension;
  requireTimes(pax, subject);
  const number = (key: string, value: number) => {
    const text = pax.get(key);
    return text === undefined ? value : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const capability = pax.get(capabilityRecord);
  const path = extension.path || (pax.get("path") ?? header.path);
  const { type, flag } = header.flag === "" ? typeOf(oldFlag(path)) : header;
  requireAttributes(pax, type, subject);
  // A file's own size has to be one, whatever is said before it; what is no file has none.
  const size = type === "file" && header.size < 0 ? header.size : number("size", header.size);
  return {
    ...header,
    path,
    type,
    flag,
    target: extension.target || (pax.get("linkpath") ?? header.target),
    size: type === "file" || !Number.isSafeInteger(size) ? size : 0,
    uid: number("uid", header.uid),
    gid: number("gid", header.gid),
    ...(capability === undefined ? {} : { capability: Buffer.from(capability, "latin1") }),
  };
}

/** Before POSIX a directory had no flag, and a slash instead. */
function oldFlag(path: string): string {
  return path.endsWith("/") ? typeFlags.directory : typeFlags.file;
}

function checkedNumbers(header: TarHeader, subject: string): TarHeader {
  const { path, mode, uid, gid, size, mtime, unreadable } = header;
  const numbers = {
    mode,
    uid,
    gid,
    size,
    // Only times may lie before zero.
    mtime: Math.abs(mtime),
    ...(unreadable === undefined ? {} : { [unreadable]: Number.NaN }),
  };
  const wrong = Object.entries(numbers).find(([, value]) => !Number.isSafeInteger(value) || value < 0);
  if (wrong === undefined) return header;
  throw new InputError({
    subject,
    expected: `a ${wrong[0]} from 0 on for ${path}`,
    given: Number.isNaN(wrong[1]) ? "no number" : wrong[1],
  });
}

function cString(content: Buffer): string {
  const end = content.indexOf(0);
  return content.toString("utf8", 0, end === -1 ? content.length : end);
}

function isEmpty(block: Buffer): boolean {
  return block.equals(endOfArchive.subarray(0, tarBlock));
}
