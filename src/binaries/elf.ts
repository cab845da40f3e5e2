import { InputError } from "../errors.js";
import { type ByteOrder, ByteView, byteOrderOf } from "./byte-order.js";
import type { ProgramBytes } from "./program-bytes.js";

/** What an ELF file says about where it runs (System V ABI, chapters "Object Files" and "Program Loading"). */
export interface ElfProgram {
  /** Word size. */
  bits: 32 | 64;
  /** By the name that Go and OCI give it: `amd64`, `arm64`, `arm`, `s390x`. */
  architecture: string;
  /** `EXEC` is linked to fixed addresses, `DYN` is position-independent. */
  type: "EXEC" | "DYN";
  /** Path of the loader that PT_INTERP names; a static program has none, and runs in an empty container. */
  interpreter?: string;
  /** Whether there is a PT_DYNAMIC segment. A static program that is position-independent has one as well. */
  dynamic: boolean;
}

/** Where the fields lie that differ between the two classes; offsets and sizes in bytes. */
interface Layout {
  bits: 32 | 64;
  header: { size: number; phoff: number; phentsize: number; phnum: number };
  segment: { size: number; offset: number; filesz: number };
}

interface Segment {
  type: number;
  offset: number;
  end: number;
}

const layouts: Record<number, Layout> = {
  1: {
    bits: 32,
    header: { size: 52, phoff: 28, phentsize: 42, phnum: 44 },
    segment: { size: 32, offset: 4, filesz: 16 },
  },
  2: {
    bits: 64,
    header: { size: 64, phoff: 32, phentsize: 54, phnum: 56 },
    segment: { size: 56, offset: 8, filesz: 32 },
  },
};

const types: Record<number, ElfProgram["type"]> = { 2: "EXEC", 3: "DYN" };

// e_machine by word size and byte order: the x32 ABI is EM_X86_64 in 32 bits, and no amd64.
const architectures: Record<`${Layout["bits"]} ${ByteOrder}`, Record<number, string>> = {
  "32 little-endian": { 3: "386", 8: "mipsle", 40: "arm" },
  "64 little-endian": {
    8: "mips64le",
    21: "ppc64le",
    62: "amd64",
    183: "arm64",
    243: "riscv64",
    258: "loong64",
  },
  "32 big-endian": { 8: "mips" },
  "64 big-endian": { 8: "mips64", 21: "ppc64", 22: "s390x" },
};

const PT_DYNAMIC = 2;
const PT_INTERP = 3;

// Of the 64-bit class, whose header is the larger one.
const headerSize = 64;

// Linux takes no longer path of a loader (PATH_MAX).
const longestPath = 4096;

/** Parses an ELF program; what is no such program, or is cut short, is an InputError. */
export function parseElf(bytes: ProgramBytes, subject: string): ElfProgram {
  const refuse = (expected: string, given: unknown): never => {
    throw new InputError({ subject, expected, given });
  };
  const head = bytes.subarray(0, headerSize);
  const magic = Buffer.from(head.subarray(0, 4)).toString("hex");
  if (magic !== "7f454c46") return refuse("an ELF program", `a file that starts with ${magic || "nothing"}`);
  if (bytes.length < 16) return refuse("an ELF header", `${bytes.length} bytes`);
  const layout = layouts[head[4] ?? 0] ?? refuse("an ELF file of class 32 or 64", `class ${head[4]}`);
  const order =
    byteOrderOf(head) ?? refuse("a little-endian or big-endian ELF file", `data encoding ${head[5]}`);
  if (bytes.length < layout.header.size)
    return refuse(`an ELF header of ${layout.header.size} bytes`, `${bytes.length} bytes`);
  const view = new ByteView(head, order);
  const type = types[view.uint16(16)] ?? refuse("an executable ELF file", `type ${view.uint16(16)}`);
  const machine = view.uint16(18);
  const architecture =
    architectures[`${layout.bits} ${order}`][machine] ??
    refuse("a known architecture", `ELF machine ${machine} in ${layout.bits} bits, ${order}`);
  const segments = readSegments(bytes, view, { ...layout, order }, refuse);
  const loader = segments.find((segment) => segment.type === PT_INTERP);
  if (loader !== undefined && loader.end - loader.offset > longestPath)
    refuse(`the path of a loader in at most ${longestPath} bytes`, `${loader.end - loader.offset} bytes`);
  return {
    bits: layout.bits,
    architecture,
    type,
    ...(loader === undefined ? {} : { interpreter: cString(bytes.subarray(loader.offset, loader.end)) }),
    dynamic: segments.some((segment) => segment.type === PT_DYNAMIC),
  };
}

function readSegments(
  bytes: ProgramBytes,
  view: ByteView,
  { bits, header, segment, order }: Layout & { order: ByteOrder },
  refuse: (expected: string, given: unknown) => never,
): Segment[] {
  const start = view.word(header.phoff, bits);
  const entrySize = view.uint16(header.phentsize);
  const count = view.uint16(header.phnum);
  if (count === 0) return refuse("program headers", "none");
  if (entrySize < segment.size)
    return refuse(`program headers of ${segment.size} bytes`, `${entrySize} bytes each`);
  const requireBytes = (end: number) => {
    if (end > bytes.length) refuse(`a whole file of at least ${end} bytes`, `${bytes.length} bytes`);
  };
  requireBytes(start + count * entrySize);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    const entry = new ByteView(bytes.subarray(at, at + segment.size), order);
    const offset = entry.word(segment.offset, bits);
    const end = offset + entry.word(segment.filesz, bits);
    requireBytes(end);
    return { type: entry.word(0, 32), offset, end };
  });
}

function cString(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1").replace(/\0.*$/s, "");
}
