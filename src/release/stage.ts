import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isOfBuild, nothingFound } from "../binaries/binaries.js";
import { type Catalog, readCatalog } from "../binaries/collect.js";
import type { PreflightCheck } from "../binaries/preflight.js";
import type { AskVersion } from "../binaries/version-output.js";
import type { BuildTarget } from "../dockerfile/build-arguments.js";
import type { BuildContext } from "../dockerfile/build-context.js";
import type { Dockerfile } from "../dockerfile/dockerfile.js";
import type { Source } from "../dockerfile/sources.js";
import { type BuilderNeededError, InputError } from "../errors.js";
import type { Compression, ImageFormat } from "../oci/formats.js";
import { parsePlatform } from "../oci/platform.js";
import type { Trigger } from "../tags/ref.js";
import type { CopiedBinary } from "./binary-materials.js";
import { type LoadSource, openContexts } from "./contexts.js";
import { checkCopied } from "./copied-binaries.js";
import { annotationsOf, buildArgumentsOf, labelsOf, type ReleaseDescription } from "./description.js";
import type { ChosenDockerfile } from "./dockerfile-choice.js";
import { interpret } from "./interpretation.js";

/** What a release is made of. */
export interface ReleaseInput extends ReleaseDescription {
  loadSource: LoadSource;
  /** Directory of the binaries, on this machine; absent where the source has all that is copied. */
  binaries?: string | undefined;
  dockerfile: ChosenDockerfile;
  /** An empty directory, for what is taken out of images and for compressed layers. */
  workspace: string;
  /** Runs a binary whose file does not say its version; absent where programs are not to be run. */
  askVersion?: AskVersion | undefined;
}

/** A platform of the release, with what its Dockerfile may copy. */
export interface StagedTarget extends BuildTarget {
  context: BuildContext;
  /** What is copied out of the context; absent where only a builder knows. */
  copied?: Source[];
  /** What its stages are to be known for as far as the Dockerfile says it, a sentence each. */
  remarks: string[];
}

/** A release whose binaries were checked; no registry was asked. */
export interface StagedRelease {
  trigger: Trigger;
  chosen: ChosenDockerfile;
  /** Absent where Slipway does not interpret it. */
  dockerfile?: Dockerfile;
  /** Why it takes the engine's builder; absent where Slipway assembles it. */
  builderNeeded?: BuilderNeededError;
  /** Directory for what is taken out of images and for compressed layers. */
  layers: string;
  targets: StagedTarget[];
  /** Annotations of the index. */
  annotations: Record<string, string>;
  /** Labels beside those of the Dockerfile. */
  labels: Record<string, string>;
  format: ImageFormat;
  compression: Compression;
  checks: PreflightCheck[];
  /** The binaries of --binaries that it copies. */
  binaries: readonly CopiedBinary[];
}

const subject = "--binaries";

/**
 * Finds out what each platform copies, and checks the binaries among it: what does not hold is an error with the whole
 * report. Nothing else of the source or of the binaries is looked at.
 */
export async function stageRelease(input: ReleaseInput): Promise<StagedRelease> {
  const { settings, trigger, workspace } = input;
  const catalog = await catalogOf(input);
  const names = namesIn(input, catalog);
  if (input.dockerfile.from === "module") requireOne(names, settings.platforms, catalog);
  const targets = targetsOf(input, names);
  const interpreted = interpret(input.dockerfile, targets);
  const { contexts, builderNeeded } = await openContexts(input, interpreted, catalog);
  const dockerfile = builderNeeded === undefined ? interpreted.dockerfile : undefined;
  const { checks, binaries } =
    catalog === undefined
      ? { checks: [], binaries: [] }
      : await checkCopied(input, catalog, contexts, dockerfile);
  const layers = join(workspace, "layers");
  await mkdir(layers);
  return {
    trigger,
    chosen: input.dockerfile,
    ...(interpreted.dockerfile === undefined ? {} : { dockerfile: interpreted.dockerfile }),
    ...(builderNeeded === undefined ? {} : { builderNeeded }),
    layers,
    targets: contexts.map(({ target, context, copied, remarks }) => ({
      ...target,
      context,
      remarks,
      ...(copied === undefined ? {} : { copied }),
    })),
    annotations: annotationsOf(input),
    labels: labelsOf(input),
    format: settings.mediaTypes,
    compression: settings.compression,
    checks,
    binaries,
  };
}

async function catalogOf({ settings, binaries }: ReleaseInput): Promise<Catalog | undefined> {
  if (binaries === undefined) return undefined;
  return readCatalog(binaries, { subject, pattern: settings.binaries.pattern });
}

function targetsOf(input: ReleaseInput, names: readonly string[]): BuildTarget[] {
  const { platforms, target } = input.settings;
  const buildArgs = buildArgumentsOf(input, names);
  return platforms.map((platform) => ({
    platform: parsePlatform(platform),
    buildArgs,
    ...(target === undefined ? {} : { stage: target }),
  }));
}

/** Slipway's own Dockerfile, which a source without one gets, is for one binary. */
function requireOne(
  names: readonly string[],
  platforms: readonly string[],
  catalog: Catalog | undefined,
): void {
  if (names.length === 1) return;
  const expected = "one binary, since the source has no Dockerfile and Slipway's own copies one";
  if (names.length > 1)
    throw new InputError({
      subject,
      expected,
      given: names.join(", "),
      fix: "Choose it with release.binaries.names in slipway.json, or write a Dockerfile for all",
    });
  throw new InputError({
    subject,
    expected,
    given: catalog && reasonIn(catalog, platforms),
    fix: "Pass the directory of what was built, as in --binaries dist, or write a Dockerfile",
  });
}

function reasonIn({ candidates, files }: Catalog, platforms: readonly string[]): string {
  return nothingFound(candidates, files, { platforms, names: [], ids: [] });
}

/** Names of the binaries that the release is about. */
function namesIn({ settings }: ReleaseInput, catalog: Catalog | undefined): string[] {
  const { names, ids } = settings.binaries;
  if (names.length > 0) return names;
  const candidates = (catalog?.candidates ?? []).filter(
    (candidate) =>
      candidate.isPackage !== true &&
      settings.platforms.includes(candidate.platform) &&
      isOfBuild(candidate, ids),
  );
  return [...new Set(candidates.map(({ name }) => name))];
}
