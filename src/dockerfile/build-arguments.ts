import { InputError } from "../errors.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import { Budget } from "./budget.js";
import type { Dockerfile } from "./dockerfile.js";
import { expandWord, type Scope } from "./expansion.js";
import { readFlags } from "./flags.js";
import { type Instruction, invalid, unsupported } from "./instruction.js";
import { type Assignment, parseDeclarations } from "./words.js";

/** What one platform of an image is built for. */
export interface BuildTarget {
  platform: ImagePlatform;
  /** Values of ARG, as `--build-arg` gives them. */
  buildArgs: Readonly<Record<string, string>>;
  /** The stage that is the image. Default: the last one. */
  stage?: string;
}

const machineArguments = ["BUILDPLATFORM", "BUILDOS", "BUILDOSVERSION", "BUILDARCH", "BUILDVARIANT"];

/** The arguments that every build has (Dockerfile reference, "Automatic platform ARGs in the global scope"). */
export function platformArguments({ platform, stage = "default" }: BuildTarget): Map<string, string> {
  return new Map([
    ["TARGETPLATFORM", formatPlatform(platform)],
    ["TARGETOS", platform.os],
    ["TARGETOSVERSION", ""],
    ["TARGETARCH", platform.architecture],
    ["TARGETVARIANT", platform.variant ?? ""],
    ["TARGETSTAGE", stage],
  ]);
}

/** What ARG before FROM gives, beside the platform: known in FROM, and to an ARG without a value after it. */
export function globalArguments(
  { globals, escapeChar, name }: Dockerfile,
  target: BuildTarget,
): Map<string, string> {
  const variables = platformArguments(target);
  const overridden = Object.keys(target.buildArgs).find((key) => variables.has(key));
  if (overridden !== undefined)
    throw new InputError({
      subject: `${name}: build argument ${overridden}`,
      expected: "to be left to the platform",
      given: target.buildArgs[overridden],
      fix: "Choose the platforms instead",
    });
  const budget = new Budget();
  for (const instruction of globals)
    declare(instruction, { variables, escapeChar, subject: instruction.subject, budget }, target, new Map());
  return variables;
}

/**
 * Declares what an ARG names: its build argument, else its default, else what the same name has before FROM.
 * The variables of `scope` are extended from left to right, so that a default may use the one before it. Returns the
 * names.
 */
export function declare(
  instruction: Instruction,
  scope: Scope & { variables: Map<string, string> },
  target: BuildTarget,
  globals: ReadonlyMap<string, string>,
): string[] {
  readFlags(instruction, []);
  const declarations = parseDeclarations(instruction.rest, scope.escapeChar);
  if (declarations === undefined) throw invalid(instruction, "ARG with a name, and = before a default");
  for (const declaration of declarations) {
    const { name } = declaration;
    const given = Object.hasOwn(target.buildArgs, name) ? target.buildArgs[name] : undefined;
    const preset = declaration.value === undefined ? undefined : expandWord(declaration.value, scope);
    requirePlatform(instruction, declaration, preset, target);
    const value = given ?? preset ?? globals.get(name);
    if (value !== undefined) scope.variables.set(name, value);
  }
  return declarations.map(({ name }) => name);
}

/** A default hides the platform, and the machine that builds is no input of a release. */
function requirePlatform(
  instruction: Instruction,
  { name }: Assignment,
  preset: string | undefined,
  target: BuildTarget,
): void {
  if (machineArguments.includes(name) && !Object.hasOwn(target.buildArgs, name))
    throw unsupported(instruction, "an image that does not depend on the machine that builds it");
  const automatic = platformArguments(target).get(name);
  if (automatic !== undefined && preset !== undefined && preset !== automatic)
    throw invalid(
      instruction,
      `${name} without a default, which hides ${automatic}`,
      `Write ARG ${name}, or leave out what is not ${preset} (release.platforms)`,
    );
}
