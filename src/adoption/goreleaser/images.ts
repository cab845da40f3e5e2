import type { Origin } from "../../forge/origin.js";
import type { Draft, DraftImage } from "../draft.js";
import { NoEquivalent, publisherOf } from "../note.js";
import { literal, placeholder, type Value } from "../symbolic-text.js";
import { ArchNaming } from "./arch-tags.js";
import { type GoreleaserConfig, parseGoreleaserConfig } from "./config.js";
import { readDockers } from "./dockers.js";
import { readDockersV2 } from "./dockers-v2.js";
import { fieldsIn, type ProjectFacts } from "./fields.js";
import { GoreleaserReading, type Pushed } from "./reading.js";
import { translate } from "./template.js";

/** What is known beside the configuration. */
export interface Surroundings {
  origin?: Origin | undefined;
  /** Variables that were given, or that a workflow sets. */
  env: Readonly<Record<string, string>>;
  /** Whether there is a file or a directory of that path. */
  has: (path: string) => boolean;
  /** Whether .dockerignore leaves it out of the build context. */
  isIgnored: (path: string) => boolean;
}

/** Reads what a configuration of GoReleaser says of images. */
export function readGoreleaser(yaml: string, file: string, surroundings: Surroundings): Draft {
  const config = parseGoreleaserConfig(yaml, file);
  const unset = new Set<string>();
  const reading = new GoreleaserReading(
    file,
    factsOf(config, surroundings, (name) => unset.add(name)),
  );
  const naming = new ArchNaming();
  const published = [
    readDockers(config.dockers, config.docker_manifests, reading, naming),
    readDockersV2(config.dockers_v2, reading),
  ];
  const images = published.flatMap((part) => part.images).map((image) => withIds(image, config, reading));
  noteFiles(config, reading, surroundings);
  noteOthers(config, reading);
  for (const name of unset)
    reading.note(
      "differs",
      name,
      "nothing here says what that variable is, so it is taken as not set: --env says otherwise",
    );
  const prefix = config.monorepo?.tag_prefix;
  const namesAny = images.length > 0 || reading.notes.some(({ kind }) => kind === "left-out");
  return {
    images,
    archNames: naming.names,
    preReleases: publishesPreReleases(
      published.flatMap(({ pushed }) => pushed),
      reading,
    ),
    majorZero: true,
    ...(prefix === undefined ? {} : { tagPrefix: prefix.endsWith("/") ? prefix : `${prefix}/` }),
    notes: [...reading.notes, ...(namesAny ? publisherOf(file, publishedSections(config).join(", ")) : [])],
  };
}

function factsOf(
  config: GoreleaserConfig,
  { origin, env: given }: Surroundings,
  onUnset: ProjectFacts["onUnset"],
): ProjectFacts {
  const { github, gitlab } = config.release ?? {};
  const projectName = config.project_name ?? github?.name ?? gitlab?.name ?? origin?.name;
  const env = new Map<string, Value>(platformVariables(origin));
  for (const [name, value] of Object.entries(given)) env.set(name, literal(value));
  const facts = { projectName, origin, env, onUnset };
  for (const entry of config.env) {
    const [name = "", ...rest] = entry.split("=");
    if (rest.length === 0) continue;
    try {
      // The same variable may be in the surroundings: GoReleaser lets the configuration win.
      env.set(name, translate(rest.join("="), fieldsIn(facts, { isPreRelease: false })));
    } catch (error) {
      if (!(error instanceof NoEquivalent)) throw error;
      env.delete(name);
    }
  }
  return facts;
}

/** Variables that a platform sets by itself, and that say what the remote says as well. */
function platformVariables(origin: Origin | undefined): [string, Value][] {
  if (origin === undefined) return [];
  const { host, path, owner, name, url } = origin;
  if (origin.forge === "github")
    return [
      ["GITHUB_REPOSITORY", literal(path)],
      ["GITHUB_REPOSITORY_OWNER", literal(owner)],
      ["GITHUB_SERVER_URL", literal(`https://${host}`)],
      ["GITHUB_SHA", placeholder("revision")],
      ["GITHUB_REF_NAME", placeholder("tag")],
    ];
  const registry =
    host === "gitlab.com"
      ? [
          ["CI_REGISTRY", "registry.gitlab.com"] as const,
          ["CI_REGISTRY_IMAGE", `registry.gitlab.com/${path}`.toLowerCase()] as const,
        ]
      : [];
  const project = [
    ["CI_PROJECT_PATH", path] as const,
    ["CI_PROJECT_NAMESPACE", owner] as const,
    ["CI_PROJECT_NAME", name] as const,
    ["CI_PROJECT_URL", url] as const,
  ];
  return [
    ...[...registry, ...project].map(([key, text]): [string, Value] => [key, literal(text)]),
    ["CI_COMMIT_TAG", placeholder("tag")],
    ["CI_COMMIT_SHA", placeholder("revision")],
  ];
}

/** All builds are what Slipway takes by itself; what is no build of this configuration has no equivalent. */
function withIds(image: DraftImage, config: GoreleaserConfig, reading: GoreleaserReading): DraftImage {
  const projectName = config.project_name;
  const builds = config.builds.map(({ id }) => id ?? projectName);
  const { ids } = image.build;
  if (ids.length === 0) return image;
  const isAll = builds.every((id) => id !== undefined && ids.includes(id));
  const isOnly = config.builds.length === 1 && config.builds[0]?.id === undefined;
  const isDefault = config.builds.length === 0;
  const strangers = ids.filter((id) => !builds.includes(id));
  if (!isOnly && !isDefault && !builds.includes(undefined) && strangers.length > 0)
    reading.note(
      "left-out",
      `ids: ${strangers.join(", ")}`,
      "it is none of the builds: packages and archives are not laid into the build context",
    );
  const kept =
    isAll || isOnly || isDefault ? [] : ids.filter((id) => builds.includes(id) || builds.includes(undefined));
  return { ...image, build: { ...image.build, ids: kept } };
}

/** Files of the build context come from the source. */
function noteFiles(
  config: GoreleaserConfig,
  reading: GoreleaserReading,
  { has, isIgnored }: Surroundings,
): void {
  const files = [...config.dockers, ...config.dockers_v2].flatMap(({ extra_files }) => extra_files);
  for (const path of new Set(files)) {
    const plain = path.replace(/^\.\//, "").replace(/\/+$/, "");
    if (!has(plain))
      reading.note(
        "to-do",
        `extra_files: ${path}`,
        "the source has no such file: what a hook makes has to be there when release is called, in the source",
      );
    else if (plain !== "" && isIgnored(plain))
      reading.note(
        "to-do",
        `extra_files: ${path}`,
        ".dockerignore leaves it out, which GoReleaser does not read: add an exception, as in !docs/a.md",
      );
  }
}

const others = [
  [
    "docker_signs",
    "the pipeline signs what it releases, by its identity or a key: docs/attest.md of Slipway",
  ],
] as const;

function noteOthers(config: GoreleaserConfig, reading: GoreleaserReading): void {
  for (const [field, why] of others) if (config[field].length > 0) reading.note("left-out", field, why);
  for (const { repository, repositories, tags, platforms } of config.kos) {
    const places = [...(repository === undefined ? [] : [repository]), ...repositories].join(", ");
    const parts = [places, tags.join(", "), platforms.join(", ")].filter((part) => part !== "");
    reading.note(
      "left-out",
      ["kos", ...parts].join(": "),
      "ko builds images without a Dockerfile: with Dockerfile.release, or Slipway's own, its binary is released as it is, to release.repositories, by release.tags, for release.platforms",
    );
  }
  for (const { from_url, from_file } of config.includes)
    if (from_url === undefined)
      reading.note(
        "left-out",
        `includes: from_file: ${from_file?.path ?? ""}`,
        "what another file adds is not read: write what it says of images into the settings",
      );
    else
      reading.note(
        "left-out",
        `includes: from_url: ${from_url.url ?? ""}`,
        "init asks no network, so that what is added from there is not read: write what it says of images into the settings",
      );
  // Where no image is published, they are none of a release of Slipway.
  if (publishedSections(config).length > 0) notePro(config, reading);
  for (const { section, field } of config.unread)
    reading.note("left-out", `${section}: ${field}`, "it is not read: see whether images need it");
}

function notePro({ nightly, pro }: GoreleaserConfig, reading: GoreleaserReading): void {
  if (nightly !== undefined && nightly !== null)
    reading.note(
      "left-out",
      "nightly",
      'a nightly build has no tag of git: a scheduled job takes settings of its own, {"tag": "nightly-{date}", "on": "main"} with --config nightly.json',
    );
  if (pro === true)
    reading.note(
      "left-out",
      "pro",
      "build calls GoReleaser without Pro, which refuses fields that only Pro knows: take them out, or build by a job of your own, whose dist the pipeline releases",
    );
}

/** The parts of a configuration that publish images. */
function publishedSections(config: GoreleaserConfig): string[] {
  return (["dockers", "docker_manifests", "dockers_v2", "kos"] as const).filter(
    (section) => config[section].length > 0,
  );
}

/** Whether pre-releases are published: one rule for all that names a whole version. */
function publishesPreReleases(pushed: readonly Pushed[], reading: GoreleaserReading): boolean {
  for (const { repository, tag } of pushed.filter(
    ({ tag, onPreRelease }) => onPreRelease && tag.includes("{patch}"),
  ))
    reading.note(
      "differs",
      `${repository}:${tag}`,
      "a pre-release does not set it, since it is the tag of the stable version",
    );
  const whole = pushed.filter(({ tag }) => /\{(version|tag|patch)\}/.test(tag));
  const published = whole.filter(({ onPreRelease }) => onPreRelease);
  if (published.length > 0 && published.length < whole.length)
    for (const { repository, tag } of whole.filter(({ onPreRelease }) => !onPreRelease))
      reading.note(
        "differs",
        `${repository}:${tag}`,
        "pre-releases set it as well, since they set others that name a version",
      );
  return published.length > 0;
}
