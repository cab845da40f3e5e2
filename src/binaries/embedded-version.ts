import { directoryVersion, type GoBuildInfo, readGoBuildInfo } from "./build-info.js";
import type { ProgramBytes } from "./program-bytes.js";

/** A version that a program carries, or why it could not be read. */
export type EmbeddedVersion =
  /** `source` says where it stands: `-X main.version`. */
  { version: string; source: string } | { unknown: string };

/** The version that the linker put into a Go program. */
export function readEmbeddedVersion(program: ProgramBytes): EmbeddedVersion {
  const info = readGoBuildInfo(program);
  if (info === undefined) return { unknown: "it carries no Go build information" };
  return linkedVersion(info) ?? moduleVersion(info);
}

/**
 * The published version in what a program prints about itself, or the first version of its first line where that is
 * not there. Further lines name libraries and compilers.
 */
export function readPrintedVersion(output: string, published: string): EmbeddedVersion {
  const [first = ""] = output.trimStart().split("\n");
  const version =
    versionsIn(output).find((printed) => isPublished(printed, published)) ?? versionsIn(first)[0];
  return version === undefined ? { unknown: "it prints no version" } : { version, source: "--version" };
}

/**
 * Whether an embedded version is the published one. Build metadata (+meta) does not make another version, but
 * `+dirty`, which Go writes where files were changed, does.
 */
export function isPublished(embedded: string, published: string): boolean {
  const [core = "", metadata = ""] = embedded.replace(/^v/, "").split("+");
  return core === published && !metadata.split(".").includes("dirty");
}

/**
 * What `-ldflags "-X main.version=1.2.3"` set: the variable called version of package main or of any package of
 * the main module. Go does not record the flags of a build with -trimpath.
 */
function linkedVersion({ module, settings }: GoBuildInfo): EmbeddedVersion | undefined {
  for (const definition of definitionsOf(settings.get("-ldflags") ?? "")) {
    const [, variable = "", version = ""] = /^([^=]+)=(.*)$/s.exec(definition) ?? [];
    const [, path = "", name = ""] = /^(.+)\.([^.]+)$/.exec(variable) ?? [];
    const isOwn = path === "main" || path === module?.path || path.startsWith(`${module?.path}/`);
    if (isOwn && name.toLowerCase() === "version") return { version, source: `-X ${variable}` };
  }
  return undefined;
}

function moduleVersion({ module, settings }: GoBuildInfo): EmbeddedVersion {
  const trimmed =
    settings.get("-trimpath") === "true" ? "its linker flags are not recorded (-trimpath), and " : "";
  if (module === undefined || ["", directoryVersion].includes(module.version))
    return { unknown: `${trimmed}Go stamped no version (-buildvcs)` };
  if (pseudoVersion.test(module.version))
    return { unknown: `${trimmed}Go saw no tag that fits the module path, and stamped ${module.version}` };
  return { version: module.version, source: "the main module" };
}

function versionsIn(text: string): string[] {
  return [...text.matchAll(printedVersion)].map(([, version = ""]) => version);
}

// X.Y.Z with or without a v, not in the middle of a word: go1.26.8 is a toolchain.
const printedVersion =
  /(?<![0-9A-Za-z.+-])v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*[0-9A-Za-z])?)(?![0-9A-Za-z+-]|\.\d)/g;

// golang.org/ref/mod, section "Pseudo-versions".
const pseudoVersion = /^v\d+\.(?:0\.0-|\d+\.\d+-(?:[^+]*\.)?0\.)\d{14}-[0-9A-Za-z]+(?:\+[0-9A-Za-z.-]+)?$/;

/** The arguments of -X in linker flags: quoted as a whole or not at all, as the go command takes them. */
function definitionsOf(flags: string): string[] {
  const fields = [...flags.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );
  return fields.flatMap((field, at) => {
    if (/^--?X$/.test(field)) return fields[at + 1] ?? [];
    return /^--?X=(.+)$/s.exec(field)?.[1] ?? [];
  });
}
