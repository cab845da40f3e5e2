import type { ContainerConfig } from "../oci/configuration.js";
import { type BuildTarget, globalArguments } from "./build-arguments.js";
import type { Dockerfile } from "./dockerfile.js";
import { applyInstruction, type Draft, type FileChange } from "./draft.js";
import { defaultPath } from "./from.js";
import type { Instruction } from "./instruction.js";
import { splitVariable } from "./words.js";

/** An instruction after FROM, and what it changes beside the configuration. */
export interface ImageStep {
  instruction: Instruction;
  change?: FileChange;
}

/** What a Dockerfile makes of its base for one platform, as data. */
export interface ImageDescription {
  config: ContainerConfig;
  author?: string;
  steps: ImageStep[];
}

/** Interprets what follows FROM, on top of the configuration of the base. */
export function describeImage(
  dockerfile: Dockerfile,
  target: BuildTarget,
  base: ContainerConfig,
): ImageDescription {
  const Env = withPath(base.Env ?? []);
  const draft: Draft = {
    config: { ...base, Env },
    variables: new Map(Env.map(splitVariable)),
    escapeChar: dockerfile.escapeChar,
    globals: globalArguments(dockerfile, target),
    target,
    hasCommand: false,
  };
  const steps = dockerfile.body.map((instruction): ImageStep => {
    const change = applyInstruction(draft, instruction);
    return { instruction, ...(change === undefined ? {} : { change }) };
  });
  return { config: draft.config, ...(draft.author === undefined ? {} : { author: draft.author }), steps };
}

function withPath(variables: string[]): string[] {
  return variables.some((variable) => variable.startsWith("PATH=")) ? variables : [...variables, defaultPath];
}
