import { publishedVersions } from "./reading.js";
import { isForVersion, type TagRequest, type VersionTrigger, type WantedTag } from "./request.js";
import { latestOf, tagByHand } from "./rules.js";
import type { TagTemplate } from "./tag-template.js";
import { fillTemplate } from "./template.js";
import { versionValues } from "./values.js";
import { compareVersions, isStable, type Version } from "./version.js";

/** What `latest` of a repository follows: the main branch, the highest stable version published, or nothing. */
export type LatestPolicy = "main" | "highest" | "none";

/** Whether a publication sets a tag. */
export interface TagDecision {
  tag: string;
  /** A tag that names one version or one commit never moves; all others do. */
  moves: boolean;
  set: boolean;
  /** A clause without a full stop. */
  why: string;
  /** The platform whose manifest it points at; absent where it points at all. */
  platform?: string;
}

type Verdict = Pick<TagDecision, "set" | "why">;

const leave = (why: string): Verdict => ({ set: false, why });
const set = (why: string): Verdict => ({ set: true, why });

/** Whether the decision takes the list of the repository's tags. */
export function needsPublishedTags({ trigger, wanted }: TagRequest, policy: LatestPolicy): boolean {
  const follows = policy === "highest" || wanted.some(({ template }) => template.moves);
  return follows && trigger.kind === "version" && isStable(trigger.version);
}

/**
 * The tags that a publication is about, in the order in which they are set: those that never move, those that move,
 * latest; of each, those of single platforms first. `published` are the tags of the repository and not those of git,
 * which may be ahead of what anybody can pull.
 */
export function decideTags(
  request: TagRequest,
  policy: LatestPolicy,
  published: readonly string[],
): TagDecision[] {
  const versions = publishedVersions(request.rules, published).filter(isStable);
  const wanted = request.wanted.map((tag) => decide(request, tag, versions));
  const distinct = wanted.filter(({ tag }, at) => wanted.findIndex((other) => other.tag === tag) === at);
  const stages = [
    distinct.filter(({ moves }) => !moves),
    [...distinct.filter(({ moves }) => moves), ...decideByHand(request)],
    decideLatest(request, policy, versions),
  ];
  return stages.flatMap((stage) => [
    ...stage.filter(({ platform }) => platform !== undefined),
    ...stage.filter(({ platform }) => platform === undefined),
  ]);
}

/** The highest of the published versions that set the same tag as this one; of latest, all do. */
export function highestOf(wanted: WantedTag | undefined, published: readonly Version[]): Version | undefined {
  const setsIt = (version: Version) =>
    wanted === undefined ||
    fillTemplate(wanted.template, { ...wanted.values, ...versionValues(version) }) === wanted.tag;
  return published.filter(setsIt).reduce<Version | undefined>(higherOf, undefined);
}

function higherOf(a: Version | undefined, b: Version): Version {
  return a === undefined || compareVersions(a, b) < 0 ? b : a;
}

function decide(request: TagRequest, wanted: WantedTag, published: readonly Version[]): TagDecision {
  const { tag, template, platform } = wanted;
  const decision = { tag, moves: template.moves, ...(platform === undefined ? {} : { platform }) };
  return { ...decision, ...verdictOn(request, wanted, published) };
}

function verdictOn(request: TagRequest, wanted: WantedTag, published: readonly Version[]): Verdict {
  const { trigger } = request;
  const { tag, template } = wanted;
  if (trigger.kind === "version") {
    if (template.moves) return follow(request, trigger, tag, wanted, published);
    return isForVersion(template, trigger)
      ? set(`${trigger.tag} publishes its version`)
      : leave("it is the tag of the stable version");
  }
  const branch = "branch" in trigger ? trigger.branch : "";
  return set(template.moves ? `${tag} follows ${branch}` : `it names this commit of ${branch}`);
}

/** A run by hand sets the name that it was given, and nothing else. */
function decideByHand({ trigger, rules }: TagRequest): TagDecision[] {
  if (trigger.kind !== "manual") return [];
  return [{ tag: tagByHand(trigger.name, rules), moves: true, ...set("--as asks for it") }];
}

function decideLatest(
  request: TagRequest,
  policy: LatestPolicy,
  published: readonly Version[],
): TagDecision[] {
  const { trigger } = request;
  if (policy === "none") return [];
  const latest = latestOf(request.rules);
  const decided = (verdict: Verdict): TagDecision[] => [{ tag: latest, moves: true, ...verdict }];
  switch (trigger.kind) {
    case "main":
      return decided(
        policy === "main"
          ? set(`${latest} follows ${trigger.branch}`)
          : leave(`${latest} follows the highest stable version, and not ${trigger.branch}`),
      );
    case "version":
      return decided(
        policy === "main"
          ? leave(`${latest} follows the main branch`)
          : follow(request, trigger, latest, undefined, published),
      );
    default:
      return [];
  }
}

/** Whether a version moves a tag: only forward, and only where the version can be told from the tags. */
function follow(
  request: TagRequest,
  { version }: VersionTrigger,
  tag: string,
  wanted: WantedTag | undefined,
  published: readonly Version[],
): Verdict {
  const { majorZero, buildMetadata } = request.rules;
  if (!isStable(version)) return leave(`a pre-release never moves ${tag}`);
  if (version.build.length > 0 && buildMetadata === "hyphen")
    return leave(`with its hyphen ${version.text} reads as a pre-release, which never moves ${tag}`);
  if (wanted !== undefined && isMajorAlone(wanted.template) && version.numbers[0] === "0" && !majorZero)
    return leave("0.y.z promises nothing for the next version; release.majorZero sets it");
  const highest = highestOf(wanted, published);
  if (highest !== undefined && compareVersions(version, highest) < 0)
    return leave(`${highest.text} is published, and higher`);
  return set(`no higher stable version ${wanted === undefined ? "" : `of ${tag} `}is published`);
}

/** Whether a template names no more of a version than its major number. */
export function isMajorAlone({ placeholders }: TagTemplate): boolean {
  return placeholders.includes("major") && !placeholders.includes("minor");
}
