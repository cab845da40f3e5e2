import { cpSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, gitConfig, initIn } from "./adoption.js";
import { root } from "./contract.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** A file of an example that init writes. */
export interface ExampleFile {
  example: string;
  /** Relative to the example. */
  path: string;
  /** What init writes there. */
  text: string;
}

const origins = {
  ".github/workflows/slipway.yml": "https://github.com/acme/example",
  ".gitlab-ci.yml": "https://gitlab.com/acme/example",
} as const;

/** The callers of an example, by their paths. */
export const callerPaths = Object.keys(origins);

/** The projects of examples/, by the names of their directories. */
export const exampleNames = globSync("examples/*/README.md", { cwd: root })
  .map((path) => path.split("/")[1] ?? "")
  .sort();

/** Whose callers are written by hand: init knows neither components with versions of their own nor a build that is not Slipway's. */
export const handWritten: readonly string[] = ["monorepo", "rust-prebuilt"];

/** The directory of an example. */
export function exampleDirectory(example: string): string {
  return join(root, "examples", example);
}

/** A copy of an example, to which files may be added. */
export function copyExample(example: string): string {
  const { path } = makeTemporaryDirectory();
  cpSync(exampleDirectory(example), path, { recursive: true });
  return path;
}

/** The callers that init writes into an example that has none yet, one for each platform. */
export function callersByInit(example: string): ExampleFile[] {
  const files = filesOf(example, (path) => !callerPaths.includes(path));
  return Object.entries(origins).map(([path, origin]) => {
    const written = initIn(checkout({ ...files, ".git/config": gitConfig(origin) }));
    return { example, path, text: written.get(path) ?? "" };
  });
}

/** What init writes into an example that has nothing of Slipway's yet, by path. */
export function writtenByInit(example: string): Map<string, string> {
  const isOwn = (path: string) =>
    callerPaths.includes(path) || /(^|\/)slipway\.json$|^\.cache-key$/.test(path);
  return initIn(checkout(filesOf(example, (path) => !isOwn(path))));
}

/** The key of an example's cache, where init writes one. */
export function keyByInit(example: string): ExampleFile[] {
  const text = writtenByInit(example).get(".cache-key");
  return text === undefined ? [] : [{ example, path: ".cache-key", text }];
}

function filesOf(example: string, isWanted: (path: string) => boolean): Record<string, string> {
  const cwd = exampleDirectory(example);
  const paths = globSync(["**/*.*", "**/{Dockerfile,Containerfile}", ".*"], { cwd, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1))
    .filter(isWanted);
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(cwd, path), "utf8")]));
}
