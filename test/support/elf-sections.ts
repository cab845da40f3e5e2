/** An ELF program of 64 bits with the sections that are given by name, and nothing to run. */
export function programOf(sections: Readonly<Record<string, Buffer>>): Buffer {
  const header = Buffer.alloc(64);
  // Little-endian, version 1.
  header.write("7f454c46020101", "hex");
  return withSections(header, sections);
}

/** A program that has no section table, with these sections behind it. */
export function withSections(program: Buffer, sections: Readonly<Record<string, Buffer>>): Buffer {
  const named = Object.entries({ "": Buffer.alloc(0), ...sections });
  const names = Buffer.from([...named.map(([name]) => `${name}\0`), ".shstrtab\0"].join(""), "latin1");
  const contents = [...named.map(([, content]) => content), names];
  const header = Buffer.from(program);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(contents.length, 60);
  header.writeUInt16LE(contents.length - 1, 62);
  let offset = header.length;
  let name = 0;
  const entries = contents.map((content, at) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(content.length), 32);
    offset += content.length;
    name += (named[at]?.[0].length ?? 0) + 1;
    return entry;
  });
  header.writeBigUInt64LE(BigInt(offset), 40);
  return Buffer.concat([header, ...contents, ...entries]);
}

/** What the Go linker puts into `.go.buildinfo`: its version and the lines about modules, since Go 1.18. */
export function buildInfoOf(goVersion: string, modules: string): Buffer {
  const header = Buffer.alloc(32);
  header.write("\xff Go buildinf:", "latin1");
  header.writeUInt8(2, 15);
  const frame = Buffer.alloc(16, "x");
  return Buffer.concat([
    header,
    ...[Buffer.from(goVersion), Buffer.concat([frame, Buffer.from(modules), frame])].flatMap((text) => [
      varint(text.length),
      text,
    ]),
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
