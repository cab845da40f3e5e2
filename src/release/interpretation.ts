import { requireNoBuilder } from "../dockerfile/assemble.js";
import type { BuildTarget } from "../dockerfile/build-arguments.js";
import { type Dockerfile, parseDockerfile } from "../dockerfile/dockerfile.js";
import { type Survey, surveyDockerfile } from "../dockerfile/survey.js";
import { BuilderNeededError } from "../errors.js";
import type { ChosenDockerfile } from "./dockerfile-choice.js";

/** A platform, with what its Dockerfile says as far as Slipway interprets it. */
export interface InterpretedTarget {
  target: BuildTarget;
  /** Absent where Slipway does not interpret the Dockerfile. */
  survey?: Survey;
}

/** A Dockerfile, with what it means for each platform. */
export interface Interpretation {
  targets: InterpretedTarget[];
  /** Absent where Slipway does not interpret it. */
  dockerfile?: Dockerfile;
  /** The first reason why it takes the engine's builder; absent where Slipway assembles it. */
  builderNeeded?: BuilderNeededError;
}

/** Interprets a Dockerfile for all platforms; what no builder takes is an error. */
export function interpret(
  { path, text }: Pick<ChosenDockerfile, "path" | "text">,
  targets: readonly BuildTarget[],
): Interpretation {
  try {
    const dockerfile = parseDockerfile(text, path);
    const surveys = targets.map((target) => ({ target, survey: surveyDockerfile(dockerfile, target) }));
    return { targets: surveys, dockerfile, ...reasonOf(surveys) };
  } catch (error) {
    if (!(error instanceof BuilderNeededError)) throw error;
    return { targets: targets.map((target) => ({ target })), builderNeeded: error };
  }
}

function reasonOf(surveys: readonly { survey: Survey }[]): { builderNeeded?: BuilderNeededError } {
  try {
    for (const { survey } of surveys) requireNoBuilder(survey.stages);
    return {};
  } catch (error) {
    if (!(error instanceof BuilderNeededError)) throw error;
    return { builderNeeded: error };
  }
}
