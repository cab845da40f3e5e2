import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { address } from "./support/address.js";
import { root } from "./support/contract.js";

/** A version, digest or commit that is written into a file, and where. */
interface Pin {
  path: string;
  text: string;
  start: number;
  end: number;
}

interface CustomManager {
  description: string;
  managerFilePatterns: string[];
  matchStrings: string[];
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const { customManagers, gitlabci, packageRules } = JSON.parse(read(".github/renovate.json")) as {
  customManagers: CustomManager[];
  gitlabci: { managerFilePatterns: string[] };
  packageRules: { matchPackageNames?: string[]; enabled?: boolean }[];
};

/** What Renovate finds by itself: the files of a manager, and the lines that it takes in them. */
const ownManagers: readonly [files: RegExp, lines: RegExp][] = [
  [/(^|\/)package\.json$/, /^ {4}"/],
  [/(^|\/)([Dd]ocker|[Cc]ontainer)file[^/]*$/, /^(FROM|ARG \w+_IMAGE)\b/],
  [/(^|\/)\.github\/workflows\/[^/]+\.ya?ml$/, /^ *(- )?uses: /],
  [/(^|\/)\.mise\/config\.toml$/, / = "/],
  [/\.gitlab-ci\.ya?ml$/, /^ *image: /],
  ...gitlabci.managerFilePatterns.map((pattern): [RegExp, RegExp] => [asRegExp(pattern), /^ *image: /]),
];

/** Everything in the tree that looks like a pin, wherever it stands. */
const kinds: readonly RegExp[] = [
  /[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}/g,
  /[\w.-]+\/[\w./-]+@[0-9a-f]{40}\b/g,
  /\b[0-9a-f]{64} {2}\S+/g,
  /(?<!as in ARG )\b[A-Z]+_VERSION(: |=)"?\d+\.\d+\.\d+/g,
  /\bdagger\.io\/engine:v[\d.]+/g,
  /\bFROM (--platform=\S+ )?[\w./-]+:\d\S*/g,
  /\b(image: |ARG \w+_IMAGE=)[\w./-]+:\d[\w.-]*/g,
  /"engineVersion": "[^"]+"/g,
  /Dagger\s+CLI(\]\([^)]*\))? \d+\.\d+\.\d+|dagger-helm --version \S+/g,
  /[\w.-]+\.[\w./-]+\/cmd\/[\w-]+@v\d[\d.]*/g,
  /"(golang|registry|alpine|debian):[1-9][^"]*"/g,
  /default\("\d+\.\d+\.\d+"\)/g,
  /^(?!version|edition)"?[\w:./-]+"? = "\d[\d.]*"$/gm,
  /^ {4}"[@\w./-]+": "[~^]?\d[\d.]+",?$/gm,
];

// Made by `npm run generate`, by npm and by mise from what is pinned elsewhere; or what was measured with it.
const others =
  /^((examples\/[^/]+\/)?\.cache-key|\.github\/renovate\.json|docs\/(settings|functions|alpine)\.md|slipway\.schema\.json|CHANGELOG\.md)$|\.lock$|-lock\.json$/;

const hidden = [".*", ".{ci,dagger,github,mise}/**/*", "examples/*/.*", "examples/*/.*/**/*"];
const files = globSync(["**/*", ...hidden, "test/fixtures/go-project/.mise/*"], {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|\.git|sdk)$/.test(path),
}).filter(
  (path) =>
    statSync(join(root, path)).isFile() &&
    !others.test(path) &&
    /^(?!test\/)|^test\/fixtures\/go-project\//.test(path),
);

const pins = files.flatMap((path) => kinds.flatMap((kind) => spansOf(path, kind)));

describe(".github/renovate.json", () => {
  it("has pins to move", () => {
    expect(pins.length).toBeGreaterThan(60);
    expect(new Set(pins.map(({ path }) => path)).size).toBeGreaterThan(12);
  });

  it("moves every pin in the tree", () => {
    const loose = pins.filter((pin) => !isOwn(pin) && !customManagers.some((manager) => takes(manager, pin)));
    expect(loose.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  });

  it("sees what examples pin in directories that are hidden", () => {
    const ofExamples = pins.filter(({ path }) => path.startsWith("examples/")).map(({ path }) => path);
    expect([...new Set(ofExamples)].sort()).toEqual([
      "examples/bun-containerfile/Containerfile",
      "examples/bun-containerfile/package.json",
      "examples/rust-prebuilt/.github/workflows/slipway.yml",
      "examples/rust-prebuilt/.gitlab-ci.yml",
    ]);
  });

  it("leaves Slipway's own address alone, which `npm run generate` writes", () => {
    const left = packageRules.filter(({ enabled }) => enabled === false);
    const patterns = left.flatMap(({ matchPackageNames = [] }) => matchPackageNames);
    const regular = patterns.filter((pattern) => pattern.startsWith("/"));
    expect(regular.some((pattern) => asRegExp(pattern).test(address.repository))).toBe(true);
    expect(files.filter((path) => read(path).includes(`uses: ${address.repository}/`))).not.toEqual([]);
  });

  it.each(customManagers)(
    "has nothing that finds nothing: $description",
    ({ managerFilePatterns, matchStrings }) => {
      const patterns = managerFilePatterns.map(asRegExp);
      const found = matchStrings.map((text) =>
        files.some((path) => patterns.some((file) => file.test(path)) && new RegExp(text).test(read(path))),
      );
      expect(found).toEqual(matchStrings.map(() => true));
    },
  );
});

function isOwn({ path, start }: Pin): boolean {
  const text = read(path);
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, text.indexOf("\n", start));
  return ownManagers.some(([file, lines]) => file.test(path) && lines.test(line));
}

function takes({ managerFilePatterns, matchStrings }: CustomManager, pin: Pin): boolean {
  if (!managerFilePatterns.some((pattern) => asRegExp(pattern).test(pin.path))) return false;
  return matchStrings.some((text) =>
    spansOf(pin.path, new RegExp(text, "g")).some(({ start, end }) => start < pin.end && pin.start < end),
  );
}

function spansOf(path: string, pattern: RegExp): Pin[] {
  return [...read(path).matchAll(pattern)].map(({ 0: text, index }) => ({
    path,
    text,
    start: index,
    end: index + text.length,
  }));
}

/** Renovate reads a pattern between slashes as a regular expression. */
function asRegExp(pattern: string): RegExp {
  return new RegExp(pattern.slice(1, -1));
}
