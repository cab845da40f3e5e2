import { type ByteOrder, ByteView, byteOrderOf } from "./byte-order.js";
import type { ProgramBytes } from "./program-bytes.js";

/** Where the fields of section headers lie in the two classes of ELF (System V ABI, "Sections"); in bytes. */
interface Layout {
  header: { shoff: number; shentsize: number; shnum: number; shstrndx: number; size: number };
  section: { offset: number; length: number; size: number };
  bits: 32 | 64;
}

interface Section {
  name: number;
  start: number;
  end: number;
}

const layouts: Readonly<Record<number, Layout>> = {
  1: {
    header: { shoff: 32, shentsize: 46, shnum: 48, shstrndx: 50, size: 52 },
    section: { offset: 16, length: 20, size: 40 },
    bits: 32,
  },
  2: {
    header: { shoff: 40, shentsize: 58, shnum: 60, shstrndx: 62, size: 64 },
    section: { offset: 24, length: 32, size: 64 },
    bits: 64,
  },
};

// Of the header: ET_EXEC and ET_DYN.
const typeOffset = 16;
const loadedTypes: readonly number[] = [2, 3];

// What a build says of itself, and the names of all sections, are far below; both in bytes.
const largest = { section: 16 << 20, header: 64 };

/**
 * The content of a section of an ELF file, by its name; undefined where the file has no such section
 * or no whole section table, which a program does not need to run, and where it is larger than any build makes it.
 */
export function sectionOf(file: ProgramBytes, name: string): Uint8Array | undefined {
  const header = headerOf(file);
  if (header === undefined) return undefined;
  const { view, layout } = header;
  const sections = readSections(file, view, layout);
  const names = contentOf(file, sections[view.uint16(layout.header.shstrndx)]);
  if (names === undefined) return undefined;
  const wanted = Buffer.from(`${name}\0`, "latin1");
  return contentOf(
    file,
    sections.find((section) => wanted.equals(names.subarray(section.name, section.name + wanted.length))),
  );
}

/** Whether a file that is loaded as a program or a library has no section table: nothing that a build says is found in it. */
export function isStrippedOfSections(file: ProgramBytes): boolean {
  const header = headerOf(file);
  if (header === undefined) return false;
  const { view, layout } = header;
  return loadedTypes.includes(view.uint16(typeOffset)) && readSections(file, view, layout).length === 0;
}

/** Undefined where the file has no whole header. */
function headerOf(file: ProgramBytes): { view: ByteView; layout: Layout & { order: ByteOrder } } | undefined {
  const head = file.subarray(0, largest.header);
  const layout = layouts[head[4] ?? 0];
  const order = byteOrderOf(head);
  if (layout === undefined || order === undefined || head.length < layout.header.size) return undefined;
  return { view: new ByteView(head, order), layout: { ...layout, order } };
}

function contentOf(file: ProgramBytes, section: Section | undefined): Uint8Array | undefined {
  if (section === undefined || section.end - section.start > largest.section) return undefined;
  return file.subarray(section.start, section.end);
}

function readSections(
  file: ProgramBytes,
  view: ByteView,
  { header, section, bits, order }: Layout & { order: ByteOrder },
): Section[] {
  const start = view.word(header.shoff, bits);
  const entrySize = view.uint16(header.shentsize);
  const count = view.uint16(header.shnum);
  if (start === 0 || entrySize < section.size || start + count * entrySize > file.length) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    const entry = new ByteView(file.subarray(at, at + section.size), order);
    // A section without content in the file (.bss) may point past its end; subarray then gives less.
    const offset = entry.word(section.offset, bits);
    return { name: entry.word(0, 32), start: offset, end: offset + entry.word(section.length, bits) };
  });
}
