import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { type ElfProgram, parseElf } from "../image/elf.js";
import { parsePlatform } from "../image/platform.js";
import type { Binary } from "./binaries.js";
import type { BinarySet } from "./collect.js";
import { isPublished, readEmbeddedVersion, readPrintedVersion } from "./embedded-version.js";
import { libcOfBase, libcOfInterpreter } from "./libc.js";

/** Something that has to hold before a release, beside what was found. */
export interface PreflightCheck {
  /** Staged path of a binary, or the file that the check is about. */
  subject: string;
  check: "executable" | "machine" | "libc" | "version";
  expected: string;
  found: string;
  /** Undefined where it could not be checked; `found` then says why. */
  holds: boolean | undefined;
}

export interface PreflightExpectation {
  /** Version to be published; absent for a build of the main branch, which has none. */
  version?: string | undefined;
  /** What FROM names for a platform: `scratch`, or the reference of an image. */
  baseOf: (platform: string) => string;
  /** What binaries printed for --version, by staged path, where somebody ran them. */
  printed?: ReadonlyMap<string, string> | undefined;
}

/** A file of the directory of binaries. */
export interface ProgramFile {
  /** Permission bits. */
  mode: number;
  content: Uint8Array;
}

/** Checks all binaries of a release; nothing is asked of any registry, and no program is run. */
export async function preflight(
  root: string,
  { binaries, builtVersion }: BinarySet,
  expected: PreflightExpectation,
): Promise<PreflightCheck[]> {
  const checks = builtVersion === undefined ? [] : [checkBuild(builtVersion, expected.version)];
  // One after the other: a binary is read as a whole.
  for (const binary of binaries) {
    const path = join(root, binary.path);
    const file = { mode: (await stat(path)).mode, content: await readFile(path) };
    checks.push(...checkBinary(binary, file, expected));
  }
  return checks;
}

/** Holds one binary against its platform, the base of the image and the version. */
export function checkBinary(
  binary: Binary,
  file: ProgramFile,
  expected: PreflightExpectation,
): PreflightCheck[] {
  const subject = binary.staged;
  const { architecture } = parsePlatform(binary.platform);
  const mode = {
    subject,
    check: "executable",
    expected: "an executable file",
    found: `mode ${(file.mode & 0o7777).toString(8).padStart(4, "0")}`,
    holds: (file.mode & 0o111) !== 0,
  } as const;
  const machine = { subject, check: "machine", expected: `an ELF program for ${architecture}` } as const;
  const program = tryParse(file.content, binary.path);
  if (typeof program === "string")
    return [
      mode,
      { ...machine, found: program, holds: false },
      { subject, check: "libc", expected: "an ELF program", ...notChecked("it is none") },
      { subject, check: "version", expected: "an ELF program", ...notChecked("it is none") },
    ];
  return [
    mode,
    { ...machine, found: program.architecture, holds: program.architecture === architecture },
    { subject, ...checkLibc(program, expected.baseOf(binary.platform)) },
    { subject, ...checkVersion(binary, file, expected) },
  ];
}

type Verdict = Omit<PreflightCheck, "subject">;

function checkLibc({ interpreter }: ElfProgram, base: string): Verdict {
  const libc = libcOfBase(base);
  const expected = {
    none: `a static program, since ${base} has no C library`,
    musl: `static, or for the musl of ${base}`,
    glibc: `static, or for the glibc of ${base}`,
    unknown: `a program that runs in ${base}`,
  }[libc ?? "unknown"];
  const verdict = { check: "libc", expected } as const;
  if (interpreter === undefined) return { ...verdict, found: "static", holds: true };
  const found = `dynamic, loaded by ${interpreter}`;
  return libc === undefined
    ? {
        ...verdict,
        found: `${found}; not checked, because the C library of ${base} is not known`,
        holds: undefined,
      }
    : { ...verdict, found, holds: libcOfInterpreter(interpreter) === libc };
}

function checkVersion(
  { staged }: Binary,
  { content }: ProgramFile,
  { version, printed }: PreflightExpectation,
): Verdict {
  if (version === undefined) return notReleased;
  // What a program prints comes first: it is what its users see.
  const shown = readPrintedVersion(printed?.get(staged) ?? "", version);
  const embedded = "version" in shown ? shown : readEmbeddedVersion(content);
  const verdict = { check: "version", expected: version } as const;
  if ("unknown" in embedded) return { ...verdict, ...notChecked(embedded.unknown) };
  return {
    ...verdict,
    found: `${embedded.version} (${embedded.source})`,
    holds: isPublished(embedded.version, version),
  };
}

function notChecked(why: string): { found: string; holds: undefined } {
  return { found: `not checked, because ${why}`, holds: undefined };
}

const notReleased: Verdict = {
  check: "version",
  expected: "no version",
  ...notChecked("a build of the main branch has none"),
};

/** What GoReleaser built the whole directory for. */
function checkBuild(built: string, version: string | undefined): PreflightCheck {
  const subject = "metadata.json";
  if (version === undefined) return { subject, ...notReleased };
  return { subject, check: "version", expected: version, found: built, holds: built === version };
}

function tryParse(content: Uint8Array, path: string): ElfProgram | string {
  try {
    return parseElf(content, path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `${error.problem.given} in place of ${error.problem.expected}`;
  }
}
