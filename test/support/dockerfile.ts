import type { ChosenDockerfile } from "../../src/release/dockerfile-choice.js";

/** A Dockerfile as a project has it that names it in its settings. */
export function dockerfileOf(text: string, path = "Dockerfile.release"): ChosenDockerfile {
  return { path, text, from: "settings" };
}
