import { parseIgnoreList } from "../dockerfile/dockerignore.js";
import { SlipwayError } from "../errors.js";

/**
 * What a `.gitignore` at the root leaves out. Its patterns are those of `.dockerignore`, but that a name alone stands for
 * every place.
 */
export function ignoredByGit(text = ""): (path: string) => boolean {
  try {
    const list = parseIgnoreList(text.split(/\r?\n/).map(asDockerPattern).join("\n"), ".gitignore");
    return (path) => list.ignores(path);
  } catch (error) {
    if (error instanceof SlipwayError) return () => false;
    throw error;
  }
}

/** What jobs and calls of Slipway leave in a checkout. */
const leftBehind = [
  "/dist/",
  "/dist.tar",
  "/images/",
  "/reports/",
  "/report.env",
  "/.go-mod-cache/",
  "/.dependency-cache/",
];

/** The lines that a `.gitignore` lacks for what Slipway leaves behind; what git has is not left out. */
export function linesToIgnore(text: string | undefined, has: (path: string) => boolean): string[] {
  const isIgnored = ignoredByGit(text);
  const pathOf = (line: string) => line.replace(/^\/|\/$/g, "");
  return leftBehind.filter((line) => !isIgnored(pathOf(line)) && !has(pathOf(line)));
}

function asDockerPattern(line: string): string {
  const [, not = "", pattern = ""] = /^(!?)(.*?)\/?$/.exec(line.trim()) ?? [];
  if (pattern === "" || pattern.startsWith("#")) return "";
  return pattern.includes("/") ? `${not}${pattern.replace(/^\//, "")}` : `${not}**/${pattern}`;
}
