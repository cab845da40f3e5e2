import type { ContainerConfig } from "../oci/configuration.js";
import { formatPlatform, type ImagePlatform, parsePlatform } from "../oci/platform.js";
import { Budget } from "./budget.js";
import type { BuildTarget } from "./build-arguments.js";
import type { Dockerfile, Stage } from "./dockerfile.js";
import { expandWord, type Scope } from "./expansion.js";
import { readFlags } from "./flags.js";
import { type Instruction, invalid } from "./instruction.js";
import { splitBlank } from "./words.js";

/** The name that FROM has for no base at all. */
export const scratch = "scratch";

/** What is set in every image, as BuildKit has it. */
export const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What an image starts from where FROM is `scratch`. */
export const emptyConfig: ContainerConfig = { Env: [defaultPath], WorkingDir: "/" };

/** What FROM says for a platform. */
export interface From {
  /** `scratch`, the reference of an image, or the name of an earlier stage. */
  name: string;
  /** Of the image that it names. */
  platform: ImagePlatform;
}

/**
 * Reads what a stage starts from. Where nothing runs, $BUILDPLATFORM is the platform that is built for: the image does
 * not depend on the machine, and a program that is copied out of the stage is one for the image.
 * `globals` is what ARG before the first FROM gives.
 */
export function readFrom(
  { escapeChar }: Dockerfile,
  { from }: Stage,
  target: BuildTarget,
  globals: ReadonlyMap<string, string>,
): From {
  const scope = { variables: globals, escapeChar, subject: from.subject, budget: new Budget() };
  const [image = "", as, stage, ...more] = splitBlank(from.rest);
  if (more.length > 0 || (as !== undefined && (as.toUpperCase() !== "AS" || stage === undefined)))
    throw invalid(from, "FROM with an image, and perhaps AS with a name");
  const name = expandWord(image, scope);
  if (name === "") throw invalid(from, "an image after FROM", "Give the build argument a value");
  return { name, platform: readPlatform(from, scope, target) };
}

/** Another platform's base would put foreign programs into the image. */
export function requirePlatform(from: Instruction, platform: ImagePlatform, target: BuildTarget): void {
  const wanted = formatPlatform(target.platform);
  if (formatPlatform(platform) !== wanted)
    throw invalid(from, `the platform ${wanted}`, "Remove --platform: each platform takes its own base");
}

function readPlatform(
  from: Instruction,
  scope: Scope & { variables: ReadonlyMap<string, string> },
  { platform }: BuildTarget,
): ImagePlatform {
  const flag = readFlags(from, ["platform"]).get("platform");
  if (flag === undefined) return platform;
  const machine = [
    ["BUILDPLATFORM", formatPlatform(platform)],
    ["BUILDOS", platform.os],
    ["BUILDARCH", platform.architecture],
    ["BUILDVARIANT", platform.variant ?? ""],
  ] as const;
  const text = expandWord(flag, { ...scope, variables: new Map([...machine, ...scope.variables]) });
  if (text === "") throw invalid(from, "a platform after --platform=", "Give the build argument a value");
  return parsePlatform(text, from.subject);
}
