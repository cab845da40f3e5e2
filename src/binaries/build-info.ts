import { sectionOf } from "./elf-section.js";
import type { ProgramBytes } from "./program-bytes.js";

/** A module that a program is linked from. */
export interface GoModule {
  path: string;
  version: string;
  /** `h1:` and the SHA-256 of its files in base64; absent where the build did not verify it. */
  sum?: string;
}

/** What the Go linker recorded about a build (package debug/buildinfo). */
export interface GoBuildInfo {
  /** `go1.26.8`. */
  goVersion: string;
  /** The main module; its version is that of the git tag where Go stamped it, else `(devel)`. */
  module?: GoModule;
  /** All others, each as the module that it was replaced by; the version of one replaced by a directory is `(devel)`. */
  dependencies: readonly GoModule[];
  /** By key: `-ldflags`, `-trimpath`, `vcs.revision`. */
  settings: ReadonlyMap<string, string>;
}

// The header of 32 bytes: a magic of 14, the size of pointers, flags; then, since Go 1.18, two strings inline.
const magic = Buffer.from("\xff Go buildinf:", "latin1");
const flagsOffset = 15;
const headerSize = 32;
const inlineStrings = 0x2;
// What the go command puts before and after the module information.
const frameSize = 16;
// Bytes: a program of a thousand modules has a tenth of it.
const longest = 1 << 20;

/** What Go calls the version of a module that it builds from a directory. */
export const directoryVersion = "(devel)";

/** Reads the build information of a program; undefined where there is none, or one of a Go before 1.18. */
export function readGoBuildInfo(program: ProgramBytes): GoBuildInfo | undefined {
  const section = sectionOf(program, ".go.buildinfo");
  if (section === undefined || section.length < headerSize) return undefined;
  if (!Buffer.from(section.subarray(0, magic.length)).equals(magic)) return undefined;
  if (((section[flagsOffset] ?? 0) & inlineStrings) === 0) return undefined;
  const version = readString(section, headerSize);
  const modules = version && readString(section, version.end);
  if (version === undefined || modules === undefined) return undefined;
  return { goVersion: version.text, ...parseModules(modules.text.slice(frameSize, -frameSize)) };
}

/** The lines of `debug.BuildInfo`, as far as they are about the main module and the build. */
function parseModules(text: string): Omit<GoBuildInfo, "goVersion"> {
  const lines = text.split("\n").map((line) => line.split("\t"));
  const modules = lines.flatMap(([kind, path, version, sum], at) => {
    const module = kind === "mod" || kind === "dep" ? moduleOf(path, version, sum) : undefined;
    const [next, ...by] = lines[at + 1] ?? [];
    const replacement = next === "=>" ? moduleOf(...by) : undefined;
    return module === undefined ? [] : [{ kind, module: replacedBy(module, replacement) }];
  });
  const of = (wanted: string) => modules.flatMap(({ kind, module }) => (kind === wanted ? [module] : []));
  const [main] = of("mod");
  const settings = lines.flatMap(([kind, setting = ""]): [string, string][] => {
    const [key, value] = splitOnce(setting, "=");
    return kind === "build" ? [[unquote(key), unquote(value)]] : [];
  });
  return {
    ...(main === undefined ? {} : { module: main }),
    dependencies: of("dep"),
    settings: new Map(settings),
  };
}

/** A directory is no module that anybody else knows: what lies there has the path of what it replaces. */
function replacedBy(module: GoModule, replacement: GoModule | undefined): GoModule {
  const isDirectory = replacement !== undefined && ["", directoryVersion].includes(replacement.version);
  return isDirectory ? { path: module.path, version: directoryVersion } : (replacement ?? module);
}

function moduleOf(path?: string, version?: string, sum?: string): GoModule | undefined {
  if (path === undefined || version === undefined) return undefined;
  return { path, version, ...(sum ? { sum } : {}) };
}

/** A string after its length, a varint as in encoding/binary: 7 bits a byte, the lowest first. */
function readString(bytes: Uint8Array, start: number): { text: string; end: number } | undefined {
  let length = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    if (byte === undefined || shift > 28) return undefined;
    length += (byte & 0x7f) * 2 ** shift;
    at += 1;
    if (byte < 0x80) break;
  }
  const end = at + length;
  return length > longest || end > bytes.length
    ? undefined
    : { text: Buffer.from(bytes.subarray(at, end)).toString("utf8"), end };
}

/** Go quotes a value with spaces or quotes in it (strconv.Quote), which JSON reads but for rare escapes. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
