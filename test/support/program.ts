import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { InputError, messageOf } from "../../src/errors.js";

/** A program that tests start: taken from PATH, or else built from its Go module. */
export interface Program {
  /** Names under which PATH may hold it, in order of preference. */
  commands: readonly string[];
  module: { path: string; version: string };
  /** How to get it, as an imperative sentence without the full stop. */
  fix: string;
}

const cache = fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url));
const buildTimeout = 600_000;

/** The path of a program. The first call on a machine without it builds it, once, into `node_modules/.cache`. */
export async function locateProgram(program: Program): Promise<string> {
  return program.commands.map(findInPath).find((path) => path !== undefined) ?? (await build(program));
}

function findInPath(command: string): string | undefined {
  const directories = (process.env.PATH ?? "").split(delimiter).filter((directory) => directory !== "");
  return directories.map((directory) => join(directory, command)).find(isExecutable);
}

async function build({ commands, module, fix }: Program): Promise<string> {
  const name = module.path.slice(module.path.lastIndexOf("/") + 1);
  const built = join(cache, `${name}-${module.version}`);
  if (isExecutable(built)) return built;
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "build-"));
  try {
    await promisify(execFile)("go", ["install", `${module.path}@${module.version}`], {
      env: { ...process.env, GOBIN: directory },
      timeout: buildTimeout,
    });
    // Renamed, so that tests running at the same time never see half a program.
    await rename(join(directory, name), built);
    return built;
  } catch (error) {
    const expected = `${[...commands, "go"].join(" or ")} in PATH`;
    throw new InputError({
      subject: `${name} for the tests`,
      expected,
      given: lastLine(messageOf(error)),
      fix,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? text;
}
