import { rm, writeFile } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { sectionOf } from "../../binaries/elf-section.js";
import { type ProgramBytes, ProgramFile } from "../../binaries/program-bytes.js";
import { parseJson } from "../../json.js";
import { packagesOfCargo } from "./cargo.js";
import { packagesOfGo } from "./go.js";
import type { Package } from "./package.js";

/** Reads what a program says that it is made of; it is told in which file it was found when that is known. */
export type ProgramPackages = (foundIn: string) => Package[];

const magic = Buffer.from("\x7fELF", "latin1");

// What is larger goes to disk.
const mostHeld = 16 << 20;

// More than the list of any program takes.
const mostInflated = 8 << 20;

/** Whether content begins as a program does. */
export function isProgram(beginning: Buffer): boolean {
  return beginning.subarray(0, magic.length).equals(magic);
}

/** Takes the content of a program as it passes. */
export class PassingProgram {
  #held: Buffer[] = [];
  #size = 0;
  #isOnDisk = false;

  /** `file` is where it is kept where it is large. */
  constructor(private readonly file: string) {}

  async add(chunk: Buffer): Promise<void> {
    this.#held.push(chunk);
    this.#size += chunk.length;
    if (this.#size <= mostHeld) return;
    await this.#spill();
  }

  /** What it is made of. Nothing is kept of it. */
  async read(): Promise<ProgramPackages> {
    if (!this.#isOnDisk) return packagesOf(Buffer.concat(this.#held));
    await this.#spill();
    const program = new ProgramFile(this.file);
    try {
      return packagesOf(program);
    } finally {
      program.close();
      await rm(this.file);
    }
  }

  async #spill(): Promise<void> {
    await writeFile(this.file, this.#held, { flag: this.#isOnDisk ? "a" : "w" });
    this.#isOnDisk = true;
    this.#held = [];
    this.#size = mostHeld - (1 << 20);
  }
}

function packagesOf(program: ProgramBytes): ProgramPackages {
  const go = packagesOfGo(program, "");
  const crates = packagesOfCargo(auditable(program), "");
  return (foundIn) => [...go, ...crates].map((each) => ({ ...each, foundIn }));
}

/** What cargo-auditable has linked in: JSON, compressed. */
function auditable(program: ProgramBytes): unknown {
  const section = sectionOf(program, ".dep-v0");
  if (section === undefined) return undefined;
  try {
    return parseJson(inflateSync(section, { maxOutputLength: mostInflated }).toString("utf8"));
  } catch {
    return undefined;
  }
}
