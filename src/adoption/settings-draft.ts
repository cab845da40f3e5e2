import { parseSettings } from "../config.js";
import { SlipwayError } from "../errors.js";
import { archOf } from "../tags/arch.js";
import { readRef } from "../tags/ref.js";
import { requestTags } from "../tags/request.js";
import type { Draft, DraftImage } from "./draft.js";
import { type ImageSettings, imageSettings, reasonOf } from "./image-settings.js";
import type { Note, Remark } from "./note.js";
import { type CommonSettings, documentOf, type SettingsDocument } from "./settings-document.js";

/** The settings of a draft, and what of it they cannot say. They are valid, and so are the tags of a release by them. */
export function draftSettings(
  draft: Draft,
  common: CommonSettings,
): { settings: SettingsDocument; notes: Note[] } {
  const notes: Note[] = [];
  const remark = (kind: Note["kind"], what: string, why: string) =>
    notes.push({ kind, file: "slipway.json", what, why });
  const images: ImageSettings[] = [];
  for (const image of merged(draft.images)) {
    for (const own of imageSettings(image, remark)) {
      const name = nameOf(image.name, own, images);
      const problemWith = (candidate: ImageSettings) =>
        problemOf(documentOf([...images, candidate], draft, common));
      const wanted = { ...own, name };
      const found = candidatesOf(wanted).find((candidate) => problemWith(candidate) === undefined);
      if (found !== undefined) images.push(found);
      noteChoice(wanted, found, problemWith, remark);
    }
  }
  return { settings: documentOf(images, draft, common), notes };
}

/** Images that are made alike are one, whatever says so and wherever they go. */
function merged(images: readonly DraftImage[]): DraftImage[] {
  const alike = Map.groupBy(images, ({ build, platforms }) => JSON.stringify([build, platforms]));
  return [...alike.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const all = Map.groupBy(
      members.flatMap(({ repositories }) => repositories),
      ({ repository }) => repository,
    );
    const repositories = [...all].map(([repository, same]) => ({
      repository,
      tags: same.flatMap(({ tags }) => [...tags]),
    }));
    return [{ ...first, repositories }];
  });
}

/** An image as it is wanted; with the name in the tag of its version, where another has the version alone; and without latest. */
function candidatesOf(wanted: ImageSettings): ImageSettings[] {
  const named = wanted.addsVersion
    ? [{ ...wanted, tags: [`{version}-${wanted.name}`, ...wanted.tags.slice(1)] }]
    : [];
  const all = [wanted, ...named];
  return [...all, ...all.map(withoutLatest)];
}

function withoutLatest(image: ImageSettings): ImageSettings {
  const repositories = image.repositories.map(({ repository }) => ({ repository, latest: "none" as const }));
  return { ...image, repositories };
}

function noteChoice(
  wanted: ImageSettings,
  found: ImageSettings | undefined,
  problemWith: (image: ImageSettings) => string | undefined,
  remark: Remark,
): void {
  if (found === undefined) {
    remark("left-out", referencesIn(wanted), problemWith(wanted) ?? "");
    return;
  }
  if (found.addsVersion)
    remark(
      "differs",
      `${found.repositories.map(({ repository }) => repository).join(", ")}: ${shown(found.tags[0] ?? "")}${found.suffix}`,
      "it is set as well: published versions are read from the tags that name them, and tags that move follow the highest",
    );
  const lost = wanted.repositories.filter(
    ({ latest }, at) => latest !== "none" && found.repositories[at]?.latest === "none",
  );
  if (lost.length > 0)
    remark(
      "left-out",
      lost.map(({ repository }) => `${repository}:latest${wanted.suffix}`).join("; "),
      "another image sets it as well, and it can follow one",
    );
}

/** Why a release could not go by the settings; undefined where it can. */
function problemOf(document: SettingsDocument): string | undefined {
  try {
    const { release } = parseSettings(JSON.stringify(document));
    const trigger = readRef("refs/tags/v1.2.3", { ...release, tagPrefix: "", preRelease: true });
    const revision = "0123456789abcdef0123456789abcdef01234567";
    for (const settings of release.images) requestTags({ settings, trigger, revision, created: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof SlipwayError) return reasonOf(error);
    throw error;
  }
}

function referencesIn({ repositories, tags }: Omit<ImageSettings, "name">): string {
  return repositories.map(({ repository }) => `${repository}: ${tags.map(shown).join(", ")}`).join("; ");
}

function shown(template: ImageSettings["tags"][number]): string {
  return typeof template === "string" ? template : template.tag;
}

function nameOf(
  given: string | undefined,
  { repositories, suffix, platforms, dockerfile }: Omit<ImageSettings, "name">,
  others: readonly ImageSettings[],
): string {
  const base = asName(given ?? repositories[0]?.repository.split("/").at(-1) ?? "image");
  const variants = [
    base,
    asName(`${base}${suffix}`),
    asName(`${base}-${(dockerfile ?? "").replace(/^.*\//, "").replace(/dockerfile|containerfile/i, "")}`),
    ...(platforms.length === 1 ? [asName(`${base}-${archOf(platforms[0] ?? "")}`)] : []),
    asName(`${base}-${repositories[0]?.repository.split(/[./]/)[0] ?? ""}`),
    ...others.map((_, at) => `${base}-${at + 2}`),
  ];
  return variants.find((name) => !others.some((other) => other.name === name)) ?? base;
}

function asName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" ? "image" : name;
}
