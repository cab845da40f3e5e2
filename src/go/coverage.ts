import { posix } from "node:path";
import { InputError } from "../errors.js";
import { type Element, renderXml } from "./xml.js";

/** A part of a file that runs as a whole. */
interface Block {
  file: string;
  /** Lines, the last one included. */
  from: number;
  to: number;
  statements: number;
  /** How often it ran. */
  count: number;
}

/** Which statements ran. */
export interface Coverage {
  blocks: readonly Block[];
  statements: number;
  covered: number;
}

// cmd/cover: name.go:line.column,line.column numberOfStatements count. No file has more lines than six digits say.
const blockLine = /^(.+):(\d{1,6})\.\d+,(\d{1,6})\.\d+ (\d+) (\d+)$/;

/** Reads a coverage profile of Go; a block that several packages report is one. */
export function parseCoverage(text: string): Coverage {
  const blocks = new Map<string, Block>();
  for (const line of text.split("\n").filter((found) => found !== "" && !found.startsWith("mode: "))) {
    const [, file = "", from, to, statements, count] = blockLine.exec(line) ?? [];
    if (file === "")
      throw new InputError({
        subject: "coverage profile",
        expected: "a block of statements in each line",
        given: line,
      });
    const place = line.slice(0, line.lastIndexOf(" "));
    const known = blocks.get(place)?.count ?? 0;
    blocks.set(place, {
      file,
      from: Number(from),
      to: Number(to),
      statements: Number(statements),
      count: Math.max(known, Number(count)),
    });
  }
  const all = [...blocks.values()];
  const sum = (chosen: readonly Block[]) => chosen.reduce((total, block) => total + block.statements, 0);
  return { blocks: all, statements: sum(all), covered: sum(all.filter(({ count }) => count > 0)) };
}

/** The last line of `go tool cover -func`, which the `coverage` of a job of GitLab's is read from. */
export function coverageLine(coverage: Coverage): string {
  return `total:\t(statements)\t${percentOf(coverage).toFixed(1)}%`;
}

/** Of all statements; where there is none, none is missing. */
export function percentOf({ statements, covered }: Coverage): number {
  return statements === 0 ? 100 : (covered / statements) * 100;
}

/**
 * The coverage in the form of Cobertura, which GitLab shows in merge requests: a package for each directory, a class for
 * each file. Paths are relative to the module whose path is given, below the prefix.
 */
export function renderCobertura(coverage: Coverage, modulePath: string, prefix = ""): string {
  const files = [...Map.groupBy(coverage.blocks, ({ file }) => file)].map(([file, blocks]) => ({
    path: file.startsWith(`${modulePath}/`) ? posix.join(prefix, file.slice(modulePath.length + 1)) : file,
    lines: linesOf(blocks),
  }));
  const packages = Map.groupBy(files, ({ path }) => directoryOf(path));
  return renderXml({
    name: "coverage",
    attributes: {
      ...rates(files),
      version: "1",
      timestamp: 0,
      "branch-rate": 0,
      "branches-covered": 0,
      "branches-valid": 0,
      complexity: 0,
    },
    children: [
      { name: "sources", children: [{ name: "source", children: ["."] }] },
      {
        name: "packages",
        children: [...packages].map(([name, own]) => ({
          name: "package",
          attributes: { name, "line-rate": rates(own)["line-rate"], "branch-rate": 0, complexity: 0 },
          children: [{ name: "classes", children: own.map(classOf) }],
        })),
      },
    ],
  });
}

interface CoveredFile {
  path: string;
  /** How often each line ran. */
  lines: ReadonlyMap<number, number>;
}

/** A line counts as often as the block on it that ran most. */
function linesOf(blocks: readonly Block[]): Map<number, number> {
  const lines = new Map<number, number>();
  for (const { from, to, count } of blocks)
    for (let line = from; line <= to; line += 1) lines.set(line, Math.max(lines.get(line) ?? 0, count));
  return new Map([...lines].toSorted(([a], [b]) => a - b));
}

function classOf(file: CoveredFile): Element {
  const { path, lines } = file;
  return {
    name: "class",
    attributes: {
      name: path,
      filename: path,
      "line-rate": rates([file])["line-rate"],
      "branch-rate": 0,
      complexity: 0,
    },
    children: [
      { name: "methods" },
      {
        name: "lines",
        children: [...lines].map(([number, hits]) => ({ name: "line", attributes: { number, hits } })),
      },
    ],
  };
}

function rates(files: readonly CoveredFile[]) {
  const counts = files.flatMap(({ lines }) => [...lines.values()]);
  const covered = counts.filter((count) => count > 0).length;
  const rate = counts.length === 0 ? 1 : covered / counts.length;
  return { "line-rate": rate.toFixed(4), "lines-covered": covered, "lines-valid": counts.length };
}

function directoryOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
}
