import { spawn } from "node:child_process";
import { chmod, copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../errors.js";
import { scratch } from "../files.js";

/** What a program prints when it is asked for its version, or a clause that says why that is not known. */
export type VersionOutput = { output: string } | { unknown: string };

/** Asks the program at a path, which is for an architecture by Go's name. */
export type AskVersion = (path: string, architecture: string) => Promise<VersionOutput>;

// In milliseconds: some programs serve or wait instead of answering.
const patience = 10_000;
const enough = 64 * 1024;

// nobody: what is released is run, and sees neither the environment nor the memory of the process that publishes it.
const nobody = 65_534;

/**
 * Runs a program with `--version`, on a copy, without an environment and, where this process is root, as nobody. It
 * is stopped after ten seconds, or the time given, with all that it started.
 */
export async function askVersion(
  path: string,
  architecture: string,
  milliseconds: number = patience,
): Promise<VersionOutput> {
  // Without this, some C libraries hand a program of another machine to the shell.
  const own = process.arch === "x64" ? "amd64" : process.arch;
  if (architecture !== own)
    return { unknown: `it is for ${architecture}, and cannot be run on ${own} for its --version` };
  const directory = await scratch("version");
  const program = join(directory, "program");
  try {
    await copyFile(path, program);
    // A scratch directory is closed to others.
    await Promise.all([chmod(directory, 0o755), chmod(program, 0o755)]);
    return await run(program, directory, milliseconds);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(program: string, directory: string, milliseconds: number): Promise<VersionOutput> {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(program, ["--version"], {
    cwd: directory,
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that what it starts is stopped with it.
    detached: true,
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  const stop = () => child.pid !== undefined && process.kill(-child.pid, "SIGKILL");
  return new Promise((resolve) => {
    let output = "";
    const late = { unknown: `it does not end within ${milliseconds / 1000} s of --version` };
    const timer = setTimeout(() => finish(late), milliseconds);
    const finish = (result: VersionOutput) => {
      clearTimeout(timer);
      try {
        stop();
      } catch {
        // The group has ended by itself.
      }
      resolve(result);
    };
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
        if (output.length > enough) finish({ unknown: "it prints more than a version for --version" });
      });
    child.on("error", (error) => finish({ unknown: `it cannot be run here (${messageOf(error)})` }));
    child.on("close", (code, signal) =>
      finish(
        code === 0 ? { output } : { unknown: `it ends with ${signal ?? `exit code ${code}`} for --version` },
      ),
    );
  });
}
