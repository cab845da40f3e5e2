import { parseIgnoreList } from "../dockerfile/dockerignore.js";
import type { Draft, DraftImage } from "./draft.js";
import { goreleaserVariables } from "./github/env.js";
import { readWorkflow } from "./github/images.js";
import { parseWorkflow } from "./github/workflow.js";
import { readGoreleaser } from "./goreleaser/images.js";
import type { Note } from "./note.js";
import { imageRepositoryOf } from "./origin.js";
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

/** A project of which nothing names an image goes where its forge has a place for it. */
export function withDefaults(draft: Draft, { origin, dockerfiles, defaultDockerfile }: Repository): Draft {
  const isNamed = draft.images.length > 0 || draft.notes.some(({ kind }) => kind === "left-out");
  const repository = origin && imageRepositoryOf(origin);
  if (isNamed || origin === undefined || repository === undefined) return draft;
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
