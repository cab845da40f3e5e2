import { isMajorAlone } from "../tags/policy.js";
import { parseTagTemplate } from "../tags/tag-template.js";
import type { Draft } from "./draft.js";
import type { ImageSettings } from "./image-settings.js";

/** The text of slipway.json is of this. */
export type SettingsDocument = Readonly<Record<string, unknown>>;

/** What of the settings does not come from another tool's images. */
export interface CommonSettings {
  mainBranch?: string | undefined;
  /** Dockerfile that is taken where none is named. */
  defaultDockerfile?: string | undefined;
  ciImage?: object | undefined;
  cacheKey?: { files: readonly string[] } | undefined;
}

const defaultPlatforms = ["linux/amd64", "linux/arm64"];
const defaultTags = ["{version}"];

/** slipway.json with what is not the default. What all images share is said once. */
export function documentOf(
  images: readonly ImageSettings[],
  { archNames, preReleases, majorZero, tagPrefix }: Omit<Draft, "images" | "notes">,
  { mainBranch, defaultDockerfile, ciImage, cacheKey }: CommonSettings,
): SettingsDocument {
  const own = images.map((image) => fieldsOf(image, defaultDockerfile));
  const shared = sharedOf(own);
  const [only, ...more] = images;
  const isOne = more.length === 0 && (only?.suffix ?? "") === "";
  const release = {
    ...withoutEmpty(shared),
    ...(mainBranch === undefined || mainBranch === "main" ? {} : { mainBranch }),
    ...(tagPrefix === undefined ? {} : { tagPrefix }),
    ...withoutEmpty({ archNames }),
    ...(preReleases ? { preReleases } : {}),
    ...(majorZero && setsMajorAlone(images) ? { majorZero: true } : {}),
    ...(isOne ? {} : { images: own.map((fields, at) => imageOf(images[at], fields, shared)) }),
  };
  return withoutEmpty({ ciImage: ciImage ?? {}, cacheKey: cacheKey ?? {}, release });
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of an image that a release may have for all of them. */
function fieldsOf(image: ImageSettings, defaultDockerfile: string | undefined): Fields {
  const { dockerfile, target, platforms, repositories, tags, ids, buildArgs, labels, annotations } = image;
  return {
    repositories: repositories.map(({ repository, latest }) => ({
      repository,
      ...(latest === "main" ? {} : { latest }),
    })),
    ...(isSame(tags, defaultTags) ? {} : { tags }),
    ...(dockerfile === defaultDockerfile ? {} : { dockerfile }),
    ...(target === undefined ? {} : { target }),
    ...(isSame(platforms, defaultPlatforms) ? {} : { platforms }),
    ...(ids.length === 0 ? {} : { binaries: { ids } }),
    buildArgs,
    labels,
    annotations: namedAnnotations(annotations),
  };
}

const maps = ["buildArgs", "labels", "annotations"];

/** What all images say alike: whole fields, and of maps the entries. */
function sharedOf([first = {}, ...others]: readonly Fields[]): Fields {
  const isShared = (value: unknown, at: (fields: Fields) => unknown) =>
    others.every((fields) => isSame(at(fields), value));
  return Object.fromEntries(
    Object.entries(first).flatMap(([field, value]): [string, unknown][] => {
      if (!maps.includes(field)) return isShared(value, (fields) => fields[field]) ? [[field, value]] : [];
      const entries = Object.entries(value as Fields).filter(([key, entry]) =>
        isShared(entry, (fields) => (fields[field] as Fields)[key]),
      );
      return [[field, Object.fromEntries(entries)]];
    }),
  );
}

/** What one of several images says beside what all do. */
function imageOf(image: ImageSettings | undefined, fields: Fields, shared: Fields): Fields {
  const own = Object.entries(fields).flatMap(([field, value]): [string, unknown][] => {
    if (!maps.includes(field)) return isSame(shared[field], value) ? [] : [[field, value]];
    const common = shared[field] as Fields;
    return [[field, Object.fromEntries(Object.entries(value as Fields).filter(([key]) => !(key in common)))]];
  });
  const suffix = image?.suffix ?? "";
  return {
    name: image?.name,
    ...(suffix === "" ? {} : { suffix }),
    ...withoutEmpty(Object.fromEntries(own)),
  };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => typeof value !== "object" || value === null || Object.keys(value).length > 0,
    ),
  );
}

const annotationPrefix = "org.opencontainers.image.";

/** Annotations by the names that the settings have for some of them. */
function namedAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => {
      const name = key.replace(annotationPrefix, "");
      const isPlain = ["title", "description", "source"].includes(name) && !value.includes("{");
      return [isPlain ? name : key, value];
    }),
  );
}

/** Whether an image has a tag of the major number alone. */
function setsMajorAlone(images: readonly ImageSettings[]): boolean {
  return images.some(({ tags }) =>
    tags.some((tag) => {
      const template = parseTagTemplate(tag);
      return template.moves && isMajorAlone(template);
    }),
  );
}
