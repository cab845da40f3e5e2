import { InputError } from "../errors.js";

// Bits of the flags (RFC 1952, section 2.3.1).
const hasExtra = 4;
const strings = [8, 16];

// Bytes before what is optional, and of a name or comment: Go reads no longer one (compress/gzip: Reader.readString).
const fixed = 10;
const longest = 511;

/** Passes a gzip file on, and refuses a header that what runs images does not read: with a long name or comment. */
export async function* checkGzipHeader(
  chunks: AsyncIterable<Buffer>,
  subject: string,
): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    const verdict = judge(held);
    if (verdict === "long")
      throw new InputError({
        subject,
        expected: `a gzip header with a name and a comment of at most ${longest} bytes`,
        given: "a longer one",
      });
    if (verdict === "cut") continue;
    yield held;
    held = undefined;
  }
  if (held !== undefined && held.length > 0) yield held;
}

/** Whether the header is whole; `cut` where more of it is to come. What is no header at all, zlib says better. */
function judge(header: Buffer): "whole" | "long" | "cut" {
  if (header.length < fixed) return "cut";
  const [, , , flags = 0] = header;
  let at = fixed;
  if (flags & hasExtra) {
    if (header.length < at + 2) return "cut";
    at += 2 + header.readUInt16LE(at);
  }
  for (const flag of strings) {
    if ((flags & flag) === 0) continue;
    const end = header.indexOf(0, at);
    const length = (end < 0 ? header.length : end) - at;
    if (length > longest) return "long";
    if (end < 0) return "cut";
    at = end + 1;
  }
  return "whole";
}
