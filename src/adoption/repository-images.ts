import { parseIgnoreList } from "../dockerfile/dockerignore.js";
import { imageRepositoryOf } from "../forge/origin.js";
import { commonDockerfiles } from "../release/dockerfile-choice.js";
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
 * An image that nothing names goes where the forge of its project has a place for it: one for each component, where each
 * has a directory with a Dockerfile. A program without a Dockerfile gets Slipway's.
 */
export function withDefaults(draft: Draft, repository: Repository): Draft {
  const { origin, dockerfiles, defaultDockerfile } = repository;
  const place = origin && imageRepositoryOf(origin);
  const hasNone = dockerfiles.length === 0;
  if (namesImages(draft) || (hasNone && !repository.isProgram)) return draft;
  if (origin === undefined || place === undefined) return draft;
  const components = defaultDockerfile === undefined ? componentsOf(repository) : [];
  if (!hasNone && defaultDockerfile === undefined && components.length === 0)
    return { ...draft, notes: [...draft.notes, unchosen(dockerfiles)] };
  const image = (dockerfile: string | undefined, name: string): DraftImage => ({
    ...(components.length > 1 ? { name } : {}),
    build: {
      ...(dockerfile === undefined ? {} : { dockerfile }),
      ids: [],
      buildArgs: {},
      labels: {},
      annotations: {
        "org.opencontainers.image.title": components.length > 1 ? name : origin.name,
        "org.opencontainers.image.source": origin.url,
      },
    },
    platforms: ["linux/amd64", "linux/arm64"],
    repositories: [
      {
        repository: components.length > 1 ? `${place}/${name}` : place,
        tags: [{ text: "{version}" }, { text: "latest" }],
      },
    ],
  });
  const images =
    components.length > 1
      ? components.map(({ dockerfile, name }) => image(dockerfile, name))
      : [image(components[0]?.dockerfile ?? defaultDockerfile, "")];
  const notes = [
    defaultPlace(images),
    ...(hasNone ? [ownDockerfile] : []),
    ...(components.length > 1 ? [oneVersion(images)] : []),
  ];
  return { ...draft, images, notes: [...draft.notes, ...notes] };
}

function unchosen(dockerfiles: readonly string[]): Note {
  return {
    kind: "to-do",
    file: "slipway.json",
    what: "release.dockerfile",
    why: `which Dockerfile is that of a release nothing says, and none is where one is looked for: name it, as in ${dockerfiles[0]}`,
  };
}

const ownDockerfile: Note = {
  kind: "differs",
  file: "slipway.json",
  what: "the Dockerfile",
  why: "there is none, so the image is Slipway's: the program alone, as user 65532; one that calls others over TLS needs certificates, so write a Dockerfile.release with a base that has them",
};

function defaultPlace(images: readonly DraftImage[]): Note {
  const repositories = images.flatMap((image) => image.repositories.map(({ repository }) => repository));
  const isBelow = images.some(({ build }) => build.dockerfile?.includes("/"));
  return {
    kind: "differs",
    file: "slipway.json",
    what: repositories.join(", "),
    why: `no configuration that is read names an image, so it is the place that belongs to the repository, for linux/amd64 and linux/arm64; latest follows the highest version${isBelow ? ", and the build context is the root of the repository" : ""}. Where no image is published, leave the release out: the job release on GitHub, the input release_from on GitLab`,
  };
}

function oneVersion(images: readonly DraftImage[]): Note {
  return {
    kind: "differs",
    file: "slipway.json",
    what: "release.images",
    why: `${images.map(({ name }) => name).join(" and ")} are released together, by a tag such as v1.2.3: where each has versions of its own, it takes settings with a release.tagPrefix, and the pipeline is called for each (docs/release.md of Slipway, Tags)`,
  };
}

interface Component {
  /** The name of its directory, or its path where two have the same. */
  name: string;
  dockerfile: string;
}

/** Where nothing is released from. */
const asides = /(^|\/)(\.[^/]+|tests?|e2e|examples?|samples?|docs?|dev|hack|tools?|scripts?|ci)\//;

/**
 * The directories with the Dockerfile of a release: one for each, as the root has one. A Dockerfile that is alone is one
 * wherever it is and whatever it is called.
 */
function componentsOf({ dockerfiles }: Repository): Component[] {
  const [only, ...more] = dockerfiles;
  if (only !== undefined && more.length === 0) return [{ name: "", dockerfile: only }];
  const directories = Map.groupBy(
    dockerfiles.filter((path) => path.includes("/") && !asides.test(path)),
    (path) => path.slice(0, path.lastIndexOf("/")),
  );
  const found = [...directories].flatMap(([directory, paths]) => {
    const usual = commonDockerfiles.map((name) => `${directory}/${name}`);
    const dockerfile = usual.find((path) => paths.includes(path));
    return dockerfile === undefined ? [] : [{ directory, dockerfile }];
  });
  const lastOf = (directory: string) => directory.slice(directory.lastIndexOf("/") + 1);
  return found.map(({ directory, dockerfile }) => {
    const isAlone = found.filter((other) => lastOf(other.directory) === lastOf(directory)).length === 1;
    const name = isAlone ? lastOf(directory) : directory;
    return {
      name: name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, ""),
      dockerfile,
    };
  });
}
