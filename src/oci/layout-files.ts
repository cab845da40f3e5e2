import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { FileBytes } from "../archive/bytes.js";
import { readMembers } from "../archive/tar-reader.js";
import { InputError } from "../errors.js";
import { requireDocument } from "./document.js";

/** Where the content of an archive member lies in the archive. */
interface Member {
  offset: number;
  size: number;
}

// An image for every platform that there is, with attestations, has a tenth of it.
const maxMembers = 4096;

/** Lists the files of an image layout in a tar archive on disk; `name` stands for it in messages. */
export async function listLayoutFiles(path: string, name: string): Promise<LayoutFiles> {
  return new LayoutFiles(path, name, await withFile(path, (file) => listMembers(file, name)));
}

/** The files of an image layout in a tar archive on disk: read in place, never unpacked. */
export class LayoutFiles {
  constructor(
    private readonly path: string,
    private readonly name: string,
    private readonly members: ReadonlyMap<string, Member>,
  ) {}

  /** A manifest, an index or a configuration as a whole. */
  async read(file: string): Promise<Buffer> {
    const { offset, size } = this.#member(file);
    requireDocument(size, `${this.name}: ${file}`);
    return withFile(this.path, async (open) => {
      const { buffer } = await open.read(Buffer.alloc(size), 0, size, offset);
      return buffer;
    });
  }

  async open(file: string): Promise<Readable> {
    const { offset, size } = this.#member(file);
    // A range of a file holds one byte at least.
    if (size === 0) return Readable.from([], { objectMode: false });
    return createReadStream(this.path, { start: offset, end: offset + size - 1 });
  }

  #member(file: string): Member {
    const found = this.members.get(file);
    if (found !== undefined) return found;
    throw new InputError({
      subject: this.name,
      expected: `an OCI image layout with ${file}`,
      given: [...this.members.keys()].slice(0, 20),
    });
  }
}

/** Each file once: of two with one name, programs differ in which one they take. */
async function listMembers(file: FileHandle, name: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const names = new Set<string>();
  const { size: end } = await file.stat();
  let count = 0;
  for await (const { header, offset } of readMembers(new FileBytes(file, end, name), name)) {
    count += 1;
    if (count > maxMembers)
      throw new InputError({ subject: name, expected: `at most ${maxMembers} members`, given: "more" });
    if (header.type === "directory") continue;
    const path = posix.resolve("/", header.path).slice(1);
    if (names.has(path))
      throw new InputError({ subject: name, expected: "every file once", given: `${path} twice` });
    names.add(path);
    if (header.type === "file") members.set(path, { offset, size: header.size });
  }
  return members;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
