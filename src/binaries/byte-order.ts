/** Which end of a number comes first. */
export type ByteOrder = "little-endian" | "big-endian";

// EI_DATA of the identification (System V ABI, "ELF Identification").
const orders: Readonly<Record<number, ByteOrder>> = { 1: "little-endian", 2: "big-endian" };

/** The byte order that the header of an ELF file names; undefined where it names none. */
export function byteOrderOf(header: Uint8Array): ByteOrder | undefined {
  return orders[header[5] ?? 0];
}

/** Numbers of a file in its byte order; offsets in bytes. */
export class ByteView {
  readonly #view: DataView;
  readonly #isLittle: boolean;

  constructor(bytes: Uint8Array, order: ByteOrder) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = order === "little-endian";
  }

  uint16(at: number): number {
    return this.#view.getUint16(at, this.#isLittle);
  }

  /** A number as wide as the addresses of a class of ELF. */
  word(at: number, bits: 32 | 64): number {
    return bits === 32
      ? this.#view.getUint32(at, this.#isLittle)
      : Number(this.#view.getBigUint64(at, this.#isLittle));
  }
}
