import { ByteView, byteOrderOf } from "./byte-order.js";

/** Where the fields of section headers lie in the two classes of ELF (System V ABI, "Sections"); in bytes. */
interface Layout {
  header: { shoff: number; shentsize: number; shnum: number; shstrndx: number; size: number };
  section: { offset: number; length: number; size: number };
  bits: 32 | 64;
}

interface Section {
  name: number;
  content: Uint8Array;
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

/**
 * The content of a section of an ELF file, by its name; undefined where the file has no such section
 * or no whole section table, which a program does not need to run.
 */
export function sectionOf(file: Uint8Array, name: string): Uint8Array | undefined {
  const layout = layouts[file[4] ?? 0];
  const order = byteOrderOf(file);
  if (layout === undefined || order === undefined || file.length < layout.header.size) return undefined;
  const view = new ByteView(file, order);
  const sections = readSections(file, view, layout);
  const names = sections[view.uint16(layout.header.shstrndx)]?.content;
  if (names === undefined) return undefined;
  return sections.find((section) => nameAt(names, section.name) === name)?.content;
}

function readSections(file: Uint8Array, view: ByteView, { header, section, bits }: Layout): Section[] {
  const word = (at: number) => view.word(at, bits);
  const start = word(header.shoff);
  const entrySize = view.uint16(header.shentsize);
  const count = view.uint16(header.shnum);
  if (start === 0 || entrySize < section.size || start + count * entrySize > file.length) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entrySize;
    const offset = word(at + section.offset);
    // A section without content in the file (.bss) may point past its end; subarray then gives less.
    return {
      name: view.word(at, 32),
      content: file.subarray(offset, offset + word(at + section.length)),
    };
  });
}

function nameAt(names: Uint8Array, start: number): string {
  const end = names.indexOf(0, start);
  return Buffer.from(names.subarray(start, end < 0 ? undefined : end)).toString("latin1");
}
