import { commonTexts } from "../common-texts.js";
import type { DraftBuild, DraftImage } from "../draft.js";
import { NoEquivalent, type Remark } from "../note.js";
import { type ArchNaming, arrangeTags, type Publication } from "./arch-tags.js";
import type { DockerEntry, ManifestEntry } from "./config.js";
import { readFlags } from "./flags.js";
import { goTargetOf, platformOf } from "./platform.js";
import type { GoreleaserReading, Pushed } from "./reading.js";

/** An image of one platform, as `dockers` has it. */
interface Single {
  entry: DockerEntry;
  platform: string;
  build: DraftBuild;
  names: readonly Pushed[];
  isPushed: boolean;
}

/** A manifest with the images that it lists. */
interface Manifest {
  pushed: Pushed;
  singles: readonly Single[];
}

/** Images, and all that is pushed of them. */
export interface PublishedImages {
  images: readonly DraftImage[];
  pushed: readonly Pushed[];
}

/** What `dockers` and `docker_manifests` publish: images of one platform each, and lists of them. */
export function readDockers(
  dockers: readonly DockerEntry[],
  manifests: readonly ManifestEntry[],
  reading: GoreleaserReading,
  naming: ArchNaming,
): PublishedImages {
  const singles = dockers.flatMap((entry, at) => readSingle(entry, at, reading) ?? []);
  const lists = manifests.flatMap((entry) => readManifest(entry, singles, reading) ?? []);
  const published = groups(singles, lists).map((group) => imagesOf(group, lists, reading, naming));
  return {
    images: published.flatMap(({ images }) => images),
    pushed: published.flatMap(({ pushed }) => pushed),
  };
}

function readSingle(entry: DockerEntry, at: number, reading: GoreleaserReading): Single | undefined {
  const what = `dockers: ${entry.id ?? entry.image_templates[0] ?? at + 1}`;
  try {
    const target = goTargetOf(entry);
    const { platform: flag, ...flags } = readFlags(entry.build_flag_templates, reading, target);
    const platform = platformOf(entry, flag);
    if (/amd64\/v/.test(platform))
      reading.note(
        "differs",
        what,
        `what is compiled for GOAMD64 ${entry.goamd64} is of the platform ${platform} here, since linux/amd64 is every machine: compile it for v1 to have that`,
      );
    if (!entry.goarch && platform !== platformOf(entry, undefined))
      reading.note(
        "differs",
        what,
        `its binaries are for ${platformOf(entry, undefined)} there, since goarch is not set; here they are for ${platform}, as the image is called`,
      );
    const dockerfile = reading.fixed(entry.dockerfile ?? "Dockerfile", `${what}: dockerfile`, target);
    if (dockerfile === undefined) return undefined;
    const build = { dockerfile, ids: entry.ids, ...flags };
    const names = entry.image_templates.flatMap((template) => reading.reference(template, target) ?? []);
    return { entry, platform, build, ...pushOf(entry, names, what, reading) };
  } catch (error) {
    if (!(error instanceof NoEquivalent)) throw error;
    reading.note("left-out", what, error.message);
    return undefined;
  }
}

function pushOf(
  { skip_push, skip_build }: DockerEntry,
  names: readonly Pushed[],
  what: string,
  reading: GoreleaserReading,
): Pick<Single, "names" | "isPushed"> {
  const pushes = reading.pushes(skip_push, `${what}: skip_push`);
  const builds = reading.pushes(skip_build, `${what}: skip_build`);
  const onPreRelease = pushes?.preRelease === true && builds?.preRelease === true;
  return {
    names: names.map((name) => ({ ...name, onPreRelease: name.onPreRelease && onPreRelease })),
    isPushed: pushes?.stable === true && builds?.stable === true,
  };
}

function readManifest(
  { name_template = "", image_templates, skip_push }: ManifestEntry,
  singles: readonly Single[],
  reading: GoreleaserReading,
): Manifest[] {
  const what = `docker_manifests: ${name_template}`;
  const pushes = reading.pushes(skip_push, `${what}: skip_push`);
  const pushed = reading.reference(name_template);
  if (pushed === undefined || pushes?.stable !== true) return [];
  const parts = image_templates.map((template) => {
    const part = reading.reference(template);
    return part && singles.filter(({ names }) => names.some((name) => isSame(name, part)));
  });
  const missing = image_templates.filter((_, at) => parts[at] === undefined || parts[at].length === 0);
  if (missing.length > 0 || parts.length === 0) {
    reading.note(
      "left-out",
      what,
      `it lists what is not read of dockers: ${missing.join(", ") || "nothing"}`,
    );
    return [];
  }
  const onPreRelease = pushed.onPreRelease && pushes.preRelease;
  return [{ pushed: { ...pushed, onPreRelease }, singles: parts.flatMap((part) => part?.at(-1) ?? []) }];
}

/** What belongs together: images that a list has side by side, and those that are made in the same way. */
function groups(singles: readonly Single[], lists: readonly Manifest[]): Single[][] {
  const ways = Map.groupBy(singles, ({ build }) => JSON.stringify(build));
  const related = [...ways.values(), ...lists.map((list) => [...list.singles])];
  const groups: Set<Single>[] = [];
  for (const members of related) {
    const joined = new Set(members);
    for (const group of groups.filter((other) => members.some((member) => other.has(member)))) {
      for (const member of group) joined.add(member);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(joined);
  }
  return groups.map((group) => singles.filter((single) => group.has(single)));
}

function imagesOf(
  group: readonly Single[],
  lists: readonly Manifest[],
  reading: GoreleaserReading,
  naming: ArchNaming,
): PublishedImages {
  const build = commonBuild(group, reading);
  if (build === undefined) return { images: [], pushed: [] };
  const pushed = publicationsOf(group, lists, reading);
  const images = arrangeTags(pushed, naming).map((arranged) => ({ build, ...arranged }));
  return { images, pushed };
}

/** How all of a group are made. What is another thing for each platform has no place in the settings. */
function commonBuild(group: readonly Single[], reading: GoreleaserReading): DraftBuild | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const builds = group.map(({ build }) => build);
  const remark: Remark = (kind, what, why) => reading.note(kind, what, why);
  for (const field of ["dockerfile", "target"] as const) {
    const values = [...new Set(builds.map((build) => build[field] ?? ""))];
    if (values.length === 1) continue;
    const names = group.flatMap(({ names: own }) => own.map(({ repository, tag }) => `${repository}:${tag}`));
    reading.note(
      "left-out",
      names.slice(0, 2).join(", "),
      `its platforms have another ${field} each, ${values.join(" and ")}: write one that decides by ARG TARGETARCH`,
    );
    return undefined;
  }
  return {
    ...first.build,
    ids: [...new Set(builds.flatMap(({ ids }) => ids))],
    ...commonTexts(
      builds,
      { buildArgs: "--build-arg", labels: "--label", annotations: "--annotation" },
      remark,
    ),
  };
}

/** What the tags of a group point at: a list of platforms, or what was pushed last. */
function publicationsOf(
  group: readonly Single[],
  lists: readonly Manifest[],
  reading: GoreleaserReading,
): Publication[] {
  const found = new Map<string, Publication>();
  const add = (pushed: Pushed, platforms: readonly string[]) => {
    const key = `${pushed.repository}:${pushed.tag}`;
    const before = found.get(key)?.platforms ?? [];
    const all = [...new Set([...before, ...platforms])];
    if (before.length > 0 && all.length > before.length)
      reading.note(
        "differs",
        key,
        `several platforms push it one after the other; here it is of all of them: ${all.join(", ")}`,
      );
    found.set(key, { ...pushed, platforms: all });
  };
  for (const { names, isPushed, platform } of group)
    if (isPushed) for (const name of names) add(name, [platform]);
  for (const { pushed, singles } of lists) {
    if (!singles.every((single) => group.includes(single))) continue;
    found.delete(`${pushed.repository}:${pushed.tag}`);
    add(
      pushed,
      singles.map(({ platform }) => platform),
    );
  }
  return [...found.values()];
}

function isSame(a: Pushed, b: Pushed): boolean {
  return a.repository === b.repository && a.tag === b.tag;
}
