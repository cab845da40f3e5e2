import { Arg, Env, From, type Instruction as ParsedInstruction } from "dockerfile-ast";
import { BuilderNeededError, InputError } from "../errors.js";
import { type Instruction, invalid, parseBounded, readInstructions } from "./instruction.js";
import { splitBlank } from "./words.js";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Names of the stages, in lower case. */
  stages: readonly string[];
  /** Instructions that make a layer, as they are written: those of the stage, and of the ones that it starts from. */
  layers: readonly string[];
  /**
   * Names that ARG gives to RUN in the stage or in one that it starts from, and that ENV does not set: they are no part
   * of the image.
   */
  transientArgs: readonly string[];
  /** What the stage starts from, through earlier stages: an image, or `scratch`. */
  base: string;
  /** Images that stages start from, build arguments filled in: neither `scratch` nor an earlier stage. */
  bases: readonly string[];
}

/** One FROM with what follows it. */
export interface Stage {
  /** What AS calls it, in lower case. */
  name?: string;
  from: Instruction;
  body: readonly Instruction[];
}

/** A Dockerfile, instruction by instruction. */
export interface Dockerfile {
  /** For messages: its path. */
  name: string;
  /** ARG before FROM. */
  globals: readonly Instruction[];
  /** At least one; the last one is the image, unless another is asked for. */
  stages: readonly Stage[];
  escapeChar: string;
}

const keywords =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  );

// Docker's own, in any version and under any name of Docker Hub.
const frontends =
  /^(?:(?:(?:registry-1\.|index\.)?docker\.io\/)?docker\/dockerfile(?:-upstream)?)(?:[:@].*)?$/;

const layerKeywords = ["RUN", "COPY", "ADD", "WORKDIR"];

/**
 * Reads build arguments, bases and layers of a stage of a Dockerfile: of the last one, unless another is named. `given`
 * are arguments that win over the defaults.
 */
export function summarizeDockerfile(
  text: string,
  given: Readonly<Record<string, string>> = {},
  target?: string,
): DockerfileSummary {
  const dockerfile = parseBounded(text, "Dockerfile");
  const args = new Map<string, string | undefined>();
  for (const [name, value] of dockerfile.getARGs().flatMap(declarationsOf))
    args.set(name, args.get(name) ?? value);
  const values = new Map(Object.entries(given));
  const lookUp = (name: string) => values.get(name) ?? args.get(name) ?? "";
  const { named, last } = summarizeStages(dockerfile.getInstructions(), lookUp);
  const chosen = (target === undefined ? undefined : named.get(target.toLowerCase())) ?? last;
  const { base, layers, args: declared, env } = withInherited(chosen);
  const set = new Set(env);
  return {
    args,
    stages: [...named.keys()],
    base,
    layers,
    transientArgs: [...new Set(declared)].filter((arg) => !set.has(arg)),
    bases: basesOf(dockerfile.getFROMs(), lookUp),
  };
}

type LookUp = (name: string) => string;

/** A stage as far as it is read. What it starts from is not copied into it: there may be a thousand of them. */
interface StageSummary {
  base: string;
  /** The earlier stage that it starts from. */
  parent?: StageSummary | undefined;
  args: string[];
  env: string[];
  layers: string[];
}

function summarizeStages(
  instructions: readonly ParsedInstruction[],
  lookUp: LookUp,
): { named: ReadonlyMap<string, StageSummary>; last: StageSummary } {
  const named = new Map<string, StageSummary>();
  let stage: StageSummary = { base: "", args: [], env: [], layers: [] };
  for (const instruction of instructions) {
    if (instruction instanceof From) {
      const image = imageOf(instruction, lookUp);
      const parent = named.get(image.toLowerCase());
      stage = { base: parent?.base ?? image, parent, args: [], env: [], layers: [] };
      const name = instruction.getBuildStage()?.toLowerCase() ?? null;
      if (name !== null) named.set(name, stage);
    } else if (stage.base === "") continue;
    else if (instruction instanceof Arg)
      for (const [arg] of declarationsOf(instruction)) stage.args.push(arg);
    else if (instruction instanceof Env)
      for (const set of instruction.getProperties()) stage.env.push(set.getName());
    else if (layerKeywords.includes(instruction.getKeyword())) stage.layers.push(instruction.toString());
  }
  return { named, last: stage };
}

/** A stage with what it inherits from earlier ones, which comes first. */
function withInherited(stage: StageSummary): Omit<StageSummary, "parent"> {
  const line: StageSummary[] = [];
  for (let at: StageSummary | undefined = stage; at !== undefined; at = at.parent) line.unshift(at);
  return {
    base: stage.base,
    args: line.flatMap(({ args }) => args),
    env: line.flatMap(({ env }) => env),
    layers: line.flatMap(({ layers }) => layers),
  };
}

/** The parser gives only the first of several arguments that one ARG declares as a property. */
function declarationsOf(instruction: Arg): [string, string | undefined][] {
  const declarations = (instruction.getArgumentsContent() ?? "").matchAll(
    /(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g,
  );
  return [...declarations].map(([, name = "", value]) => [name, value?.replace(/^(["'])(.*)\1$/, "$2")]);
}

function imageOf(stage: From, lookUp: LookUp): string {
  return (stage.getImage() ?? "").replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) =>
    lookUp(braced ?? bare),
  );
}

function basesOf(stages: readonly From[], lookUp: LookUp): string[] {
  const names = new Set(["scratch"]);
  return stages.flatMap((stage) => {
    const image = imageOf(stage, lookUp);
    const known = names.has(image);
    names.add(stage.getBuildStage() ?? "scratch");
    return known ? [] : [image];
  });
}

/** Parses a Dockerfile into its stages; what its instructions say is read for each platform. */
export function parseDockerfile(text: string, name: string): Dockerfile {
  const { instructions, escapeChar, syntax } = readInstructions(text, name);
  const unknown = instructions.find(({ keyword }) => !keywords.includes(keyword));
  if (unknown !== undefined) throw invalid(unknown, "an instruction of the Dockerfile reference");
  const first = instructions.findIndex(isFrom);
  if (first === -1) throw new InputError({ subject: name, expected: "a FROM instruction", given: "none" });
  const globals = instructions.slice(0, first);
  const early = globals.find(({ keyword }) => keyword !== "ARG");
  if (early !== undefined) throw invalid(early, "only ARG before FROM");
  if (syntax !== undefined && !frontends.test(syntax))
    throw new BuilderNeededError({
      subject: name,
      expected: "the syntax of docker/dockerfile",
      given: `# syntax=${syntax}`,
    });
  return { name, globals, stages: splitStages(instructions.slice(first)), escapeChar };
}

function splitStages(instructions: readonly Instruction[]): Stage[] {
  const stages: { from: Instruction; body: Instruction[] }[] = [];
  for (const instruction of instructions)
    if (isFrom(instruction)) stages.push({ from: instruction, body: [] });
    else stages.at(-1)?.body.push(instruction);
  return stages.map(({ from, body }) => {
    const [, as = "", name] = splitBlank(from.rest);
    return {
      ...(as.toUpperCase() === "AS" && name !== undefined ? { name: name.toLowerCase() } : {}),
      from,
      body,
    };
  });
}

function isFrom({ keyword }: Instruction): boolean {
  return keyword === "FROM";
}
