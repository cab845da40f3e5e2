import type { CiImageSettings } from "../config.js";
import type { ImageManifest } from "../oci/manifest.js";
import { markdownList, markdownTable, megabytes, percent } from "../report.js";
import type { Check } from "./check.js";
import {
  type LayerGroup,
  type LayerSize,
  layerGroups,
  type MeasuredImage,
  type Size,
  type ToolSize,
} from "./layers.js";
import { toolsOfJobs } from "./tools.js";

export interface GroupSize extends Size {
  group: LayerGroup;
}

/** A size beside that of what it replaces, in bytes. */
export interface Comparison {
  bytes: number;
  baseline: number;
  /** The part by which it is smaller: 0.7 is 70 %; negative where it is larger. */
  reduction: number;
}

/** The pull size of the image that is replaced, in bytes, or why it could not be read. */
export type BaselinePull = { bytes: number } | { unread: string };

/** How far the uncompressed size is from the one that is aimed at. */
export interface Goal {
  reduction: number;
  /** The size that this reduction comes to. */
  bytes: number;
  /** Bytes above it; 0 where the goal is reached. */
  excess: number;
  /** The largest groups, as many as it takes to hold the excess: without them the goal would be reached. */
  obstacles: GroupSize[];
}

/** The sizes of one platform, each compared with its like. */
export interface SizeReport {
  layers: LayerSize[];
  /** Only groups that have layers. */
  groups: GroupSize[];
  /** All layers; the image configuration counts as pulled. */
  total: Size;
  /** Tools that are images of their own. */
  tools: readonly ToolSize[];
  uncompressed: Comparison;
  /** The base alone. */
  base: Comparison;
  /** With the tools on both sides, wherever the image has them. */
  equipped: Comparison & { tools: number };
  baselineImage: string;
  pulled: Comparison | { unread: string };
  /** What a machine pulls that has nothing yet, by job. */
  jobs: { job: string; tools: string[]; pulled: number }[];
  goal: Goal;
  /** Absent where nobody said how small the image has to be. */
  check?: Check;
}

/** What a size is reported of. */
export interface SizedImage extends MeasuredImage {
  /** Tools that are images of their own. */
  tools: readonly ToolSize[];
  /** Whether a Dockerfile of the project's own makes it: Slipway asks no size of that. */
  isForeign: boolean;
  /** Whether its Go is of another minor version than the image that is replaced was measured with. */
  hasOtherGo: boolean;
}

type SizeSettings = CiImageSettings["size"];

// What is required of the image that has its tools beside it, and what holds for one that has them inside.
// Go 1.26 alone is 26 MB larger than 1.25, and so is what would be replaced: 70 % of 807 MB less is out of its reach.
const leastReduction = { beside: 0.7, besideOtherGo: 0.65, inside: 0.3 };

/** What is pulled of an image by a machine that has nothing of it: the configuration and all layers. */
export function pullSize({ config, layers }: Pick<ImageManifest, "config" | "layers">): number {
  return layers.reduce((sum, { size }) => sum + size, config.size);
}

/** Holds the sizes of an image, and of the tools beside it, against the settings. */
export function reportSize(image: SizedImage, settings: SizeSettings, baseline: BaselinePull): SizeReport {
  const groups = layerGroups
    .map((group) => image.layers.filter((layer) => layer.group === group))
    .flatMap((layers) => layers.slice(0, 1).map(({ group }) => ({ group, ...sumOf(layers) })));
  const { pulled, uncompressed } = sumOf(image.layers);
  const total = { pulled: pulled + image.config, uncompressed };
  const replaced = settings.baselineMegabytes * 1e6;
  const comparison = compare(uncompressed, replaced);
  const of = (...wanted: LayerGroup[]) => sumOf(groups.filter(({ group }) => wanted.includes(group)));
  const beside = sumOf(image.tools).uncompressed;
  const tools = beside + of("mise", "tools").uncompressed;
  const minReduction = settings.minReduction ?? askedReduction(image);
  return {
    layers: image.layers,
    groups,
    total,
    tools: image.tools,
    uncompressed: comparison,
    base: compare(of("base").uncompressed, replaced),
    equipped: { tools, ...compare(uncompressed + beside, replaced + tools) },
    baselineImage: settings.baselineImage,
    pulled: "unread" in baseline ? baseline : compare(total.pulled, baseline.bytes),
    jobs: image.tools.length === 0 ? [] : jobsOf(total.pulled, image.tools),
    goal: goalOf(comparison, groups, settings),
    ...(minReduction === undefined ? {} : { check: checkSize(comparison, minReduction) }),
  };
}

/** What is asked where the settings do not say it. */
function askedReduction({ isForeign, hasOtherGo, tools }: SizedImage): number | undefined {
  if (isForeign) return undefined;
  if (tools.length === 0) return leastReduction.inside;
  return hasOtherGo ? leastReduction.besideOtherGo : leastReduction.beside;
}

/** What each job pulls: the image, and the tools that it calls. */
function jobsOf(image: number, tools: readonly ToolSize[]): SizeReport["jobs"] {
  return Object.entries(toolsOfJobs).map(([job, names]: [string, readonly string[]]) => {
    const called = tools.filter(({ name }) => job === "run" || names.includes(name));
    return { job, tools: called.map(({ name }) => name), pulled: image + sumOf(called).pulled };
  });
}

/** The sizes in markdown: a row for each group and tool, the comparisons, and what stands in the way of the goal. */
export function renderSize(report: SizeReport): string {
  const { groups, total, tools, uncompressed, base, equipped, baselineImage, pulled, goal, jobs } = report;
  const beside = tools.map(({ name, ...size }) => ({ group: `beside it: ${name}`, ...size }));
  const rows = [...groups, { group: "total", ...total }, ...beside].map((row) => [
    row.group,
    megabytes(row.pulled),
    megabytes(row.uncompressed),
  ]);
  const [image, replaced] = [equipped.bytes - equipped.tools, equipped.baseline - equipped.tools];
  return [
    markdownTable(["layers", "pulled", "uncompressed"], rows),
    markdownList([
      `Uncompressed: ${describe(uncompressed)}.`,
      ...(base.bytes === 0 ? [] : [`Base to base: ${describe(base)}.`]),
      `With the same tools on both sides: ${sumText(image, equipped.tools)}, ${difference(equipped.reduction)} than ${sumText(replaced, equipped.tools)}.`,
      "unread" in pulled
        ? `Pulled: ${megabytes(total.pulled)}, not compared with ${baselineImage}: ${pulled.unread}`
        : `Pulled: ${describe(pulled, `the ${megabytes(pulled.baseline)} of ${baselineImage}`)}.`,
      `Goal: ${percent(goal.reduction)} less is ${megabytes(goal.bytes)}, ${describeGoal(goal)}.`,
      ...(jobs.length === 0 ? [] : [`A job pulls: ${jobs.map(jobText).join("; ")}.`]),
    ]),
  ].join("\n\n");
}

function sumText(left: number, right: number): string {
  return right === 0
    ? megabytes(left)
    : `${megabytes(left)} + ${megabytes(right)} = ${megabytes(left + right)}`;
}

function jobText({ job, tools, pulled }: SizeReport["jobs"][number]): string {
  const what = ["the image", ...tools].join(" + ");
  return `${job} ${megabytes(pulled)} (${what})`;
}

function describe({ bytes, baseline, reduction }: Comparison, other = megabytes(baseline)): string {
  return `${megabytes(bytes)}, ${difference(reduction)} than ${other}`;
}

function describeGoal({ excess, obstacles }: Goal): string {
  if (excess === 0) return "which is reached";
  const groups = obstacles.map(({ group, uncompressed }) => `${group} ${megabytes(uncompressed)}`);
  return `which is missed by ${megabytes(excess)}; in its way: ${groups.join(", ")}`;
}

function checkSize({ bytes, baseline, reduction }: Comparison, minReduction: number): Check {
  const limit = reduce(baseline, minReduction);
  return {
    name: "uncompressed size",
    expected: `at most ${megabytes(limit)}, ${percent(minReduction)} less than ${megabytes(baseline)}`,
    found: `${megabytes(bytes)}, ${difference(reduction)}`,
    ok: bytes <= limit,
  };
}

function goalOf({ bytes, baseline }: Comparison, groups: GroupSize[], { goalReduction }: SizeSettings): Goal {
  const limit = reduce(baseline, goalReduction);
  const excess = Math.max(0, bytes - limit);
  const obstacles: GroupSize[] = [];
  for (const group of groups.toSorted((a, b) => b.uncompressed - a.uncompressed))
    if (sumOf(obstacles).uncompressed < excess) obstacles.push(group);
  return { reduction: goalReduction, bytes: limit, excess, obstacles };
}

function compare(bytes: number, baseline: number): Comparison {
  return { bytes, baseline, reduction: 1 - bytes / baseline };
}

function difference(reduction: number): string {
  return reduction >= 0 ? `${percent(reduction)} less` : `${percent(-reduction)} more`;
}

/** A size less a part of it, in whole bytes: 40 % of 807 MB are not exact in binary. */
function reduce(bytes: number, reduction: number): number {
  return Math.round(bytes * (1 - reduction));
}

/** Sizes added up. */
export function sumOf(sizes: readonly Size[]): Size {
  return {
    pulled: sizes.reduce((bytes, { pulled }) => bytes + pulled, 0),
    uncompressed: sizes.reduce((bytes, { uncompressed }) => bytes + uncompressed, 0),
  };
}
