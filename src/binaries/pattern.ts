import { InputError } from "../errors.js";
import { architectureSource, platformOf, platformOfTarget, systemSource, targetSource } from "./target.js";

/** What the path of a binary says about it. */
export interface NamedBinary {
  name: string;
  /** `linux/amd64`. */
  platform: string;
}

/** A naming pattern, compiled. */
export interface Pattern {
  text: string;
  /** Reads a path; undefined where the pattern does not fit the whole of it. */
  read: (path: string) => NamedBinary | undefined;
}

// All ways to share a name among them are tried.
const mostStars = 2;

/** What a placeholder stands for, as the source of a regular expression with one group of that name. */
const placeholders: Readonly<Record<string, string>> = {
  // Without a dot: checksums, archives and debug files lie beside binaries.
  name: "(?<name>[A-Za-z0-9][A-Za-z0-9_+-]*?)",
  os: `(?<os>${systemSource})`,
  arch: `(?<arch>${architectureSource})`,
  target: `(?<target>${targetSource})`,
  ext: "(?:\\.exe)?",
};

/**
 * Compiles a pattern of a path: `{name}`, `{os}` and `{arch}`, or `{target}` for a Rust, Zig or Bun target, `{ext}`
 * for an optional .exe, and `*` for anything within a folder's name. Without `{os}`, all is for Linux.
 */
export function compilePattern(text: string, subject = "pattern"): Pattern {
  const used = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
  const refuse = (expected: string): never => {
    throw new InputError({ subject, expected, given: text, fix: "Write it as in {name}_{os}_{arch}" });
  };
  const unknown = used.filter((name) => !Object.hasOwn(placeholders, name));
  if (unknown.length > 0)
    refuse(
      `only the placeholders ${Object.keys(placeholders)
        .map((name) => `{${name}}`)
        .join(", ")}`,
    );
  if (new Set(used).size < used.length) refuse("each placeholder once");
  if (text.split("/").some((name) => name.split("*").length - 1 > mostStars))
    refuse(`at most ${mostStars} stars between two slashes`);
  const hasPlatform = used.includes("target")
    ? !used.includes("os") && !used.includes("arch")
    : used.includes("arch");
  if (!used.includes("name") || !hasPlatform)
    refuse("{name}, and either {arch}, with {os} where not all is for Linux, or {target}");
  const expression = new RegExp(
    `^${text
      .split(/(\{[^{}]*\}|\*)/)
      .map(sourceOf)
      .join("")}$`,
    "i",
  );
  return { text, read: (path) => namedBinary(expression.exec(path)?.groups) };
}

/** The common patterns, in the order in which they are tried. */
export const commonPatterns: readonly Pattern[] = [
  "{os}/{arch}/{name}",
  "{os}-{arch}/{name}",
  "{os}_{arch}/{name}",
  "{target}/{name}",
  "{target}/release/{name}",
  // The folders of GoReleaser, for a dist that lost its artifacts.json.
  "*_{os}_{arch}/{name}",
  "*_{target}/{name}",
  // Before those of {os} and {arch}, which take bun for a part of the name.
  "{name}-{target}{ext}",
  "{name}_{target}{ext}",
  "{name}_{os}_{arch}{ext}",
  "{name}-{os}-{arch}{ext}",
].map((text) => compilePattern(text));

/** Patterns that name no system, tried where no file fits one that does: what an image takes is for Linux. */
export const linuxPatterns: readonly Pattern[] = ["{arch}/{name}", "{name}-{arch}", "{name}_{arch}"].map(
  (text) => compilePattern(text),
);

function sourceOf(part: string): string {
  if (part === "*") return "[^/]*";
  const [, placeholder = ""] = /^\{(.*)\}$/.exec(part) ?? [];
  return placeholders[placeholder] ?? part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function namedBinary(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): NamedBinary | undefined {
  const { name, os, arch, target } = groups ?? {};
  const platform = target === undefined ? platformOf(os ?? "linux", arch ?? "") : platformOfTarget(target);
  return name === undefined || platform === undefined ? undefined : { name, platform };
}
