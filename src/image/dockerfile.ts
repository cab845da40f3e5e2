import { DockerfileParser } from "dockerfile-ast";
import { InputError } from "../errors.js";
import { type Instruction, invalid, readInstructions, unsupported } from "./instruction.js";

/** What is read of a Dockerfile without building it. */
export interface DockerfileSummary {
  /** Declared build arguments with their first default; undefined where there is none. */
  args: ReadonlyMap<string, string | undefined>;
  /** Instructions that make a layer, as they are written. */
  layers: readonly string[];
  /** Names that ENV sets. */
  env: ReadonlySet<string>;
  /** Image reference of the first FROM as it is written; empty where there is no FROM. */
  base: string;
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

/** Reads the declared build arguments and the base of a Dockerfile. */
export function summarizeDockerfile(text: string): DockerfileSummary {
  const dockerfile = DockerfileParser.parse(text);
  const args = new Map<string, string | undefined>();
  for (const instruction of dockerfile.getARGs()) {
    const property = instruction.getProperty();
    if (property === null) continue;
    args.set(property.getName(), args.get(property.getName()) ?? property.getValue() ?? undefined);
  }
  const env = new Set(
    dockerfile
      .getENVs()
      .flatMap((instruction) => instruction.getProperties().map((property) => property.getName())),
  );
  const layers = dockerfile
    .getInstructions()
    .filter((instruction) => ["RUN", "COPY", "ADD", "WORKDIR"].includes(instruction.getKeyword()))
    .map((instruction) => instruction.toString());
  return { args, env, layers, base: dockerfile.getFROMs()[0]?.getImage() ?? "" };
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
