import type { ContainerConfig } from "../oci/configuration.js";
import { formatPlatform, parsePlatform } from "../oci/platform.js";
import { type BuildTarget, globalArguments } from "./build-arguments.js";
import type { Dockerfile } from "./dockerfile.js";
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

/** The reference that FROM names for a platform: of an image, or `scratch`. */
export function baseOf(dockerfile: Dockerfile, target: BuildTarget): string {
  const { from, escapeChar } = dockerfile;
  const scope: Scope = { variables: globalArguments(dockerfile, target), escapeChar, subject: from.subject };
  const [image = "", as, stage, ...more] = splitBlank(from.rest);
  if (more.length > 0 || (as !== undefined && (as.toUpperCase() !== "AS" || stage === undefined)))
    throw invalid(from, "FROM with an image, and perhaps AS with a name");
  const platform = readFlags(from, ["platform"]).get("platform");
  if (platform !== undefined) requirePlatform(from, expandWord(platform, scope), target);
  const base = expandWord(image, scope);
  if (base === "") throw invalid(from, "an image after FROM", "Give the build argument a value");
  return base;
}

/** Another platform's base would put foreign programs into the image. */
function requirePlatform(from: Instruction, text: string, { platform }: BuildTarget): void {
  const named = text === "" ? undefined : formatPlatform(parsePlatform(text, from.subject));
  if (named !== formatPlatform(platform))
    throw invalid(
      from,
      `the platform ${formatPlatform(platform)}`,
      "Remove --platform: each platform takes its own base",
    );
}
