import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseSettings } from "../config.js";
import type { BuildTarget } from "../image/build-arguments.js";
import type { Dockerfile } from "../image/dockerfile.js";
import type { ImageFormat } from "../image/formats.js";
import { baseOf } from "../image/from.js";
import { formatPlatform, parsePlatform } from "../image/platform.js";
import { type BinarySet, collectBinaries, stageBinaries } from "./collect.js";
import { type PreflightCheck, preflight } from "./preflight.js";
import { type Trigger, versionOf } from "./ref.js";
import { reportPreflight } from "./report.js";
import type { AskVersion } from "./version-output.js";

/** What a release is made of, in files of this machine. */
export interface ReleaseInput {
  settings: ReleaseSettings;
  trigger: Trigger;
  /** Directory of the binaries. */
  binaries: string;
  dockerfile: Dockerfile;
  /** An empty directory, for the build context and for compressed layers. */
  workspace: string;
  /** Commit of the source. */
  revision?: string | undefined;
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
  const { pattern, names, ids, directory } = settings.binaries;
  const { platforms } = settings;
  const set = await collectBinaries(binaries, { platforms, names, ids, pattern, subject: directory });
  const targets = platforms.map((platform) => targetOf(input, set, platform));
  const checks = await preflight(binaries, set, {
    version: versionOf(trigger),
    askVersion: input.askVersion,
    baseOf: (platform) => targets.find((target) => formatPlatform(target.platform) === platform)?.base ?? "",
  });
  reportPreflight(checks);
  await stageBinaries(binaries, set.binaries, context);
  await mkdir(layers);
  const annotations = annotationsOf(input);
  return { trigger, dockerfile, context, layers, targets, annotations, format: settings.mediaTypes, checks };
}

function targetOf(input: ReleaseInput, { binaries }: BinarySet, platform: string): StagedTarget {
  const names = [...new Set(binaries.map(({ name }) => name))];
  const values = {
    // With several binaries the Dockerfile has to say which one starts.
    NAME: names.length === 1 ? names[0] : undefined,
    VERSION: versionOf(input.trigger),
    REVISION: input.revision,
    SOURCE: input.settings.annotations.source,
  };
  const target = { platform: parsePlatform(platform), buildArgs: defined(values) };
  return { ...target, base: baseOf(input.dockerfile, target) };
}

/** By the keys of the OCI image specification ("Pre-Defined Annotation Keys"). */
function annotationsOf({ settings, trigger, revision }: ReleaseInput): Record<string, string> {
  const values = { ...settings.annotations, version: versionOf(trigger), revision };
  return Object.fromEntries(
    Object.entries(defined(values)).map(([key, value]) => [`org.opencontainers.image.${key}`, value]),
  );
}

function defined(values: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
