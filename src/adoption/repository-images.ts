import { parseIgnoreList } from "../dockerfile/dockerignore.js";
import { imageRepositoryOf } from "../forge/origin.js";
import type { Draft, DraftImage } from "./draft.js";
import { goreleaserVariables } from "./github/env.js";
import { readWorkflow } from "./github/images.js";
import { parseWorkflow } from "./github/workflow.js";
import { readGoreleaser } from "./goreleaser/images.js";
import type { Note } from "./note.js";
import type { Repository } from "./repository.js";

const usualBranches = ["main", "master", "trunk"];

/** The main branch: as the checkout tells, else the one that all workflows agree on. */
export function mainBranchOf(repository: Repository): string | undefined {
  const named = repository.workflows.flatMap(
    (file) => parseWorkflow(repository.text(file) ?? "", file).triggers.branchNames,
  );
  const [only, ...others] = usualBranches.filter((branch) => named.includes(branch));
  return repository.mainBranch ?? (others.length === 0 ? only : undefined);
}

/** What all configurations of a repository publish. */
export function readImages(
  repository: Repository,
  given: Readonly<Record<string, string>>,
  isMain: (branch: string) => boolean,
): Draft {
  const { origin, goreleaserFile } = repository;
  const texts = repository.workflows.map((file) => [file, repository.text(file) ?? ""] as const);
  const workflows = texts.map(([file, text]) => parseWorkflow(text, file));
  const ignored = parseIgnoreList(repository.text(".dockerignore") ?? "", ".dockerignore");
  const env = { ...goreleaserVariables(workflows, { origin, isMain }), ...given };
  const goreleaser =
    goreleaserFile === undefined
      ? []
      : [
          readGoreleaser(repository.text(goreleaserFile) ?? "", goreleaserFile, {
            origin,
            env,
            has: (path) => repository.has(path),
            isIgnored: (path) => ignored.ignores(path),
          }),
        ];
  const others = texts.map(([file, text]) => readWorkflow(text, file, { origin, isMain }));
  return combined([...goreleaser, ...others]);
}

/** Drafts as one. What two of them set in one repository is that of the first: GoReleaser, then workflows by name. */
function combined(drafts: readonly Draft[]): Draft {
  const publishing = drafts.filter(({ images }) => images.length > 0);
  const [tagPrefix] = drafts.flatMap((draft) => draft.tagPrefix ?? []);
  return {
    images: drafts.flatMap(({ images }) => images),
    archNames: Object.assign({}, ...drafts.map(({ archNames }) => archNames)) as Record<string, string>,
    preReleases: drafts.some(({ preReleases }) => preReleases),
    majorZero: publishing.every(({ majorZero }) => majorZero),
    ...(tagPrefix === undefined ? {} : { tagPrefix }),
    notes: drafts.flatMap(({ notes }) => notes),
  };
}

/** Whether a configuration publishes images, whether or not they can be expressed. */
export function namesImages({ images, notes }: Draft): boolean {
  return images.length > 0 || notes.some(({ kind }) => kind === "left-out");
}

/**
 * An image that nothing names goes where the forge of its project has a place for it. A project without a Dockerfile has
 * none.
 */
export function withDefaults(draft: Draft, { origin, dockerfiles, defaultDockerfile }: Repository): Draft {
  const repository = origin && imageRepositoryOf(origin);
  if (namesImages(draft) || dockerfiles.length === 0 || origin === undefined || repository === undefined)
    return draft;
  const [only, ...others] = defaultDockerfile === undefined ? dockerfiles : [];
  const dockerfile = others.length === 0 ? (only ?? defaultDockerfile) : undefined;
  const image: DraftImage = {
    build: {
      ...(dockerfile === undefined ? {} : { dockerfile }),
      ids: [],
      buildArgs: {},
      labels: {},
      annotations: {
        "org.opencontainers.image.title": origin.name,
        "org.opencontainers.image.source": origin.url,
      },
    },
    platforms: ["linux/amd64", "linux/arm64"],
    repositories: [{ repository, tags: [{ text: "{version}" }, { text: "latest" }] }],
  };
  const note: Note = {
    kind: "differs",
    file: "slipway.json",
    what: repository,
    why: "no configuration that is read names an image, so it is the place that belongs to the repository, for linux/amd64 and linux/arm64; latest follows the highest version",
  };
  return { ...draft, images: [image], notes: [...draft.notes, note] };
}
