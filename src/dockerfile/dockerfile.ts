import { Arg, DockerfileParser, Env, From, type Instruction as ParsedInstruction } from "dockerfile-ast";
import { InputError } from "../errors.js";
import { type Instruction, invalid, readInstructions, unsupported } from "./instruction.js";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Instructions of the last stage that make a layer, as they are written. */
  layers: readonly string[];
  /**
   * Names that ARG gives to RUN in the last stage or in one that it starts from, and that ENV does not set: they are
   * no part of the image.
   */
  transientArgs: readonly string[];
  /** What the last stage starts from, through earlier stages: an image, or `scratch`. */
  base: string;
  /** Images that stages start from, build arguments filled in: neither `scratch` nor an earlier stage. */
  bases: readonly string[];
}

/** A Dockerfile of one stage that only copies files and describes the image, instruction by instruction. */
export interface Dockerfile {
  /** For messages: its path. */
  name: string;
  /** ARG before FROM. */
  globals: readonly Instruction[];
  from: Instruction;
  /** What follows FROM. */
  body: readonly Instruction[];
  escapeChar: string;
}

// Instructions that need a builder, with what is expected instead.
const builderInstructions: Readonly<Record<string, string>> = {
  RUN: "instructions that copy files or describe the image",
  ONBUILD: "an image without triggers for other builds",
};

const keywords =
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  );

const layerKeywords = ["RUN", "COPY", "ADD", "WORKDIR"];

/** Reads build arguments, bases and layers of a Dockerfile; `given` are arguments that win over the defaults. */
export function summarizeDockerfile(
  text: string,
  given: Readonly<Record<string, string>> = {},
): DockerfileSummary {
  const dockerfile = DockerfileParser.parse(text);
  const args = new Map<string, string | undefined>();
  for (const [name, value] of dockerfile.getARGs().flatMap(declarationsOf))
    args.set(name, args.get(name) ?? value);
  const lookUp = (name: string) => given[name] ?? args.get(name) ?? "";
  const stages = dockerfile.getFROMs();
  const lastStage = stages.at(-1)?.getRange().start.line ?? 0;
  return {
    args,
    ...summarizeLastStage(dockerfile.getInstructions(), lookUp),
    layers: dockerfile
      .getInstructions()
      .filter((instruction) => instruction.getRange().start.line > lastStage)
      .filter((instruction) => layerKeywords.includes(instruction.getKeyword()))
      .map((instruction) => instruction.toString()),
    bases: basesOf(stages, lookUp),
  };
}

type LookUp = (name: string) => string;

/** A stage as far as it is read, what it inherits from earlier ones included. */
interface StageSummary {
  base: string;
  args: readonly string[];
  env: readonly string[];
}

function summarizeLastStage(
  instructions: readonly ParsedInstruction[],
  lookUp: LookUp,
): Pick<DockerfileSummary, "base" | "transientArgs"> {
  const named = new Map<string, StageSummary>();
  let stage: StageSummary = { base: "", args: [], env: [] };
  let name: string | null = null;
  for (const instruction of instructions) {
    if (instruction instanceof From) {
      const image = imageOf(instruction, lookUp);
      stage = named.get(image.toLowerCase()) ?? { base: image, args: [], env: [] };
      name = instruction.getBuildStage()?.toLowerCase() ?? null;
    } else if (stage.base === "") continue;
    else if (instruction instanceof Arg)
      stage = { ...stage, args: [...stage.args, ...declarationsOf(instruction).map(([arg]) => arg)] };
    else if (instruction instanceof Env)
      stage = { ...stage, env: [...stage.env, ...instruction.getProperties().map((set) => set.getName())] };
    if (name !== null) named.set(name, stage);
  }
  const { base, args, env } = stage;
  return { base, transientArgs: [...new Set(args)].filter((arg) => !env.includes(arg)) };
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

/** Parses a Dockerfile that needs no builder; the first instruction that does need one is an InputError. */
export function parseDockerfile(text: string, name: string): Dockerfile {
  const { instructions, escapeChar } = readInstructions(text, name);
  for (const instruction of instructions) {
    const { keyword } = instruction;
    if (!keywords.includes(keyword)) throw invalid(instruction, "an instruction of the Dockerfile reference");
    const expected = builderInstructions[keyword];
    if (expected !== undefined) throw unsupported(instruction, expected);
  }
  const at = instructions.findIndex(({ keyword }) => keyword === "FROM");
  const from = instructions[at];
  if (from === undefined)
    throw new InputError({ subject: name, expected: "a FROM instruction", given: "none" });
  const globals = instructions.slice(0, at);
  const early = globals.find(({ keyword }) => keyword !== "ARG");
  if (early !== undefined) throw invalid(early, "only ARG before FROM");
  const body = instructions.slice(at + 1);
  const second = body.find(({ keyword }) => keyword === "FROM");
  if (second !== undefined) throw unsupported(second, "one stage");
  return { name, globals, from, body, escapeChar };
}
