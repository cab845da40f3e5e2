import { InputError } from "../errors.js";
import { formatPlatform, type ImagePlatform } from "../oci/platform.js";
import { type BuildTarget, globalArguments } from "./build-arguments.js";
import type { Dockerfile, Stage } from "./dockerfile.js";
import { readFrom, requirePlatform, scratch } from "./from.js";
import { type Instruction, invalid } from "./instruction.js";
import { mountsOf } from "./run.js";

/** What a stage starts from, or where COPY takes files from beside the build context. */
export type Origin =
  | { kind: "scratch" }
  | { kind: "image"; reference: string; platform: ImagePlatform }
  /** By its place in the Dockerfile. */
  | { kind: "stage"; index: number };

/** An image that is started from or copied from. */
export type ImageOrigin = Extract<Origin, { kind: "image" }>;

/** What tells one image from another: a reference is another image for each platform. */
export function imageKey({ reference, platform }: Omit<ImageOrigin, "kind">): string {
  return `${reference} ${formatPlatform(platform)}`;
}

/** A stage that the image is made of. */
export interface NeededStage extends Stage {
  /** Its place in the Dockerfile. */
  index: number;
  base: Origin;
  /** Whether it is the image, or what the image starts from. */
  inImage: boolean;
}

/**
 * The stages that the image needs, each after those that it needs itself; the last one is the image. What no
 * stage leads to is not read at all, as BuildKit has it.
 */
export function neededStages(dockerfile: Dockerfile, target: BuildTarget): NeededStage[] {
  const last = targetIndex(dockerfile, target);
  const globals = globalArguments(dockerfile, target);
  const needed = new Map<number, NeededStage>();
  const visit = (index: number, inImage: boolean): void => {
    const stage = dockerfile.stages[index];
    if (stage === undefined) return;
    const known = needed.get(index);
    const base = known?.base ?? baseOfStage(dockerfile, stage, index, { ...target, globals }, inImage);
    needed.set(index, { ...stage, index, base, inImage: inImage || known?.inImage === true });
    if (base.kind === "stage") visit(base.index, inImage);
    if (known !== undefined) return;
    for (const instruction of stage.body)
      for (const name of originNames(instruction)) {
        const origin = originOf(dockerfile, name, index, target, instruction);
        if (origin.kind === "stage") visit(origin.index, false);
      }
  };
  visit(last, true);
  return [...needed.values()].toSorted((a, b) => a.index - b.index);
}

/** The images that the needed stages start from or copy from, each once for a platform. */
export function imagesOf(dockerfile: Dockerfile, target: BuildTarget): ImageOrigin[] {
  const origins = neededStages(dockerfile, target).flatMap(({ base, index, body }) => [
    base,
    ...body.flatMap((instruction) =>
      originNames(instruction).map((name) => originOf(dockerfile, name, index, target, instruction)),
    ),
  ]);
  const images = origins.filter((origin) => origin.kind === "image");
  return [...new Map(images.map((image) => [imageKey(image), image])).values()];
}

/** The reference that the image starts from in the end, through earlier stages: of an image, or `scratch`. */
export function baseOf(dockerfile: Dockerfile, target: BuildTarget): string {
  const stages = new Map(neededStages(dockerfile, target).map((stage) => [stage.index, stage]));
  let stage = stages.get(targetIndex(dockerfile, target));
  while (stage?.base.kind === "stage") stage = stages.get(stage.base.index);
  return stage?.base.kind === "image" ? stage.base.reference : scratch;
}

/** What `--from` names before a stage: an earlier stage by name or place, else an image. */
export function originOf(
  { stages }: Dockerfile,
  name: string,
  before: number,
  { platform }: BuildTarget,
  instruction: Instruction,
): Origin {
  if (name.includes("$"))
    throw invalid(
      instruction,
      "--from without variables, as in BuildKit",
      "Name a stage: FROM may have variables, as in FROM $IMAGE AS files",
    );
  const named = stageNamed(stages, name, before);
  if (named !== undefined) return { kind: "stage", index: named };
  if (/^\d+$/.test(name)) {
    const index = Number(name);
    if (index < before) return { kind: "stage", index };
    throw invalid(instruction, `--from with an earlier stage, of which there are ${before}`);
  }
  return imageNamed(name, platform, instruction);
}

function imageNamed(name: string, platform: ImagePlatform, instruction: Instruction): Origin {
  if (name === scratch) return { kind: "scratch" };
  if (name.toLowerCase() === scratch)
    throw invalid(instruction, "scratch in lower case", "Write scratch, which is no image but none");
  return { kind: "image", reference: name, platform };
}

function baseOfStage(
  dockerfile: Dockerfile,
  stage: Stage,
  index: number,
  { globals, ...target }: BuildTarget & { globals: ReadonlyMap<string, string> },
  inImage: boolean,
): Origin {
  const { name, platform } = readFrom(dockerfile, stage, target, globals);
  const named = stageNamed(dockerfile.stages, name, index);
  if (inImage) requirePlatform(stage.from, platform, target);
  if (named !== undefined) return { kind: "stage", index: named };
  return imageNamed(name, platform, stage.from);
}

/** The last stage of that name before a place: names may come twice. */
function stageNamed(stages: readonly Stage[], name: string, before: number): number | undefined {
  const index = stages.slice(0, before).findLastIndex((stage) => stage.name === name.toLowerCase());
  return index === -1 ? undefined : index;
}

function targetIndex({ stages, name }: Dockerfile, { stage }: BuildTarget): number {
  if (stage === undefined) return stages.length - 1;
  const index = stages.findLastIndex((candidate) => candidate.name === stage.toLowerCase());
  if (index !== -1) return index;
  const names = stages.flatMap((candidate) => candidate.name ?? []);
  throw new InputError({
    subject: `${name}: target`,
    expected:
      names.length === 0 ? "none, since no stage has a name" : `one of the stages ${names.join(", ")}`,
    given: stage,
  });
}

/** What an instruction takes files from, by the names that it has for them. */
export function originNames(instruction: Instruction): string[] {
  if (instruction.keyword === "RUN")
    return mountsOf(instruction).flatMap(({ from }) => (from === undefined ? [] : [from]));
  if (instruction.keyword !== "COPY") return [];
  return instruction.flags.flatMap((flag) => /^--from=(.+)$/s.exec(flag)?.[1] ?? []);
}
