import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkout, gitConfig, initIn, publishedBy } from "./support/adoption.js";
import { root } from "./support/contract.js";
import { documentedFiles } from "./support/markdown.js";

/** One of the moves: the files of a repository, what init writes, and the rows of SLIPWAY.md that are shown. */
interface Move {
  title: string;
  before: Record<string, string>;
  after: Record<string, string>;
  rows: string[];
  /** What the text below says that v1.2.3 sets. */
  sets: string[];
}

const page = readFileSync(join(root, "docs/move-in-examples.md"), "utf8");
const [compiling = ""] = documentedFiles(readFileSync(join(root, "docs/platforms.md"), "utf8"), "dockerfile");

const moves = page
  .split(/^## (?=From )/m)
  .slice(1)
  .map((section): Move => {
    const [title = ""] = section.split("\n", 1);
    const [before = "", after = "", below = ""] = section.split("</td>");
    const [sentence = ""] = /v1\.2\.3 sets.*?(?:,\s+(?:and a push|as\s+before)|$)/s.exec(below) ?? [];
    return {
      title,
      before: namedFiles(before),
      after: namedFiles(after),
      rows: below.split("\n").filter((line) => /^\| \S*(\.ya?ml|\.json|_TOKEN) \|/.test(line)),
      sets: [...sentence.matchAll(/`([^`]+)`/g)].map(([, tag = ""]) => tag),
    };
  });

describe("docs/move-in-examples.md", () => {
  it("has a move from each place", () => {
    expect(
      moves.map(({ rows, before, after }) => [
        rows.length > 0,
        ...Object.keys(before),
        ...Object.keys(after),
      ]),
    ).toEqual([
      [true, ".github/workflows/docker.yml", ".github/workflows/slipway.yml", "slipway.json"],
      [true, ".github/workflows/release.yml", ".github/workflows/slipway.yml", "slipway.json"],
      [true, ".goreleaser.yaml", ".github/workflows/slipway.yml", "slipway.json"],
      [true, ".gitlab-ci.yml", ".gitlab-ci.slipway.yml", "slipway.json"],
    ]);
  });

  it.each(moves)("shows what init writes: $title", ({ before, after, rows }) => {
    const written = initIn(repositoryOf(before));
    for (const [path, text] of Object.entries(after)) expect(written.get(path), path).toBe(text);
    for (const row of rows) expect(written.get("SLIPWAY.md")).toContain(row);
    expect(
      [...written.keys()].filter((path) => !/^(\.cache-key|\.gitignore|SLIPWAY\.md)$/.test(path)).sort(),
    ).toEqual(Object.keys(after).sort());
  });

  it.each(moves.filter(({ sets }) => sets.length > 0))(
    "says which tags these set: $title",
    ({ after, sets }) => {
      const published = Object.keys(publishedBy(after["slipway.json"] ?? "", "refs/tags/v1.2.3"));
      const tags = published.map((reference) => reference.slice(reference.lastIndexOf(":") + 1));
      expect([...new Set(tags)].sort()).toEqual([...new Set(sets)].sort());
    },
  );
});

/** Each file of a cell, whose path stands above it. */
function namedFiles(cell: string): Record<string, string> {
  const found = cell.matchAll(/^`([^`]+)`:\n\n```\w+\n(.*?\n)```$/gms);
  return Object.fromEntries([...found].map(([, path = "", text = ""]) => [path, text]));
}

function repositoryOf(files: Record<string, string>): Record<string, string> {
  const dockerfile =
    ".goreleaser.yaml" in files ? 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n' : compiling;
  const repository = checkout({
    "go.mod": "module example.com/app\n\ngo 1.25.5\n",
    "go.sum": "",
    Dockerfile: dockerfile,
    ...files,
  });
  if (".gitlab-ci.yml" in files) repository[".git/config"] = gitConfig("git@gitlab.com:acme/app.git");
  return repository;
}
