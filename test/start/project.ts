import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readCatalog } from "../../src/binaries/collect.js";
import { parseSettings, type Settings } from "../../src/config.js";
import { InputError } from "../../src/errors.js";
import { planRehearsal } from "../../src/release/rehearsal.js";

/** A project as it lies in a directory. */
export interface Project {
  directory: string;
  /** Path of the settings, where they are not slipway.json. */
  config: string | undefined;
  settings: Settings;
  /** SHA-256 of their text in hexadecimal; absent where there is none. */
  settingsDigest: string | undefined;
  /** Directory of the binaries, where there is one. */
  binaries: string | undefined;
  /** The git ref that is released. */
  ref: string;
  /** The only tag, where it is a run by hand. */
  as: string | undefined;
  /** Sentences that are to be read before. */
  remarks: readonly string[];
  revision: string | undefined;
}

/** What goes before what a project says itself. */
export interface Given {
  /** Path of the settings. */
  config?: string | undefined;
  /** Directory of the binaries. */
  binaries?: string | undefined;
  ref?: string | undefined;
  /** Empty for none; git is asked where it is left out. */
  revision?: string | undefined;
}

const noBinaries =
  "No binaries are passed: neither dist nor the directory itself has files whose names say their platform, as app-linux-amd64 and linux/amd64/app do. --binaries names another directory; a Dockerfile that compiles takes none.";

/** Opens a project; its settings may be none, those that are named have to be there. */
export async function openProject(path: string, given: Given = {}): Promise<Project> {
  const directory = resolve(path);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new InputError({ subject: "npm start", expected: "the directory of a project", given: path });
  const { config } = given;
  const text =
    config === undefined
      ? await readText(join(directory, "slipway.json"))
      : await readNamed(join(directory, config), config);
  const settings = parseSettings(text, config);
  const binaries =
    given.binaries === undefined
      ? await findBinaries(directory, settings)
      : resolve(directory, given.binaries);
  const { ref, as, remarks } = planRehearsal(settings, given.ref ?? (await builtRef(binaries)));
  return {
    directory,
    config,
    settings,
    settingsDigest: text && createHash("sha256").update(text).digest("hex"),
    binaries,
    ref,
    as,
    remarks: [...remarks, ...(binaries === undefined ? [noBinaries] : [])],
    revision: (given.revision ?? (await git(directory, "rev-parse", "HEAD"))) || undefined,
  };
}

/** The text of a file, where there is one. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function readNamed(path: string, given: string): Promise<string> {
  const text = await readText(path);
  if (text !== undefined) return text;
  throw new InputError({ subject: "--config", expected: "a file in the directory", given });
}

/** dist/ where it holds binaries, else the directory itself where that does. */
async function findBinaries(directory: string, { release }: Settings): Promise<string | undefined> {
  for (const path of [join(directory, "dist"), directory]) {
    if (!existsSync(path)) continue;
    const catalog = await readCatalog(path, { subject: path, pattern: release.binaries.pattern });
    if (catalog.candidates.length > 0) return path;
  }
  return undefined;
}

/** The tag that GoReleaser built, unless that was a snapshot. */
async function builtRef(binaries: string | undefined): Promise<string | undefined> {
  const text = binaries && (await readText(join(binaries, "metadata.json")));
  if (text === undefined || text === "") return undefined;
  const { tag, version } = JSON.parse(text) as { tag?: string; version?: string };
  return tag !== undefined && version !== undefined && tag.replace(/^v/, "") === version
    ? `refs/tags/${tag}`
    : undefined;
}

async function git(directory: string, ...args: string[]): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)("git", ["-C", directory, ...args]).catch(() => ({
    stdout: "",
  }));
  return stdout.trim() || undefined;
}
