import { InputError } from "../errors.js";
import { isTag } from "../registry/reference.js";
import { highestOf, isMajorAlone, type LatestPolicy } from "./policy.js";
import { publishedVersions, readVersion } from "./reading.js";
import { fillFor, type WantedTag } from "./request.js";
import { latestOf, type TagRules } from "./rules.js";
import { fillTemplate } from "./template.js";
import { versionValues } from "./values.js";
import { compareVersions, isStable, type Version, versionIn } from "./version.js";

/** A tag that moves with a version; latest is none that a template makes. */
export interface MovingTag {
  tag: string;
  wanted?: WantedTag;
}

/** A published version, with what can go back to it. */
export interface EarlierVersion {
  version: Version;
  /** Its tag at the registries. */
  tag: string;
  /** In the order in which they move, latest at the end. */
  moving: readonly MovingTag[];
}

/** What moves a tag on again after it went back. */
export interface NextMove {
  tag: string;
  /** A clause without a full stop. */
  next: string;
}

/** Reads the version to go back to, by its git tag or by its tag at the registries: no other image is meant. */
export function readEarlierVersion(given: string, rules: TagRules): EarlierVersion {
  const { tags, tagPrefix } = rules;
  const name = given.startsWith(tagPrefix) ? given.slice(tagPrefix.length) : given;
  const read = readVersion(rules, name);
  const version = read?.version ?? versionIn(name);
  const own = tags.flatMap((template) => {
    const isWhole = template.namesVersion && !template.isOfPlatform;
    const tag = version && isWhole ? fillTemplate(template, versionValues(version)) : undefined;
    return tag === undefined ? [] : [tag];
  });
  const tag = read?.isOwn && !read.ofPlatform ? name : own[0];
  if (version === undefined || tag === undefined || !isStable(version) || !isTag(tag))
    throw new InputError({
      subject: "--tag",
      expected: "the tag of a published stable version, as in 1.2.3",
      given,
    });
  return { version, tag, moving: [...movingWith(version, rules), { tag: latestOf(rules) }] };
}

/** Those of the tags that are to go back, image by image; none given are all. */
export function chooseMoving<Image extends { earlier: EarlierVersion }>(
  images: readonly Image[],
  given: readonly string[],
): (Image & { moving: readonly MovingTag[] })[] {
  const known = [...new Set(images.flatMap(({ earlier }) => earlier.moving.map(({ tag }) => tag)))];
  const wrong = given.find((tag) => !known.includes(tag));
  if (wrong !== undefined)
    throw new InputError({
      subject: "--tags",
      expected: `tags that ${images[0]?.earlier.version.text} sets and that move, which are ${known.join(", ")}`,
      given: wrong,
    });
  const isChosen = ({ tag }: MovingTag) => given.length === 0 || given.includes(tag);
  return images.map((image) => ({ ...image, moving: image.earlier.moving.filter(isChosen) }));
}

/** What the policies do next with a tag that went back. */
export function nextMove(
  { tag, wanted }: MovingTag,
  version: Version,
  policy: LatestPolicy,
  rules: TagRules,
  published: readonly string[],
): NextMove {
  if (wanted === undefined && policy === "main")
    return { tag, next: `the next push to ${rules.mainBranch} moves it on` };
  const stable = publishedVersions(rules, published).filter(isStable);
  const highest = highestOf(wanted, stable);
  if (highest === undefined || compareVersions(highest, version) <= 0)
    return { tag, next: "no higher version is published; the next one moves it on" };
  return {
    tag,
    next: `${highest.text} is published, and higher: releasing that again moves it on, or a higher version; releasing ${version.text} again leaves it here`,
  };
}

function movingWith(version: Version, rules: TagRules): MovingTag[] {
  const isZero = version.numbers[0] === "0" && !rules.majorZero;
  const templates = rules.tags.filter(
    (template) =>
      template.on === "version" &&
      template.moves &&
      // A day is that of a commit, which no version names.
      !template.placeholders.includes("date") &&
      !(isZero && isMajorAlone(template)),
  );
  return templates
    .toSorted((a, b) => Number(b.isOfPlatform) - Number(a.isOfPlatform))
    .flatMap((template) => fillFor(template, versionValues(version), rules))
    .map((wanted) => ({ tag: wanted.tag, wanted }));
}
