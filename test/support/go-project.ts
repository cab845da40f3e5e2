import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** A copy of the Go fixture, in a git repository of its own whose one commit is tagged v1.2.3. */
export interface GoProjectCopy {
  path: string;
  remove(): Promise<void>;
}

export interface GoBuild {
  goarch?: string;
  flags?: readonly string[];
  /** Whether Go stamps what git says. */
  vcs?: boolean;
}

const fixture = fileURLToPath(new URL("../fixtures/go-project", import.meta.url));
const run = promisify(execFile);

/** Copies the fixture and tags it. */
export async function copyGoProject(tag = "v1.2.3"): Promise<GoProjectCopy> {
  const { path, remove } = makeTemporaryDirectory();
  await cp(fixture, path, { recursive: true });
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=fixture", "-c", "user.email=fixture@example.com", ...args], {
      cwd: path,
      // Nobody's signing keys, hooks or templates.
      env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
    });
  await git("init", "--quiet");
  await git("add", ".");
  await git("commit", "--quiet", "--message", "fixture");
  await git("tag", tag);
  return { path, remove };
}

/** Builds the program of a copy for Linux, without cgo, into a file below it. */
export async function buildGoProject(
  { path }: GoProjectCopy,
  output: string,
  { goarch = "amd64", flags = [], vcs = false }: GoBuild = {},
): Promise<string> {
  const file = join(path, output);
  await run("go", ["build", `-buildvcs=${vcs}`, ...flags, "-o", file, "."], {
    cwd: path,
    env: { ...process.env, CGO_ENABLED: "0", GOOS: "linux", GOARCH: goarch, GOFLAGS: "", GOWORK: "off" },
    timeout: 170_000,
  });
  return file;
}
