import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BinarySet, collectBinaries, stageBinaries } from "../binaries/collect.js";
import { type PreflightCheck, type PreflightExpectation, preflight } from "../binaries/preflight.js";
import { reportPreflight } from "../binaries/preflight-report.js";
import type { AskVersion } from "../binaries/version-output.js";
import type { BuildTarget } from "../dockerfile/build-arguments.js";
import type { Dockerfile } from "../dockerfile/dockerfile.js";
import { baseOf } from "../dockerfile/from.js";
import type { ImageFormat } from "../oci/formats.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";
import { type Trigger, versionOf } from "../tags/ref.js";
import { annotationsOf, buildArgumentsOf, type ReleaseDescription } from "./description.js";

/** What a release is made of, in files of this machine. */
export interface ReleaseInput extends ReleaseDescription {
  /** Directory of the binaries. */
  binaries: string;
  dockerfile: Dockerfile;
  /** An empty directory, for the build context and for compressed layers. */
  workspace: string;
  /** Runs a binary whose file does not say its version; absent where programs are not to be run. */
  askVersion?: AskVersion | undefined;
}

/** A platform of the release, with what its Dockerfile starts from there. */
export interface StagedTarget extends BuildTarget {
  /** `scratch` or the reference of an image. */
  base: string;
}

/** A release whose binaries were checked and laid out for the Dockerfile; no registry was asked. */
export interface StagedRelease {
  trigger: Trigger;
  dockerfile: Dockerfile;
  /** Directory of the files that COPY may take. */
  context: string;
  /** Directory for compressed layers. */
  layers: string;
  targets: StagedTarget[];
  /** Annotations of the index. */
  annotations: Record<string, string>;
  format: ImageFormat;
  checks: PreflightCheck[];
}

/**
 * Lays the binaries out as `linux/<arch>/<name>`, once they are known to be those of the release: what does not
 * hold is an error with the whole report.
 */
export async function stageRelease(input: ReleaseInput): Promise<StagedRelease> {
  const { settings, trigger, dockerfile, binaries, workspace } = input;
  const context = join(workspace, "context");
  const layers = join(workspace, "layers");
  const set = await findBinaries(input, binaries);
  const targets = settings.platforms.map((platform) => targetOf(input, set, platform));
  const checks = await checkBinaries(input, binaries, set, {
    baseOf: (platform) => targets.find((target) => formatPlatform(target.platform) === platform)?.base,
    askVersion: input.askVersion,
  });
  await stageBinaries(binaries, set.binaries, context);
  await mkdir(layers);
  const annotations = annotationsOf(input);
  return { trigger, dockerfile, context, layers, targets, annotations, format: settings.mediaTypes, checks };
}

/** The binaries of a release in a directory, by the settings. */
export async function findBinaries({ settings }: ReleaseDescription, root: string): Promise<BinarySet> {
  const { platforms, binaries } = settings;
  return collectBinaries(root, { platforms, ...binaries, subject: "--binaries" });
}

/** Holds the binaries against the release; what does not hold is an error with the whole report. */
export async function checkBinaries(
  { trigger }: ReleaseDescription,
  root: string,
  set: BinarySet,
  expected: Omit<PreflightExpectation, "version">,
): Promise<PreflightCheck[]> {
  const checks = await preflight(root, set, { ...expected, version: versionOf(trigger) });
  reportPreflight(checks);
  return checks;
}

function targetOf(input: ReleaseInput, { binaries }: BinarySet, platform: string): StagedTarget {
  const target = { platform: parsePlatform(platform), buildArgs: buildArgumentsOf(input, binaries) };
  return { ...target, base: baseOf(input.dockerfile, target) };
}
