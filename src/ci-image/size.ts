import type { CiImageSettings } from "../config.js";
import type { ImageManifest } from "../oci/manifest.js";
import { markdownList, markdownTable, megabytes, percent } from "../report.js";
import type { Check } from "./check.js";
import { type LayerGroup, type LayerSize, layerGroups, type MeasuredImage, type Size } from "./layers.js";

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
  uncompressed: Comparison;
  baselineImage: string;
  pulled: Comparison | { unread: string };
  goal: Goal;
  check: Check;
}

type SizeSettings = CiImageSettings["size"];

/** What is pulled of an image by a machine that has nothing of it: the configuration and all layers. */
export function pullSize({ config, layers }: Pick<ImageManifest, "config" | "layers">): number {
  return layers.reduce((sum, { size }) => sum + size, config.size);
}

/** Holds the sizes of an image against the settings. */
export function reportSize(image: MeasuredImage, settings: SizeSettings, baseline: BaselinePull): SizeReport {
  const groups = layerGroups
    .map((group) => image.layers.filter((layer) => layer.group === group))
    .flatMap((layers) => layers.slice(0, 1).map(({ group }) => ({ group, ...sum(layers) })));
  const { pulled, uncompressed } = sum(image.layers);
  const total = { pulled: pulled + image.config, uncompressed };
  const comparison = compare(uncompressed, settings.baselineMegabytes * 1e6);
  return {
    layers: image.layers,
    groups,
    total,
    uncompressed: comparison,
    baselineImage: settings.baselineImage,
    pulled: "unread" in baseline ? baseline : compare(total.pulled, baseline.bytes),
    goal: goalOf(comparison, groups, settings),
    check: checkSize(comparison, settings),
  };
}

/** The sizes in markdown: a row for each group, the comparisons, and what stands in the way of the goal. */
export function renderSize({ groups, total, uncompressed, baselineImage, pulled, goal }: SizeReport): string {
  const rows = [...groups, { group: "total", ...total }].map((row) => [
    row.group,
    megabytes(row.pulled),
    megabytes(row.uncompressed),
  ]);
  return [
    markdownTable(["layers", "pulled", "uncompressed"], rows),
    markdownList([
      `Uncompressed: ${describe(uncompressed)}.`,
      "unread" in pulled
        ? `Pulled: ${megabytes(total.pulled)}, not compared with ${baselineImage}: ${pulled.unread}`
        : `Pulled: ${describe(pulled, `the ${megabytes(pulled.baseline)} of ${baselineImage}`)}.`,
      `Goal: ${percent(goal.reduction)} less is ${megabytes(goal.bytes)}, ${describeGoal(goal)}.`,
    ]),
  ].join("\n\n");
}

function describe({ bytes, baseline, reduction }: Comparison, other = megabytes(baseline)): string {
  return `${megabytes(bytes)}, ${difference(reduction)} than ${other}`;
}

function describeGoal({ excess, obstacles }: Goal): string {
  if (excess === 0) return "which is reached";
  const groups = obstacles.map(({ group, uncompressed }) => `${group} ${megabytes(uncompressed)}`);
  return `which is missed by ${megabytes(excess)}; in its way: ${groups.join(", ")}`;
}

function checkSize({ bytes, baseline, reduction }: Comparison, { minReduction }: SizeSettings): Check {
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
    if (sum(obstacles).uncompressed < excess) obstacles.push(group);
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

function sum(sizes: readonly Size[]): Size {
  return {
    pulled: sizes.reduce((bytes, { pulled }) => bytes + pulled, 0),
    uncompressed: sizes.reduce((bytes, { uncompressed }) => bytes + uncompressed, 0),
  };
}
