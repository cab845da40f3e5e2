import { rm, writeFile } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { isStrippedOfSections, sectionOf } from "../../binaries/elf-section.js";
import { type ProgramBytes, ProgramFile } from "../../binaries/program-bytes.js";
import { packagesOfCargo } from "./cargo.js";
import { packagesOfGo } from "./go.js";
import { HeldBytes } from "./held-bytes.js";
import { parseList } from "./list-json.js";
import { knownOf, type Package, unknownOf } from "./package.js";

/** What a program says that it is made of; it is told in which file it was found when that is known. */
export interface ProgramContent {
  packagesIn(foundIn: string): Package[];
  /** How many packages it names. */
  named: number;
  /** What it says in a form that is not read, a clause each. */
  unread: readonly string[];
}

const magic = Buffer.from("\x7fELF", "latin1");

// What is larger goes to disk, piece by piece; both in bytes.
const mostHeld = 64 << 20;
const piece = 1 << 20;

// More than the list of any program takes: one of a thousand crates has some 100 kB.
const mostInflated = 2 << 20;

/** Takes the content of a file as it passes, and keeps it as long as it may be a program. */
export class PassingProgram {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #beginning: Buffer = Buffer.alloc(0);
  #isOnDisk = false;

  /** `file` is where it is kept where it is larger than `most`. */
  constructor(
    private readonly file: string,
    private readonly most: number = mostHeld,
  ) {}

  async add(chunk: Buffer): Promise<void> {
    if (this.#beginning.length < magic.length)
      this.#beginning = Buffer.concat([this.#beginning, chunk.subarray(0, magic.length)]).subarray(
        0,
        magic.length,
      );
    if (!magic.subarray(0, this.#beginning.length).equals(this.#beginning)) return;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > (this.#isOnDisk ? piece : this.most)) await this.#spill();
  }

  /**
   * What it is made of; undefined of what is no program. Nothing is kept of it. `isRead` is false where the programs
   * before it have named more than is kept.
   */
  async read(isRead = true): Promise<ProgramContent | undefined> {
    if (!magic.equals(this.#beginning)) return undefined;
    if (!isRead) {
      if (this.#isOnDisk) await rm(this.file);
      return unreadProgram;
    }
    if (!this.#isOnDisk) return contentOf(new HeldBytes(this.#held));
    await this.#spill();
    const program = new ProgramFile(this.file);
    try {
      return contentOf(program);
    } finally {
      program.close();
      await rm(this.file);
    }
  }

  async #spill(): Promise<void> {
    await writeFile(this.file, this.#held, { flag: this.#isOnDisk ? "a" : "w" });
    this.#isOnDisk = true;
    this.#held = [];
    this.#heldBytes = 0;
  }
}

const unreadProgram: ProgramContent = {
  packagesIn: () => [],
  named: 0,
  unread: ["it is not read, since those before it name more packages than images have"],
};

function contentOf(program: ProgramBytes): ProgramContent {
  const go = packagesOfGo(program, "");
  const crates = cratesOf(program);
  const named = [...knownOf(go), ...(crates ?? [])];
  const distinct = [...new Map(named.map((each) => [each.purl, each])).values()];
  const isSilent = go.length === 0 && sectionOf(program, ".go.buildinfo") !== undefined;
  return {
    packagesIn: (foundIn) => distinct.map((each) => ({ ...each, foundIn })),
    named: named.length,
    unread: [
      ...(isStrippedOfSections(program)
        ? ["it has no sections, as what was packed: what it is made of is not known"]
        : []),
      ...unknownOf(go),
      ...(isSilent
        ? ["its build information is broken, or of a Go before 1.18: no module of it is listed"]
        : []),
      ...(crates === undefined
        ? ["what cargo-auditable wrote into it is broken: no crate of it is listed"]
        : []),
    ],
  };
}

/** What cargo-auditable has linked in: JSON, compressed. None where it has not, undefined where that is broken. */
function cratesOf(program: ProgramBytes): Package[] | undefined {
  const section = sectionOf(program, ".dep-v0");
  if (section === undefined) return [];
  try {
    const list = parseList(inflateSync(section, { maxOutputLength: mostInflated }).toString("utf8"));
    return list === undefined ? undefined : packagesOfCargo(list, "");
  } catch {
    return undefined;
  }
}
