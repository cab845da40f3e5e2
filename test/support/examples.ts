import { cpSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout, gitConfig, initIn } from "./adoption.js";
import { root } from "./contract.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** A caller of Slipway's pipelines in an example. */
export interface ExampleCaller {
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

/** Whose callers are written by hand: init knows neither two components nor a build that is not Slipway's. */
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
export function callersByInit(example: string): ExampleCaller[] {
  const files = filesOf(example);
  return Object.entries(origins).map(([path, origin]) => {
    const written = initIn(checkout({ ...files, ".git/config": gitConfig(origin) }));
    return { example, path, text: written.get(path) ?? "" };
  });
}

/** All but the callers: what a repository has before it moves in. */
function filesOf(example: string): Record<string, string> {
  const cwd = exampleDirectory(example);
  const paths = globSync(["**/*.*", "**/{Dockerfile,Containerfile}", ".*"], { cwd, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(cwd.length + 1))
    .filter((path) => !callerPaths.includes(path));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(cwd, path), "utf8")]));
}
