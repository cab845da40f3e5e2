import { InputError } from "../errors.js";
import { decodeHeader, paddingOf, type TarHeader, tarBlock } from "./tar.js";

/** A member of an archive, with its content where it was asked for. */
export interface ReadMember {
  header: TarHeader;
  content?: Buffer;
}

type Records = Readonly<Record<string, string>>;

/**
 * Reads an archive from start to end, and holds no content but that of the members that `wants` names and of
 * the headers that extend others: pax records, and GNU's long names.
 */
export async function* readTar(
  archive: AsyncIterable<Buffer>,
  subject: string,
  wants: (header: TarHeader) => boolean,
): AsyncGenerator<ReadMember> {
  const source = new Chunks(archive, subject);
  try {
    yield* readMembers(source, subject, wants);
    await source.drain();
  } finally {
    await source.close();
  }
}

async function* readMembers(
  source: Chunks,
  subject: string,
  wants: (header: TarHeader) => boolean,
): AsyncGenerator<ReadMember> {
  let common: Records = {};
  let extended: Records = {};
  while (!(await source.isAtEnd())) {
    const block = await source.read(tarBlock);
    if (isEmpty(block)) return;
    const plain = decodeHeader(block);
    if (plain === undefined)
      throw new InputError({ subject, expected: "a tar archive", given: "a block that is no header" });
    const parse = extensions[plain.flag];
    const header = parse === undefined ? withRecords(plain, { ...common, ...extended }) : plain;
    const wanted = parse !== undefined || wants(header);
    const content = wanted ? await source.read(header.size) : await source.skip(header.size);
    await source.skip(paddingOf(header.size).length);
    if (parse === undefined) {
      yield { header, ...(content === undefined ? {} : { content }) };
      extended = {};
    } else if (plain.flag === "g") common = { ...common, ...parse(content ?? Buffer.alloc(0)) };
    else extended = { ...extended, ...parse(content ?? Buffer.alloc(0)) };
  }
}

// Headers that say something about the next member, or about all that follow, by their type flag.
const extensions: Readonly<Record<string, (content: Buffer) => Records>> = {
  x: parseRecords,
  g: parseRecords,
  L: (content) => ({ path: cString(content) }),
  K: (content) => ({ linkpath: cString(content) }),
};

function withRecords(header: TarHeader, records: Records): TarHeader {
  const number = (key: string, value: number) => (records[key] === undefined ? value : Number(records[key]));
  return {
    ...header,
    path: records.path ?? header.path,
    target: records.linkpath ?? header.target,
    size: number("size", header.size),
    uid: number("uid", header.uid),
    gid: number("gid", header.gid),
  };
}

function parseRecords(content: Buffer): Records {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString("latin1", at, at + 20), 10);
    if (!(length > 0)) break;
    const record = content.toString("utf8", content.indexOf(0x20, at) + 1, at + length - 1);
    const equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

function cString(content: Buffer): string {
  return content.toString("utf8").replace(/\0.*$/s, "");
}

function isEmpty(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** A stream by the sizes that a reader asks for. */
class Chunks {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    chunks: AsyncIterable<Buffer>,
    private readonly subject: string,
  ) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Whether nothing is left. An archive may end without empty blocks. */
  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#iterator.next();
      if (done) return true;
      this.#rest = value;
    }
    return false;
  }

  async read(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    await this.#take(size, (part) => parts.push(part));
    return Buffer.concat(parts);
  }

  async skip(size: number): Promise<undefined> {
    await this.#take(size, () => {});
  }

  /** Reads what is left, so that whatever checks the stream at its end does so. */
  async drain(): Promise<void> {
    while (!(await this.isAtEnd())) this.#rest = Buffer.alloc(0);
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #take(size: number, use: (part: Buffer) => void): Promise<void> {
    for (let missing = size; missing > 0; ) {
      if (await this.isAtEnd())
        throw new InputError({
          subject: this.subject,
          expected: `${missing} more bytes of a tar archive`,
          given: "its end",
        });
      const part = this.#rest.subarray(0, missing);
      use(part);
      missing -= part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
  }
}
