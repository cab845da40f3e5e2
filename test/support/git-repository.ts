import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** A git repository of its own, which no configuration of the machine reaches. */
export interface GitRepository {
  /** Runs a shell command in it, and gives what it prints; rejects where the command fails. */
  run(command: string, variables?: Record<string, string>): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** The content of a file; undefined where there is none. */
  read(path: string): Promise<Buffer | undefined>;
  remove(): Promise<void>;
}

const identity = {
  GIT_AUTHOR_NAME: "Tests",
  GIT_AUTHOR_EMAIL: "tests@example.com",
  GIT_COMMITTER_NAME: "Tests",
  GIT_COMMITTER_EMAIL: "tests@example.com",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** Makes an empty repository. */
export async function makeGitRepository(): Promise<GitRepository> {
  const { path: root, remove } = makeTemporaryDirectory();
  const repository: GitRepository = {
    async run(command, variables = {}) {
      const env = { PATH: process.env.PATH, HOME: root, ...identity, ...variables };
      return (await promisify(execFile)("sh", ["-c", command], { cwd: root, env })).stdout;
    },
    async write(path, text) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    },
    read: (path) => readFile(join(root, path)).catch(() => undefined),
    remove,
  };
  await repository.run("git init --quiet");
  return repository;
}
