import { join } from "node:path";
import { InputError } from "../errors.js";
import { parsePlatform } from "../oci/platform.js";
import type { Binary } from "./binaries.js";
import { type ElfProgram, parseElf } from "./elf.js";
import {
  type EmbeddedVersion,
  isPublished,
  readEmbeddedVersion,
  readPrintedVersion,
} from "./embedded-version.js";
import { libcOfBase, libcOfInterpreter } from "./libc.js";
import { type ProgramBytes, ProgramFile } from "./program-bytes.js";
import type { AskVersion, VersionOutput } from "./version-output.js";

/** Something that has to hold before a release, beside what was found. */
export interface PreflightCheck {
  /** Staged path of a binary, or the file that the check is about. */
  subject: string;
  check: "machine" | "libc" | "version";
  expected: string;
  found: string;
  /** Undefined where it could not be checked; `found` then says why. */
  holds: boolean | undefined;
}

export interface PreflightExpectation {
  /** Version to be published; absent for a build of a branch, which has none. */
  version?: string | undefined;
  /**
   * What FROM names for a platform: `scratch`, or the reference of an image. Undefined where the engine builds the
   * image, and may bring a C library from anywhere.
   */
  baseOf: (platform: string) => string | undefined;
  /** Runs a binary whose file does not say its version; absent where programs are not to be run. */
  askVersion?: AskVersion | undefined;
}

/** A file of the directory of binaries. */
export interface CheckedFile {
  content: ProgramBytes;
  /** What it prints for --version, where it was asked. */
  printed?: VersionOutput;
}

/** The binaries of a release, and what the build says of itself. */
export interface CheckedSet {
  binaries: readonly Binary[];
  /** Version that GoReleaser built. */
  builtVersion?: string;
}

/** Checks all binaries of a release; nothing is asked of any registry. */
export async function preflight(
  root: string,
  { binaries, builtVersion }: CheckedSet,
  expected: PreflightExpectation,
): Promise<PreflightCheck[]> {
  const checks = builtVersion === undefined ? [] : [checkBuild(builtVersion, expected.version)];
  for (const binary of binaries) {
    const path = join(root, binary.path);
    const content = new ProgramFile(path);
    try {
      checks.push(...checkBinary(binary, await askFile(content, path, expected), expected));
    } finally {
      content.close();
    }
  }
  return checks;
}

/** Runs the program only where it matters what it prints. */
async function askFile(
  content: ProgramBytes,
  path: string,
  { version, askVersion }: PreflightExpectation,
): Promise<CheckedFile> {
  if (version === undefined || askVersion === undefined) return { content };
  const program = tryParse(content, path);
  if (typeof program === "string" || "version" in readEmbeddedVersion(content)) return { content };
  return { content, printed: await askVersion(path, program.architecture) };
}

/** Holds one binary against its platform, the base of the image and the version. */
export function checkBinary(
  binary: Binary,
  file: CheckedFile,
  expected: PreflightExpectation,
): PreflightCheck[] {
  const subject = binary.staged;
  const { architecture } = parsePlatform(binary.platform);
  const machine = { subject, check: "machine", expected: `an ELF program for ${architecture}` } as const;
  const program = tryParse(file.content, binary.path);
  if (typeof program === "string")
    return [
      { ...machine, found: program, holds: false },
      { subject, check: "libc", expected: "an ELF program", ...notChecked("it is none") },
      { subject, check: "version", expected: "an ELF program", ...notChecked("it is none") },
    ];
  return [
    { ...machine, found: program.architecture, holds: program.architecture === architecture },
    { subject, ...checkLibc(program, expected.baseOf(binary.platform)) },
    { subject, ...checkVersion(file, expected) },
  ];
}

type Verdict = Omit<PreflightCheck, "subject">;

function checkLibc({ interpreter }: ElfProgram, base: string | undefined): Verdict {
  const libc = base === undefined ? undefined : libcOfBase(base);
  const image = base ?? "the image that the engine builds";
  const expected = {
    none: `a static program, since ${image} has no C library`,
    musl: `static, or for the musl of ${image}`,
    glibc: `static, or for the glibc of ${image}`,
    unknown: `a program that runs in ${image}`,
  }[libc ?? "unknown"];
  const verdict = { check: "libc", expected } as const;
  if (interpreter === undefined) return { ...verdict, found: "static", holds: true };
  const found = `dynamic, loaded by ${interpreter}`;
  return libc === undefined
    ? {
        ...verdict,
        found: `${found}; not checked, because the C library of ${image} is not known`,
        holds: undefined,
      }
    : { ...verdict, found, holds: libcOfInterpreter(interpreter) === libc };
}

function checkVersion(file: CheckedFile, { version }: PreflightExpectation): Verdict {
  if (version === undefined) return notReleased;
  const carried = carriedVersion(file, version);
  const verdict = { check: "version", expected: version } as const;
  if ("unknown" in carried) return { ...verdict, ...notChecked(carried.unknown) };
  return {
    ...verdict,
    found: `${carried.version} (${carried.source})`,
    holds: isPublished(carried.version, version),
  };
}

/** What the file says, and else what the program prints. */
function carriedVersion({ content, printed }: CheckedFile, published: string): EmbeddedVersion {
  const embedded = readEmbeddedVersion(content);
  if ("version" in embedded || printed === undefined) return embedded;
  const shown = "output" in printed ? readPrintedVersion(printed.output, published) : printed;
  return "version" in shown ? shown : { unknown: `${embedded.unknown}, and ${shown.unknown}` };
}

function notChecked(why: string): { found: string; holds: undefined } {
  return { found: `not checked, because ${why}`, holds: undefined };
}

const notReleased: Verdict = {
  check: "version",
  expected: "no version",
  ...notChecked("a build of a branch has none"),
};

/** What GoReleaser built the whole directory for. */
function checkBuild(built: string, version: string | undefined): PreflightCheck {
  const subject = "metadata.json";
  if (version === undefined) return { subject, ...notReleased };
  return { subject, check: "version", expected: version, found: built, holds: built === version };
}

function tryParse(content: ProgramBytes, path: string): ElfProgram | string {
  try {
    return parseElf(content, path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `${error.problem.given} in place of ${error.problem.expected}`;
  }
}
