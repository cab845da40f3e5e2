import { checksumOf, type TarHeader, type TarMember, typeFlags } from "./tar.js";

/** Where a field lies, and its length. */
type Place = readonly [start: number, length: number];

/** What a header has beside the fields of the oldest form, by what its magic says. */
interface Form {
  /** Bytes of the prefix of its name. */
  prefix: number;
  /** Further numbers: nothing here goes by them, and Go refuses what is none. */
  numbers: Readonly<Record<string, Place>>;
}

type FormName = "old" | "ustar" | "star" | "gnu";

const ownNumbers = {
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
} as const satisfies Record<string, Place>;

const device: Form["numbers"] = { devmajor: [329, 8], devminor: [337, 8] };

// As archive/tar of Go has them (format.go).
const forms: Readonly<Record<FormName, Form>> = {
  old: { prefix: 0, numbers: {} },
  ustar: { prefix: 155, numbers: device },
  star: { prefix: 131, numbers: { ...device, atime: [476, 12], ctime: [488, 12] } },
  gnu: { prefix: 155, numbers: device },
};

const prefixStart = 345;

/** Times of GNU, which lie where others have the prefix. */
const gnuTimes: readonly Place[] = [
  [345, 12],
  [357, 12],
];

const types: Readonly<Record<string, TarMember["type"]>> = Object.fromEntries(
  Object.entries(typeFlags).map(([type, flag]) => [flag, type as TarMember["type"]]),
);

/** Reads a header; undefined where the block is none, by its checksum. */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  if (number(block, 148, 8) !== checksumOf(block)) return undefined;
  const form = formOf(block);
  const { numbers } = forms[form];
  const name = text(block, 0, 100);
  const prefix = hasPrefix(block, form) ? text(block, prefixStart, forms[form].prefix) : "";
  // Also where a header before it has another value: Go refuses it all the same.
  const all: Readonly<Record<string, Place>> = { ...ownNumbers, ...numbers };
  const unreadable = Object.entries(all).find(([, place]) => Number.isNaN(number(block, ...place)))?.[0];
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    ...typeOf(text(block, 156, 1)),
    mode: number(block, ...ownNumbers.mode),
    uid: number(block, ...ownNumbers.uid),
    gid: number(block, ...ownNumbers.gid),
    size: number(block, ...ownNumbers.size),
    mtime: number(block, ...ownNumbers.mtime),
    target: text(block, 157, 100),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

/** The type that a flag stands for. */
export function typeOf(flag: string): Pick<TarHeader, "type" | "flag"> {
  return { type: types[flag] ?? "other", flag };
}

function formOf(block: Buffer): FormName {
  const magic = block.toString("latin1", 257, 265);
  if (magic.startsWith("ustar\0")) return block.toString("latin1", 508) === "tar\0" ? "star" : "ustar";
  return magic === "ustar  \0" ? "gnu" : "old";
}

/** GNU's form has none; what old programs in Go wrote has one, which is told by times that are no numbers. */
function hasPrefix(block: Buffer, form: FormName): boolean {
  if (form !== "gnu") return true;
  const times = gnuTimes.filter(([start]) => block[start] !== 0);
  return (
    times.some((place) => Number.isNaN(number(block, ...place))) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what ASCII is.
    /^[\x01-\x7f]*$/.test(text(block, prefixStart, forms.gnu.prefix))
  );
}

/** Octal, or base 256 where the first bit is set, the second one being the sign. */
function number(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if (first < 0x80) return octal(block.toString("latin1", start, start + length));
  const inverted = first >= 0xc0 ? 0xff : 0;
  let value = (first ^ inverted) & 0x7f;
  for (let at = start + 1; at < start + length; at += 1) value = value * 256 + ((block[at] ?? 0) ^ inverted);
  if (inverted !== 0) value = -value - 1;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Digits between blanks and NULs; what is behind a NUL after them counts for nothing. */
function octal(field: string): number {
  const [digits = ""] = field.replace(/^[ \0]+|[ \0]+$/g, "").split("\0", 1);
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : Number.NaN;
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString("utf8", start, end === -1 ? start + length : Math.min(end, start + length));
}
