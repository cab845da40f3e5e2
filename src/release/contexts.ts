import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../binaries/collect.js";
import { type BinaryOverlay, layOut } from "../binaries/overlay.js";
import type { BuildTarget } from "../dockerfile/build-arguments.js";
import { BuildContext } from "../dockerfile/build-context.js";
import { loadContext, readIgnoreFile } from "../dockerfile/context.js";
import { remarksOfImage } from "../dockerfile/description.js";
import type { IgnoreList } from "../dockerfile/dockerignore.js";
import { permissionRemark } from "../dockerfile/permissions.js";
import type { Source } from "../dockerfile/sources.js";
import { findArchive, findCopied, requireEach, type Survey } from "../dockerfile/survey.js";
import { type BuilderNeededError, InputError } from "../errors.js";
import { FileTree } from "../layer/file-tree.js";
import { formatPlatform } from "../oci/platform.js";
import type { ReleaseDescription } from "./description.js";
import type { ChosenDockerfile } from "./dockerfile-choice.js";
import type { Interpretation, InterpretedTarget } from "./interpretation.js";

/**
 * Brings paths of the source, absolute from its root and with the wildcards of COPY, into a directory of this machine;
 * all of it where no paths are given. Undefined where there is no source.
 */
export type LoadSource = (paths?: readonly string[]) => Promise<string | undefined>;

/** The build context of one platform. */
export interface TargetContext {
  target: BuildTarget;
  context: BuildContext;
  overlay?: BinaryOverlay;
  /** What is copied out of it; absent where only a builder knows. */
  copied?: Source[];
  /** What its stages are to be known for, a sentence each; what a base sets is not known. */
  remarks: string[];
}

/** The build contexts of a release. */
export interface Contexts {
  contexts: TargetContext[];
  /** Why the Dockerfile takes the engine's builder, if it does. */
  builderNeeded?: BuilderNeededError;
}

type Input = ReleaseDescription & { loadSource: LoadSource; dockerfile: Pick<ChosenDockerfile, "path"> };

/**
 * Opens the context of each platform with what is copied of the source, and with the whole source where that does not
 * do: where links lead on, where something is missing that the message is to explain, or where only a builder knows.
 */
export async function openContexts(
  input: Input,
  interpreted: Interpretation,
  catalog: Catalog | undefined,
): Promise<Contexts> {
  const paths = copiedPaths(interpreted.targets);
  if (paths !== undefined) {
    const some = await tryContexts(input, interpreted, catalog, paths);
    if (some !== undefined) return some;
  }
  return openWith(input, interpreted, catalog);
}

async function tryContexts(
  input: Input,
  interpreted: Interpretation,
  catalog: Catalog | undefined,
  paths: readonly string[],
): Promise<Contexts | undefined> {
  try {
    const opened = await openWith(input, interpreted, catalog, paths);
    // What a link hides is not among the paths, and a wildcard that finds nothing there is no error.
    for (const [at, { survey }] of interpreted.targets.entries()) {
      const context = opened.contexts[at]?.context;
      if (survey !== undefined && context !== undefined) requireEach(survey, context);
    }
    return opened;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

async function openWith(
  { settings, loadSource, dockerfile }: Input,
  { targets, builderNeeded: reason }: Interpretation,
  catalog: Catalog | undefined,
  paths?: readonly string[],
): Promise<Contexts> {
  const directory = await loadSource(paths);
  const { binaries } = settings;
  const ignore = readIgnoreFile(directory, dockerfile.path);
  const files = directory === undefined ? new FileTree() : loadContext(directory, ignore);
  const others =
    catalog === undefined || catalog.isDist
      ? undefined
      : loadContext(catalog.root, ignoredOf(directory, ignore));
  const source = { directory, files, ignoreFile: ignore.name, ignore, dockerfile: dockerfile.path };
  const contexts: TargetContext[] = [];
  let builderNeeded = reason;
  for (const { target, survey } of targets) {
    const overlay = catalog && layOut(catalog, formatPlatform(target.platform), binaries, others);
    const context = new BuildContext(source, overlay);
    const copied = survey && findCopied(survey, context);
    if (survey !== undefined) builderNeeded ??= await findArchive(survey, context);
    const permissions = survey && permissionRemark(survey, context);
    if (permissions !== undefined) context.remark(permissions);
    contexts.push({
      target,
      context,
      remarks: survey === undefined ? [] : remarksOfImage(survey.stages),
      ...(overlay === undefined ? {} : { overlay }),
      ...(copied === undefined ? {} : { copied }),
    });
  }
  return { contexts, ...(builderNeeded === undefined ? {} : { builderNeeded }) };
}

/** What a source has and leaves out: whoever passes it as --binaries as well does not mean to copy it. */
function ignoredOf(directory: string | undefined, ignore: IgnoreList): IgnoreList {
  const has = (path: string) =>
    directory !== undefined && lstatSync(join(directory, path), { throwIfNoEntry: false }) !== undefined;
  return { ignores: (path) => ignore.ignores(path) && has(path), hasExceptions: true };
}

/** What all platforms copy; undefined where that may be anything. */
function copiedPaths(targets: readonly InterpretedTarget[]): string[] | undefined {
  const paths = targets.map(({ survey }) => (survey === undefined ? undefined : surveyedPaths(survey)));
  return paths.includes(undefined) ? undefined : [...new Set(paths.flatMap((found) => found ?? []))];
}

function surveyedPaths({ copies, mounted, isPartial }: Survey): string[] | undefined {
  const paths = [...copies.flatMap(({ copy }) => copy.sources), ...mounted];
  return isPartial || paths.includes("/") ? undefined : paths;
}
