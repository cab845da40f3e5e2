import { renderCacheKey } from "../ci-image/cache-key.js";
import { parseSettings } from "../config.js";
import { InputError, SlipwayError } from "../errors.js";
import { asJson } from "../text.js";
import { callerInputOf, describePrebuilt, includedPipeline, renderCallers } from "./callers.js";
import { linesToIgnore } from "./git-ignore.js";
import { renderPage } from "./notes-page.js";
import { Repository, type RepositoryFiles } from "./repository.js";
import { mainBranchOf, namesImages, readImages, withDefaults } from "./repository-images.js";
import { alwaysSo, nextCommands, noteRepository, readBy } from "./repository-notes.js";
import type { SettingsDocument } from "./settings-document.js";
import { draftSettings } from "./settings-draft.js";
import { readToolVersions, toolsFile } from "./tool-versions.js";

export interface InitOptions {
  /** Variables of templates that are always the same, as NAME=value. */
  env: readonly string[];
  /** Slipway's own `.mise/config.toml`: versions of tools that a repository does not name. */
  tools: string;
}

const page = "SLIPWAY.md";
const settingsFile = "slipway.json";
const gitIgnore = ".gitignore";

/**
 * What a repository needs to move in, by path: only files that it does not have. A second run, over what the first
 * one wrote, gives none.
 */
export function initialize(files: RepositoryFiles, { env, tools }: InitOptions): Map<string, string> {
  const repository = new Repository(files);
  const knownBranch = mainBranchOf(repository);
  const mainBranch = knownBranch ?? "main";
  const isMain = (branch: string) => branch === mainBranch;
  const isGo = repository.has("go.mod");
  const found = readImages(repository, parseVariables(env), isMain);
  const draft = withDefaults(found, repository);
  // A program without a Dockerfile gets Slipway's.
  const hasImages = namesImages(draft) || repository.dockerfiles.length > 0 || repository.isProgram;
  const defaults = parseSettings(undefined);
  const versions = isGo ? readToolVersions(repository, tools, defaults.ciImage.go) : { notes: [] };

  const wanted = new Map<string, string>();
  if ("config" in versions && versions.config !== undefined) wanted.set(toolsFile, versions.config);
  const keyFiles = cacheKeyFiles(repository, wanted, defaults.cacheKey.files);
  const { settings, notes } = draftSettings(draft, {
    mainBranch,
    defaultDockerfile: repository.defaultDockerfile,
    ciImage: "go" in versions && versions.go !== undefined ? ciImageOf(repository, versions.go) : undefined,
    cacheKey: isDefault(keyFiles, defaults.cacheKey.files) ? undefined : { files: keyFiles },
  });
  const settingsText = formatSettings(settings);
  wanted.set(settingsFile, settingsText);
  // Its files are those of the settings that are there, which may be others.
  if (keyFiles.length > 0 && !repository.has(settingsFile))
    wanted.set(".cache-key", cacheKeyOf(keyFiles, repository, wanted));
  // The pipelines go by the settings that are there.
  const held = heldSettings(repository) ?? settings;
  const input = callerInputOf(repository, held, { mainBranch, hasImages });
  const callers = renderCallers(input);
  const pipeline = describePrebuilt(input);
  for (const [path, text] of callers) wanted.set(path, text);

  const calls = input.isGo || input.from !== undefined || pipeline !== undefined;
  const toIgnore = calls ? linesToIgnore(repository.text(gitIgnore), (path) => repository.has(path)) : [];
  if (toIgnore.length > 0) wanted.set(gitIgnore, `${toIgnore.join("\n")}\n`);

  const written = [...wanted.keys()].filter((path) => !repository.has(path));
  const kept = [...wanted.keys()].filter((path) => repository.has(path));
  wanted.set(
    page,
    renderPage({
      written,
      kept,
      read: readBy(repository),
      notes: [
        ...noteRepository(repository, held, {
          mainBranch: knownBranch,
          hasImages,
          input,
          isShown: pipeline !== undefined,
          isIncluded: callers.has(includedPipeline),
          toIgnore: repository.has(gitIgnore) ? toIgnore : [],
        }),
        ...draft.notes,
        ...notes,
        ...versions.notes,
      ],
      otherSettings: repository.has(settingsFile) ? settingsText : undefined,
      always: alwaysSo(repository, found),
      pipeline,
      next: nextCommands(hasImages, { isPrebuilt: pipeline !== undefined }),
    }),
  );
  return new Map([...wanted].filter(([path]) => !repository.has(path)));
}

/** What init says at its end: what was written, and what to read. */
export function farewell(written: ReadonlyMap<string, string>): string {
  if (written.size === 0) return "init has nothing to write: all files are there.";
  return written.has(page)
    ? `Read ${page} next: what to do, in its order, and what will not be as it was.`
    : `init wrote ${[...written.keys()].join(", ")}; ${page} is that of an earlier call: delete it, and call init again, to have it anew.`;
}

/** The image that Go comes from is a build argument of Slipway's own Dockerfile.ci. */
function ciImageOf(repository: Repository, go: string): object {
  const base = { buildArgs: { BASE_IMAGE: `golang:${go}-alpine3.23` } };
  return { go, ...(repository.has("Dockerfile.ci") ? {} : base) };
}

/** The settings that the repository has already; undefined where there are none, or none that hold. */
function heldSettings(repository: Repository): SettingsDocument | undefined {
  const text = repository.text(settingsFile);
  if (text === undefined) return undefined;
  try {
    parseSettings(text);
    return JSON.parse(text) as SettingsDocument;
  } catch (error) {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  }
}

/** The text of slipway.json: lists of texts that fit are one line. */
function formatSettings(settings: object): string {
  const text = asJson(settings);
  const list = /\[\n\s+("[^"\n]*"(?:,\n\s+"[^"\n]*")*)\n\s+\]/g;
  const compact = text.replace(list, (whole, entries: string) => {
    const line = `[${entries.replace(/,\n\s+/g, ", ")}]`;
    return line.length > 90 ? whole : line;
  });
  return `${compact}\n`;
}

function parseVariables(env: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    env.map((text) => {
      const [, name, value = ""] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
      if (name !== undefined) return [name, value];
      throw new InputError({
        subject: "--env",
        expected: "NAME=value",
        given: text,
        fix: "Write --env DOCKERHUB_USERNAME=acme; nothing behind = is a variable that is not set",
      });
    }),
  );
}

function cacheKeyFiles(
  repository: Repository,
  wanted: ReadonlyMap<string, string>,
  defaults: readonly string[],
): string[] {
  const candidates = [...defaults, "package.json", "bun.lock", "bun.lockb"];
  return candidates.filter((path) => repository.content(path) !== undefined || wanted.has(path));
}

function isDefault(files: readonly string[], defaults: readonly string[]): boolean {
  return files.length === 0 || files.join() === defaults.join();
}

function cacheKeyOf(
  files: readonly string[],
  repository: Repository,
  wanted: ReadonlyMap<string, string>,
): string {
  const contentOf = (path: string) => repository.content(path) ?? Buffer.from(wanted.get(path) ?? "");
  return renderCacheKey(files.map((path) => ({ path, content: contentOf(path) })));
}
