import { posix } from "node:path";
import { InputError } from "../errors.js";
import { excerpt } from "../text.js";
import { type PathPattern, parseIgnorePattern } from "./path-pattern.js";

/** The patterns of a `.dockerignore`, in their order: the last one that matches decides. */
export interface IgnoreList {
  /** Whether a path of the context, without a leading slash, is left out. */
  ignores(path: string): boolean;
  /** Whether anything may be in the context again that another pattern leaves out. */
  hasExceptions: boolean;
}

interface Rule {
  pattern: PathPattern;
  isException: boolean;
}

/** Reads a `.dockerignore` (moby/patternmatcher: ignorefile.ReadAll, and New for what a pattern is). */
export function parseIgnoreList(text: string, name: string): IgnoreList {
  const rules = text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line, at) => parseRule(line, `${name}:${at + 1}`))
    .filter((rule) => rule !== undefined);
  const directories = new Map<string, boolean[]>();
  return {
    ignores: (path) => isIgnored(rules, path, directories),
    hasExceptions: rules.some(({ isException }) => isException),
  };
}

/** A pattern that matches a directory matches what is in it (moby/patternmatcher: MatchesOrParentMatches). */
function isIgnored(rules: readonly Rule[], path: string, directories: Map<string, boolean[]>): boolean {
  const parent = matchesIn(rules, directoryOf(path), directories);
  let ignored = false;
  for (const [at, { pattern, isException }] of rules.entries()) {
    if (isException !== ignored) continue;
    if (parent[at] === true || pattern.matches(path)) ignored = !isException;
  }
  return ignored;
}

/** Whether each rule matches a directory or one above it; kept in `known`, since many files share a directory. */
function matchesIn(rules: readonly Rule[], directory: string, known: Map<string, boolean[]>): boolean[] {
  if (directory === "") return [];
  const found = known.get(directory);
  if (found !== undefined) return found;
  const parent = matchesIn(rules, directoryOf(directory), known);
  const matches = rules.map(({ pattern }, at) => parent[at] === true || pattern.matches(directory));
  known.set(directory, matches);
  return matches;
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

// Characters: no path has more bytes.
const longest = 4096;

function parseRule(line: string, subject: string): Rule | undefined {
  const trimmed = trim(line);
  if (line.startsWith("#") || trimmed === "") return undefined;
  const isException = trimmed.startsWith("!");
  const text = isException ? trim(trimmed.slice(1)) : trimmed;
  const pattern = text === "" || text.length > longest ? undefined : parseIgnorePattern(clean(text));
  if (pattern === undefined)
    throw new InputError({
      subject,
      expected: "a pattern as in docs/**/*.md or !README.md",
      given: excerpt(trimmed, 200),
      // Behind what a wildcard makes a regular expression, BuildKit repeats what stands before such a number.
      ...(/\{\d/.test(text) ? { fix: "Write \\{ for a brace, or a line for each number of characters" } : {}),
    });
  return { pattern, isException };
}

// To Go, the next line is one, and the mark of byte order is none.
const blank = /[^\S\ufeff]|\u0085/;

function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && blank.test(text[start] as string)) start += 1;
  while (end > start && blank.test(text[end - 1] as string)) end -= 1;
  return text.slice(start, end);
}

/** The shortest form of a path, without slashes around it (Go: filepath.Clean). */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length === 1 ? normal : trim(normal.replace(/^\/|\/$/g, ""));
}
