import type { DraftImage } from "../draft.js";
import { NoEquivalent } from "../note.js";
import { ofVersion } from "./arch-tags.js";
import type { DockerV2Entry } from "./config.js";
import type { PublishedImages } from "./dockers.js";
import { readFlags } from "./flags.js";
import { platform } from "./platform.js";
import type { GoreleaserReading, Pushed } from "./reading.js";

// Each tag in each repository: more than anybody publishes.
const mostPushed = 10_000;

const defaultPlatforms = ["linux/amd64", "linux/arm64"];

/** What `dockers_v2` publishes: images of several platforms, each with all tags in all repositories. */
export function readDockersV2(
  entries: readonly DockerV2Entry[],
  reading: GoreleaserReading,
): PublishedImages {
  const read = entries.flatMap((entry, at) => readEntry(entry, at, reading) ?? []);
  return { images: read.map(({ image }) => image), pushed: read.flatMap(({ pushed }) => pushed) };
}

function readEntry(
  entry: DockerV2Entry,
  at: number,
  reading: GoreleaserReading,
): { image: DraftImage; pushed: Pushed[] } | undefined {
  const what = `dockers_v2: ${entry.id ?? entry.images[0] ?? at + 1}`;
  const pushes = ["disable", "skip_push"].map((field) =>
    reading.pushes(entry[field as "disable" | "skip_push"], `${what}: ${field}`),
  );
  if (!pushes.every((push) => push?.stable === true)) return undefined;
  const onPreRelease = pushes.every((push) => push?.preRelease === true);
  const repositories = entry.images.flatMap((template) => repositoryOf(template, reading) ?? []);
  const tags = entry.tags.flatMap((template) => reading.tag(template) ?? []);
  const dockerfile = reading.fixed(entry.dockerfile ?? "Dockerfile", `${what}: dockerfile`);
  const platforms = (entry.platforms.length === 0 ? defaultPlatforms : entry.platforms).flatMap(
    (text) => platformOf(text, what, reading) ?? [],
  );
  if (repositories.length === 0 || tags.length === 0 || platforms.length === 0 || dockerfile === undefined) {
    reading.note("left-out", what, "nothing is left of its images, tags or platforms");
    return undefined;
  }
  if (repositories.length * tags.length > mostPushed) {
    reading.note("left-out", what, `it has more than ${mostPushed} tags in all its repositories`);
    return undefined;
  }
  const flags = readFlags(entry.flags, reading);
  const pushed = repositories.flatMap((repository) =>
    tags.map((tag) => ({ repository, ...tag, onPreRelease: tag.onPreRelease && onPreRelease })),
  );
  const image = {
    ...(entry.id === undefined ? {} : { name: entry.id }),
    platforms,
    repositories: repositories.map((repository) => ({
      repository,
      tags: tags.map(({ tag }) => ofVersion(tag)),
    })),
    build: {
      dockerfile,
      ...(flags.target === undefined ? {} : { target: flags.target }),
      ids: entry.ids,
      buildArgs: { ...valuesOf(entry.build_args, `${what}: build_args`, reading), ...flags.buildArgs },
      labels: { ...valuesOf(entry.labels, `${what}: labels`, reading), ...flags.labels },
      annotations: { ...valuesOf(entry.annotations, `${what}: annotations`, reading), ...flags.annotations },
    },
  };
  return { image, pushed };
}

function repositoryOf(template: string, reading: GoreleaserReading): string | undefined {
  return reading.reference(template)?.repository;
}

function platformOf(text: string, what: string, reading: GoreleaserReading): string | undefined {
  try {
    return platform(text);
  } catch (error) {
    if (!(error instanceof NoEquivalent)) throw error;
    reading.note("left-out", `${what}: ${text}`, error.message);
    return undefined;
  }
}

function valuesOf(
  templates: Readonly<Record<string, string>>,
  what: string,
  reading: GoreleaserReading,
): Record<string, string> {
  const values = Object.entries(templates).flatMap(([name, template]): [string, string][] => {
    const key = reading.fixed(name, `${what}: ${name}`);
    const value = reading.value(template, `${what}: ${name}`);
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(values);
}
