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
  const matches = boundedMatch(name);
  return {
    ignores: (path) => isIgnored({ rules, directories, matches }, path),
    hasExceptions: rules.some(({ isException }) => isException),
  };
}

/** The rules of a list, with what is known of directories. */
interface Matching {
  rules: readonly Rule[];
  /** Whether each rule matches a directory or one above it: many files share one. */
  directories: Map<string, boolean[]>;
  matches: (pattern: PathPattern, path: string) => boolean;
}

// In tokens: some ten seconds. Those of 50,000 files and 300 patterns are a tenth of them.
const mostEffort = 100_000_000;

// Of any comparison, which is that of two texts at least.
const leastEffort = 0.1;

/** Compares until that takes longer than anyone waits. */
function boundedMatch(subject: string): Matching["matches"] {
  let spent = 0;
  return (pattern, path) => {
    spent += leastEffort + pattern.effort(path);
    if (spent <= mostEffort) return pattern.matches(path);
    throw new InputError({
      subject,
      expected: "patterns that can be compared with all files in some seconds",
      given: "more of them, or of wildcards in them",
      fix: "Leave out whole directories by their names, or write fewer wildcards into a pattern",
    });
  };
}

/** A pattern that matches a directory matches what is in it (moby/patternmatcher: MatchesOrParentMatches). */
function isIgnored(list: Matching, path: string): boolean {
  const parent = matchesIn(list, directoryOf(path));
  let ignored = false;
  for (const [at, { pattern, isException }] of list.rules.entries()) {
    if (isException !== ignored) continue;
    if (parent[at] === true || list.matches(pattern, path)) ignored = !isException;
  }
  return ignored;
}

/** Whether each rule matches a directory or one above it. */
function matchesIn(list: Matching, directory: string): boolean[] {
  if (directory === "") return [];
  const known = list.directories.get(directory);
  if (known !== undefined) return known;
  const parent = matchesIn(list, directoryOf(directory));
  const matches = list.rules.map(
    ({ pattern }, at) => parent[at] === true || list.matches(pattern, directory),
  );
  list.directories.set(directory, matches);
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
