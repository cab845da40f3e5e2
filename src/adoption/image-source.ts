import { parseSettings } from "../config.js";
import { type DockerfileUse, madeBefore, ownContextOf } from "./build-context.js";
import type { Repository } from "./repository.js";
import type { SettingsDocument } from "./settings-document.js";

/** A Dockerfile that copies what no pipeline has. */
export interface Unbuilt {
  dockerfile: string;
  /** What it copies. */
  paths: readonly string[];
  /** Its directory, where all of it is there; else something makes it before. */
  context?: string | undefined;
}

/** Where the images of a repository come from. */
export interface ImageSource {
  /** As the pipelines have it; undefined where none of them builds what the images hold. */
  from: "binaries" | "source" | undefined;
  /** Why none does. */
  unbuilt: readonly Unbuilt[];
}

/** What GoReleaser builds beside Go. */
const otherBuilders = /^[ \t]*(?:-[ \t]+)?builder:[ \t]*["']?(?!go\b|prebuilt\b)\w/m;

const compilesGo = /\bgo\s+(?:build|install)\b/;

/** Where the images of the settings come from. What a pipeline builds is Go, or what a Dockerfile compiles. */
export function imageSourceOf(repository: Repository, settings: SettingsDocument): ImageSource {
  const uses = dockerfilesOf(repository, settings);
  const texts = uses.map(({ path }) => repository.text(path) ?? "");
  const unbuilt = uses.flatMap((use): Unbuilt[] => {
    const paths = madeBefore(repository, use);
    return paths.length === 0
      ? []
      : [{ dockerfile: use.path, paths, context: ownContextOf(repository, use) }];
  });
  const hasRelease = repository.goreleaserFile !== undefined;
  if (!buildsGo(repository)) return { from: unbuilt.length > 0 ? undefined : "source", unbuilt };
  // GoReleaser has a build context of its own, and what else is copied is taken for the programs of the project.
  const isOther =
    !hasRelease &&
    unbuilt.length > 0 &&
    (unbuilt.some(({ context }) => context !== undefined) || texts.some((text) => compilesGo.test(text)));
  if (isOther) return { from: undefined, unbuilt };
  const compiles = unbuilt.length === 0 && texts.some((text) => /^[ \t]*RUN\s/im.test(text));
  return { from: !releasesImages(repository) && compiles ? "source" : "binaries", unbuilt: [] };
}

/** Whether GoReleaser makes images of what it builds; beside one that does not, a Dockerfile compiles for itself. */
function releasesImages(repository: Repository): boolean {
  const { goreleaserFile } = repository;
  return (
    goreleaserFile !== undefined &&
    /^(?:dockers|dockers_v2|kos)\s*:/m.test(repository.text(goreleaserFile) ?? "")
  );
}

/** Whether `build` gives binaries of the project: by GoReleaser, or by Go. */
function buildsGo(repository: Repository): boolean {
  const { goreleaserFile } = repository;
  if (goreleaserFile === undefined) return repository.has("go.mod");
  return !otherBuilders.test(repository.text(goreleaserFile) ?? "");
}

/** The Dockerfiles of the settings; all that there are, where nothing says which. */
export function dockerfilesOf(repository: Repository, settings: SettingsDocument): DockerfileUse[] {
  const { images } = parseSettings(JSON.stringify(settings)).release;
  return images.flatMap(({ dockerfile = repository.defaultDockerfile, platforms, target }) => {
    const paths = dockerfile === undefined ? repository.dockerfiles : [dockerfile];
    const [platform] = platforms;
    return paths.map((path) => ({ path, target, platform }));
  });
}
