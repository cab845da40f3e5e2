import { parseDockerfile } from "../dockerfile/dockerfile.js";
import { isPattern, parsePattern } from "../dockerfile/path-pattern.js";
import { surveyDockerfile } from "../dockerfile/survey.js";
import { SlipwayError } from "../errors.js";
import { parsePlatform } from "../oci/platform.js";
import type { Repository } from "./repository.js";

/** A Dockerfile, and how an image is made by it. */
export interface DockerfileUse {
  path: string;
  /** As in linux/arm64. */
  platform?: string | undefined;
  buildArgs?: Readonly<Record<string, string>> | undefined;
  target?: string | undefined;
}

/** What is in a checkout beside the files of git: its own, and what the pipelines put there. */
const givenByOthers = /^(\.git|\.dependency-cache)(\/|$)/;

/**
 * What a Dockerfile copies out of its build context and git does not have: something makes it before. The context is a
 * directory of the repository, its root unless another is named. Nothing where only a builder reads the Dockerfile.
 */
export function madeBefore(repository: Repository, use: DockerfileUse, context = ""): string[] {
  const copied = sourcesOf(repository, use);
  return [...new Set(copied.flatMap((sources) => missing(repository, sources, context)))];
}

/**
 * The directory of a Dockerfile, where it is the build context: git has all that is copied there, and not all of it below
 * the root.
 */
export function ownContextOf(repository: Repository, use: DockerfileUse): string | undefined {
  const directory = directoryOf(use.path);
  if (directory === "" || madeBefore(repository, use).length === 0) return undefined;
  return madeBefore(repository, use, directory).length === 0 ? directory : undefined;
}

/**
 * The directory of a Dockerfile that copies its build context whole, where that may be the context as well as the root:
 * git has all else that is copied in both.
 */
export function eitherContextOf(repository: Repository, use: DockerfileUse): string | undefined {
  const directory = directoryOf(use.path);
  const isWhole = sourcesOf(repository, use).some((sources) => sources.some((source) => source === ""));
  if (directory === "" || !isWhole || madeBefore(repository, use).length > 0) return undefined;
  return madeBefore(repository, use, directory).length === 0 ? directory : undefined;
}

function directoryOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

/** The paths that each instruction copies, without a slash before them. */
function sourcesOf(
  repository: Repository,
  { path, platform = "linux/amd64", buildArgs = {}, target }: DockerfileUse,
): string[][] {
  const text = repository.text(path);
  if (text === undefined) return [];
  try {
    const { copies } = surveyDockerfile(parseDockerfile(text, path), {
      platform: parsePlatform(platform),
      buildArgs,
      ...(target === undefined ? {} : { stage: target }),
    });
    return copies.map(({ copy }) => copy.sources.map((source) => source.replace(/^\/+|\/+$/g, "")));
  } catch (error) {
    if (error instanceof SlipwayError) return [];
    throw error;
  }
}

/** A pattern may match nothing where something else of its instruction is there. */
function missing(repository: Repository, sources: readonly string[], context: string): string[] {
  const isThere = (source: string) =>
    source === "" || givenByOthers.test(source) || tracks(repository, context, source);
  const absent = sources.filter((source) => !isThere(source));
  return absent.length === sources.length ? absent : absent.filter((source) => !isPattern(source));
}

function tracks(repository: Repository, context: string, source: string): boolean {
  const below = context === "" ? "" : `${context}/`;
  const pattern = isPattern(source) ? parsePattern(source) : undefined;
  if (pattern === undefined) return repository.tracks(`${below}${source}`);
  return repository.tracked.some(
    (path) => path.startsWith(below) && pattern.matches(path.slice(below.length)),
  );
}
