import { InputError } from "../errors.js";
import type { ContainerConfig } from "../oci/configuration.js";
import { Budget } from "./budget.js";
import { type BuildTarget, globalArguments } from "./build-arguments.js";
import type { Dockerfile } from "./dockerfile.js";
import { applyInstruction, type Draft, type FileChange } from "./draft.js";
import { defaultPath, emptyConfig } from "./from.js";
import type { Instruction } from "./instruction.js";
import { type ImageOrigin, type NeededStage, neededStages, type Origin, originOf } from "./stages.js";
import { splitVariable } from "./words.js";

/** An instruction after FROM, and what it changes beside the configuration. */
export interface ImageStep {
  instruction: Instruction;
  change?: FileChange;
  /** Where COPY --from takes its files from; absent for the build context. */
  origin?: Origin;
  /** Whether it has a variable that only the configuration of the base can set, which is not known. */
  open?: boolean;
}

/** What a stage makes of its base for one platform, as data. */
export interface StageDescription {
  index: number;
  base: Origin;
  inImage: boolean;
  config: ContainerConfig;
  author?: string;
  steps: ImageStep[];
  /** What is to be known of it, a sentence each. */
  remarks: string[];
  /** Whether it starts from an image whose configuration is not known. */
  isOpen: boolean;
  /** What variables stand for at its end: a stage that starts from it has them as well. */
  variables: ReadonlyMap<string, string>;
}

const copies = ["COPY", "ADD"];

/** The configuration that an image has which a stage starts from. */
export type ConfigOf = (image: ImageOrigin) => ContainerConfig;

/** What a stage starts from. */
type Inherited = Pick<StageDescription, "config" | "isOpen"> & Partial<StageDescription>;

/**
 * Interprets all stages that the image needs; the last one is the image. Without the configurations of the images that
 * they start from, what depends on those is left open.
 */
export function describeStages(
  dockerfile: Dockerfile,
  target: BuildTarget,
  configOf?: ConfigOf,
): StageDescription[] {
  const described = new Map<number, StageDescription>();
  const shared = { globals: globalArguments(dockerfile, target), budget: new Budget(), target };
  for (const stage of neededStages(dockerfile, target)) {
    const { base } = stage;
    const inherited = base.kind === "stage" ? described.get(base.index) : undefined;
    if (inherited !== undefined)
      shared.budget.take(JSON.stringify(inherited.config).length, stage.from.subject, stage.from.text);
    const config = base.kind === "image" ? configOf?.(base) : emptyConfig;
    const start = { config: config ?? emptyConfig, isOpen: config === undefined };
    described.set(stage.index, describeStage(dockerfile, stage, shared, inherited ?? start));
  }
  return [...described.values()];
}

/** Interprets what follows one FROM, on top of what it starts from. */
function describeStage(
  dockerfile: Dockerfile,
  { index, base, inImage, body }: NeededStage,
  shared: Pick<Draft, "globals" | "budget" | "target">,
  inherited: Inherited,
): StageDescription {
  const { isOpen } = inherited;
  const { Labels = {}, ExposedPorts = {}, Volumes = {}, ...fixed } = inherited.config;
  const Env = withPath(inherited.config.Env ?? []);
  const draft: Draft = {
    config: fixed,
    env: new Map(Env.map(splitVariable)),
    labels: new Map(Object.entries(Labels)),
    ports: new Map(Object.entries(ExposedPorts)),
    volumes: new Map(Object.entries(Volumes)),
    variables: new Map(inherited.variables ?? Env.map(splitVariable)),
    escapeChar: dockerfile.escapeChar,
    ...shared,
    hasCommand: false,
    unset: new Set(),
    remarks: [],
    ...(inherited.author === undefined ? {} : { author: inherited.author }),
  };
  const steps = body.map((instruction): ImageStep => {
    const open = isOpen && hasUnknown(instruction, draft) ? { open: true } : {};
    const change = "open" in open ? tryInstruction(draft, instruction) : applyInstruction(draft, instruction);
    if (change === undefined) return { instruction, ...open };
    if (change.kind !== "copy" || change.from === undefined) return { instruction, change, ...open };
    return {
      instruction,
      change,
      ...open,
      origin: originOf(dockerfile, change.from, index, shared.target, instruction),
    };
  });
  const { author, variables, remarks } = draft;
  return {
    index,
    base,
    inImage,
    config: configOfDraft(draft),
    steps,
    remarks,
    isOpen,
    variables,
    ...(author === undefined ? {} : { author }),
  };
}

/** What is to be known of the image, a sentence each: stages that it only copies from leave no labels in it. */
export function remarksOfImage(stages: readonly StageDescription[]): string[] {
  return stages.flatMap(({ inImage, remarks }) => (inImage ? remarks : []));
}

/** The configuration that a draft comes to; what has no entry is left out. */
function configOfDraft({ config, env, labels, ports, volumes }: Draft): ContainerConfig {
  return {
    ...config,
    Env: [...env].map(([name, value]) => `${name}=${value}`),
    ...(labels.size === 0 ? {} : { Labels: Object.fromEntries(labels) }),
    ...(ports.size === 0 ? {} : { ExposedPorts: Object.fromEntries(ports) }),
    ...(volumes.size === 0 ? {} : { Volumes: Object.fromEntries(volumes) }),
  };
}

/** What is wrong without a variable may be right with it. */
function tryInstruction(draft: Draft, instruction: Instruction): FileChange | undefined {
  try {
    return applyInstruction(draft, instruction);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** Whether an instruction has a variable that nothing sets so far; of COPY and ADD the sources are what counts. */
function hasUnknown({ keyword, rest }: Instruction, { variables }: Draft): boolean {
  const text = copies.includes(keyword) ? rest.replace(/\s*\S+\s*$/, "") : rest;
  return [...text.matchAll(/\$\{?(\w+)/g)].some(([, name = ""]) => !variables.has(name));
}

function withPath(variables: string[]): string[] {
  return variables.some((variable) => variable.startsWith("PATH=")) ? variables : [...variables, defaultPath];
}
