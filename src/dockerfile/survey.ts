import { BuilderNeededError } from "../errors.js";
import type { FileNode } from "../layer/file-tree.js";
import type { BuildTarget } from "./build-arguments.js";
import type { CopyFiles } from "./copy.js";
import { describeStages, type StageDescription } from "./description.js";
import type { Dockerfile } from "./dockerfile.js";
import type { Instruction } from "./instruction.js";
import { type CopyRoot, findSources, refuseArchives, type Source } from "./sources.js";

/** A copy out of the build context. */
export interface ContextCopy {
  copy: CopyFiles;
  instruction: Instruction;
}

/** What a Dockerfile takes out of its build context for one platform. */
export interface Survey {
  stages: StageDescription[];
  copies: ContextCopy[];
  /** Paths that RUN sees while it runs, absolute. */
  mounted: string[];
  /** Whether other copies have variables that only the configuration of a base sets. */
  isPartial: boolean;
}

/** Reads what the stages of an image take out of the build context, before any image is asked for. */
export function surveyDockerfile(dockerfile: Dockerfile, target: BuildTarget): Survey {
  const stages = describeStages(dockerfile, target);
  const steps = stages.flatMap((stage) => stage.steps);
  const own = steps.filter(({ instruction, origin }) => isCopy(instruction) && origin === undefined);
  return {
    stages,
    copies: own.flatMap(({ instruction, change, open }) =>
      change?.kind === "copy" && open !== true ? [{ copy: change, instruction }] : [],
    ),
    isPartial: own.some(({ open }) => open === true),
    mounted: steps.flatMap(({ change }) =>
      change?.kind === "run"
        ? change.mounts.flatMap(({ from, source }) => (from === undefined ? [source] : []))
        : [],
    ),
  };
}

function isCopy({ keyword }: Instruction): boolean {
  return keyword === "COPY" || keyword === "ADD";
}

/**
 * What is taken out of the context; a source that is not there is an error, as it is where the image is made. Undefined
 * where only a builder knows.
 */
export function findCopied({ copies, mounted, isPartial }: Survey, context: CopyRoot): Source[] | undefined {
  const copied = copies.flatMap(({ copy, instruction }) => findSources(copy, context, instruction));
  if (isPartial) return undefined;
  const seen = mounted.map((path) => ({ path, node: context.follow(path) }));
  return [...copied, ...seen.flatMap(({ path, node }) => (node === undefined ? [] : [{ path, node }]))];
}

/** Throws where a source finds nothing, though others of its instruction do. */
export function requireEach({ copies }: Survey, context: CopyRoot): void {
  for (const { copy, instruction } of copies)
    for (const path of copy.sources)
      findSources({ ...copy, sources: [path], files: [] }, context, instruction);
}

/** The first ADD that unpacks, as the error that it is where Slipway assembles the image. */
export async function findArchive(
  { copies }: Survey,
  context: CopyRoot,
): Promise<BuilderNeededError | undefined> {
  try {
    for (const { copy, instruction } of copies)
      if (copy.unpacks) await refuseArchives(findSources(copy, context, instruction), instruction);
    return undefined;
  } catch (error) {
    if (error instanceof BuilderNeededError) return error;
    throw error;
  }
}

/** Every file of sources, those in directories included. */
export function* filesOf(sources: readonly { node: FileNode }[]): Generator<FileNode> {
  for (const { node } of sources) {
    if (node.type === "directory")
      yield* filesOf([...node.children.values()].map((child) => ({ node: child })));
    else yield node;
  }
}
