/** Machine code that writes 6 bytes from `message` to standard output and exits with 0 (Linux system calls). */
const machines = {
  amd64: {
    // EM_X86_64
    id: 62,
    // write(1, message, 6); exit(0): mov eax,1; mov edi,1; mov esi,message; mov edx,6; syscall; mov eax,60; xor edi,edi; syscall
    code: (message: number) =>
      Buffer.concat([
        Buffer.from("b801000000bf01000000be", "hex"),
        word(message),
        Buffer.from("ba060000000f05b83c00000031ff0f05", "hex"),
      ]),
  },
  arm64: {
    // EM_AARCH64
    id: 183,
    // The same: mov x0,1; ldr w1,message; mov x2,6; mov x8,64; svc 0; mov x0,0; mov x8,93; svc 0; message's address
    code: (message: number) =>
      Buffer.concat([
        ...[
          0xd2800020, 0x180000e1, 0xd28000c2, 0xd2800808, 0xd4000001, 0xd2800000, 0xd2800ba8, 0xd4000001,
        ].map(word),
        word(message),
      ]),
  },
} as const;

const headerSize = 64 + 56;
const address = 0x400000;

/** A whole static ELF program for Linux that prints `hello`, for where no compiler is installed. */
export function tinyProgram(architecture: keyof typeof machines): Buffer {
  const { id, code } = machines[architecture];
  const { length } = code(0);
  const text = Buffer.concat([code(address + headerSize + length), Buffer.from("hello\n")]);
  const header = Buffer.alloc(headerSize);
  header.write("7f454c46020101", "hex");
  // ET_EXEC, the machine, version 1.
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(id, 18);
  header.writeUInt32LE(1, 20);
  // Entry point, program headers at 64, sizes of both headers, one segment.
  header.writeBigUInt64LE(BigInt(address + headerSize), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  // PT_LOAD, readable and executable, the whole file.
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(5, 68);
  for (const at of [80, 88]) header.writeBigUInt64LE(BigInt(address), at);
  for (const at of [96, 104]) header.writeBigUInt64LE(BigInt(headerSize + text.length), at);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, text]);
}

/** The same program, with a loader named that it has no need of: its program headers move to the end of the file. */
export function dynamicProgram(architecture: keyof typeof machines, loader: string): Buffer {
  const program = tinyProgram(architecture);
  const path = Buffer.from(`${loader}\0`);
  const segment = program.subarray(64, headerSize);
  const interpreter = Buffer.alloc(segment.length);
  // PT_INTERP, with its offset and size in the file.
  interpreter.writeUInt32LE(3, 0);
  interpreter.writeBigUInt64LE(BigInt(program.length), 8);
  interpreter.writeBigUInt64LE(BigInt(path.length), 32);
  const file = Buffer.concat([program, path, interpreter, segment]);
  file.writeBigUInt64LE(BigInt(program.length + path.length), 32);
  file.writeUInt16LE(2, 56);
  return file;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
