import { formatRepository, type Repository } from "./registry/reference.js";
import { type ImageTags, latestOf } from "./tags/rules.js";
import { type TagTemplate, withSuffix } from "./tags/tag-template.js";
import { conflictIn } from "./tags/template-list.js";

/** Fields of a release that its images inherit. */
interface Inherited {
  tags: readonly TagTemplate[];
  repositories: readonly { repository: Repository; latest: string }[];
  buildArgs: object;
  labels: object;
  annotations: { others: object };
}

/** What the settings say of one of several images; what they do not say is the release's. */
interface Given {
  name: string;
  suffix: string;
  tags?: readonly TagTemplate[] | undefined;
  buildArgs?: object | undefined;
  labels?: object | undefined;
  annotations?: { others: object } | undefined;
}

/** The settings of one image of a release. */
export type ImageOf<Release> = Omit<Release, "images"> & {
  /** Absent where the release has one image, which needs no name. */
  name?: string;
} & Omit<ImageTags, "tags"> & { siblings: readonly ImageTags[] };

/** What is wrong with one image of several. */
export interface ImageProblem {
  /** Which one it is about. */
  at: number;
  expected: string;
}

/** The images of a release, each with all that holds for it; a release that names none is one image. */
export function resolveImages<Release extends Inherited & { images: readonly Given[] }>({
  images,
  ...common
}: Release): ImageOf<Release> & { images: ImageOf<Release>[] } {
  const alone = { ...common, suffix: "", siblings: [] };
  const all = images.length === 0 ? [alone] : images.map((given) => inherit(alone, given));
  const siblingsOf = (image: ImageTags) =>
    all.filter((other) => other !== image).map(({ tags, suffix }) => ({ tags, suffix }));
  return { ...alone, images: all.map((image) => ({ ...image, siblings: siblingsOf(image) })) };
}

/** The first image that takes what another one has: its name, or tags in a repository of both. */
export function problemOf(
  images: readonly (Pick<Inherited, "repositories"> & ImageTags & { name?: string })[],
): ImageProblem | undefined {
  for (const [at, image] of images.entries())
    for (const other of images.slice(0, at)) {
      if (image.name === other.name) return { at, expected: "a name of its own" };
      const shared = sharedRepository(image, other);
      if (shared === undefined) continue;
      const isTaken =
        conflictIn([...other.tags, ...image.tags]) !== undefined ||
        (shared.bothLatest && latestOf(image) === latestOf(other));
      if (isTaken)
        return {
          at,
          expected: `tags of its own in ${shared.name}, where ${other.name} goes as well: give it a suffix, as in -alpine, other tags with "latest": "none", or another repository`,
        };
    }
  return undefined;
}

function inherit<Common extends Inherited>(common: Common, given: Given): Common & Given {
  const { tags = common.tags, suffix, annotations, buildArgs, labels } = given;
  return {
    ...overlaid(common, given),
    tags: tags.map((template) => withSuffix(template, suffix)),
    annotations: {
      ...overlaid(common.annotations, annotations ?? {}),
      others: { ...common.annotations.others, ...annotations?.others },
    },
    buildArgs: { ...common.buildArgs, ...buildArgs },
    labels: { ...common.labels, ...labels },
  };
}

/** What is not said does not count. */
function overlaid<Below extends object, Above extends object>(below: Below, above: Above): Below & Above {
  const said = Object.entries(above).filter(([, value]) => value !== undefined);
  return { ...below, ...(Object.fromEntries(said) as Above) };
}

function sharedRepository(
  image: Pick<Inherited, "repositories">,
  other: Pick<Inherited, "repositories">,
): { name: string; bothLatest: boolean } | undefined {
  for (const { repository, latest } of image.repositories) {
    const name = formatRepository(repository);
    const same = other.repositories.find((entry) => formatRepository(entry.repository) === name);
    if (same !== undefined) return { name, bothLatest: latest !== "none" && same.latest !== "none" };
  }
  return undefined;
}
