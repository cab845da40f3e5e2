import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ElfProgram, parseElf } from "../../src/binaries/elf.js";
import { InputError } from "../../src/errors.js";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";

const directory = makeTemporaryDirectory();
afterAll(() => directory.remove());

/** Builds a Go program of one line, without cgo, for Linux. */
async function buildGo(goarch: string, ...flags: string[]): Promise<Buffer> {
  const source = join(directory.path, "main.go");
  const output = join(directory.path, `${goarch}${flags.join("")}`);
  await writeFile(source, 'package main\n\nfunc main() { println("hello") }\n');
  await promisify(execFile)("go", ["build", ...flags, "-o", output, source], {
    env: {
      ...process.env,
      CGO_ENABLED: "0",
      GOOS: "linux",
      GOARCH: goarch,
      GOFLAGS: "",
      GOTOOLCHAIN: "local",
    },
  });
  return readFile(output);
}

describe("parseElf of what Go builds", () => {
  it.each<[string, string[], ElfProgram]>([
    ["amd64", [], { bits: 64, architecture: "amd64", type: "EXEC", dynamic: false }],
    ["arm64", [], { bits: 64, architecture: "arm64", type: "EXEC", dynamic: false }],
    ["386", [], { bits: 32, architecture: "386", type: "EXEC", dynamic: false }],
    [
      "amd64",
      ["-buildmode=pie"],
      {
        bits: 64,
        architecture: "amd64",
        type: "DYN",
        interpreter: "/lib64/ld-linux-x86-64.so.2",
        dynamic: true,
      },
    ],
  ])("%s %j", { timeout: 120_000 }, async (goarch, flags, expected) => {
    expect(parseElf(await buildGo(goarch, ...flags), "program")).toEqual(expected);
  });
});

/** The headers of a static program, and of one that names a loader, with nothing to run. */
function headersOf(bits: 32 | 64, isLittle: boolean, machine: number, loader = ""): Buffer {
  const [header, segment] = bits === 32 ? [52, 32] : [64, 56];
  const view = new DataView(new ArrayBuffer(header + segment + loader.length));
  const word = (at: number, value: number) =>
    bits === 32 ? view.setUint32(at, value, isLittle) : view.setBigUint64(at, BigInt(value), isLittle);
  const file = Buffer.from(view.buffer);
  file.write("7f454c46", "hex");
  file.set([bits / 32, isLittle ? 1 : 2, 1], 4);
  // ET_EXEC, the machine, where program headers start, their size and number.
  view.setUint16(16, 2, isLittle);
  view.setUint16(18, machine, isLittle);
  word(bits === 32 ? 28 : 32, header);
  view.setUint16(bits === 32 ? 42 : 54, segment, isLittle);
  view.setUint16(bits === 32 ? 44 : 56, 1, isLittle);
  // PT_INTERP or PT_LOAD, with its offset and size.
  view.setUint32(header, loader === "" ? 1 : 3, isLittle);
  word(header + (bits === 32 ? 4 : 8), header + segment);
  word(header + (bits === 32 ? 16 : 32), loader.length);
  file.write(loader, header + segment);
  return file;
}

describe("parseElf of every platform", () => {
  it.each<[string, 32 | 64, "little" | "big", number]>([
    ["386", 32, "little", 3],
    ["arm", 32, "little", 40],
    ["amd64", 64, "little", 62],
    ["arm64", 64, "little", 183],
    ["ppc64le", 64, "little", 21],
    ["riscv64", 64, "little", 243],
    ["loong64", 64, "little", 258],
    ["mips64le", 64, "little", 8],
    ["s390x", 64, "big", 22],
    ["ppc64", 64, "big", 21],
    ["mips", 32, "big", 8],
  ])("%s, %i bits, %s-endian", (architecture, bits, order, machine) => {
    const program = { bits, architecture, type: "EXEC", dynamic: false };
    const headers = (loader?: string) => headersOf(bits, order === "little", machine, loader);
    expect(parseElf(headers(), "program")).toEqual(program);
    expect(parseElf(headers("/lib/ld.so.1\0"), "program")).toEqual({
      ...program,
      interpreter: "/lib/ld.so.1",
    });
  });

  it.each<[string, 32 | 64, boolean, number]>([
    ["64 bits, little-endian", 64, true, 22],
    ["64 bits, big-endian", 64, false, 62],
    ["32 bits, big-endian", 32, false, 40],
  ])("refuses a machine that is none in %s", (given, bits, isLittle, machine) => {
    expect(() => parseElf(headersOf(bits, isLittle, machine), "program")).toThrow(
      `a known architecture, got "ELF machine ${machine} in ${given}"`,
    );
  });
});

describe("parseElf of what is no whole program", () => {
  let program: Buffer;
  beforeAll(async () => {
    program = await buildGo("amd64");
  });

  const patched = (at: number, ...values: number[]) => {
    const copy = Buffer.from(program);
    copy.set(values, at);
    return copy;
  };

  it.each<[string, () => Uint8Array, string]>([
    ["an empty file", () => Buffer.alloc(0), 'an ELF program, got "a file that starts with nothing"'],
    [
      "a shell script",
      () => Buffer.from("#!/bin/sh\n"),
      'an ELF program, got "a file that starts with 23212f62"',
    ],
    ["a Windows program", () => Buffer.from("MZ\x90\0"), "an ELF program, got"],
    ["the magic alone", () => program.subarray(0, 4), 'an ELF header, got "4 bytes"'],
    ["a cut header", () => program.subarray(0, 63), 'an ELF header of 64 bytes, got "63 bytes"'],
    ["cut program headers", () => program.subarray(0, 100), "a whole file of at least"],
    ["a file without its last byte of code", () => program.subarray(0, 8192), "a whole file of at least"],
    ["an unknown class", () => patched(4, 3), 'of class 32 or 64, got "class 3"'],
    [
      "an unknown byte order",
      () => patched(5, 3),
      'a little-endian or big-endian ELF file, got "data encoding 3"',
    ],
    ["an object file", () => patched(16, 1), 'an executable ELF file, got "type 1"'],
    ["a core dump", () => patched(16, 4), 'an executable ELF file, got "type 4"'],
    ["an unknown machine", () => patched(18, 0xff, 0xff), '"ELF machine 65535 in 64 bits, little-endian"'],
    ["a 32-bit machine in 64 bits", () => patched(18, 40), '"ELF machine 40 in 64 bits, little-endian"'],
    ["no program headers", () => patched(56, 0, 0), 'program headers, got "none"'],
    ["program headers too small", () => patched(54, 55), 'program headers of 56 bytes, got "55 bytes each"'],
    ["program headers out of the file", () => patched(39, 0x7f), "a whole file of at least"],
    ["a segment out of the file", () => patched(64 + 32 + 6, 1), "a whole file of at least"],
    [
      "a loader whose path is long",
      () => patched(64, 3, ...program.subarray(65, 96), 0x01, 0x10),
      'the path of a loader in at most 4096 bytes, got "4097 bytes"',
    ],
  ])("refuses %s", (_, bytes, message) => {
    const parse = () => parseElf(bytes(), "dist/hello");
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(`dist/hello: expected `);
    expect(parse).toThrow(message);
  });

  it("reads a view into a larger buffer", () => {
    const shifted = Buffer.concat([Buffer.alloc(3), program]).subarray(3);
    expect(parseElf(shifted, "program").architecture).toBe("amd64");
  });
});
