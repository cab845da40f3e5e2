import { type BuildTarget, globalArguments } from "./build-arguments.js";
import type { Dockerfile } from "./dockerfile.js";
import { readFrom } from "./from.js";
import type { Instruction } from "./instruction.js";
import { neededStages, originNames, originOf } from "./stages.js";
import { splitBlank } from "./words.js";

/** A word that names an image. */
interface ImageWord {
  instruction: Instruction;
  /** As it is written, with its variables. */
  word: string;
  /** What it stands for. */
  reference: string;
}

/**
 * A Dockerfile whose images are named by their digests, for one platform: whoever builds it takes those, and not what
 * their tags have become since. `digests` has them by reference. What it does not name stays as it is written, as does
 * what is no word of one line.
 */
export function pinText(
  text: string,
  dockerfile: Dockerfile,
  target: BuildTarget,
  digests: ReadonlyMap<string, string>,
): string {
  const lines = text.split("\n");
  for (const { instruction, word, reference } of imageWords(dockerfile, target)) {
    const digest = digests.get(reference);
    if (digest === undefined || reference.includes("@")) continue;
    const at = lineOf(instruction, lines, word);
    const line = lines[at];
    if (line !== undefined) lines[at] = line.replace(wordPattern(word), () => `${reference}@${digest}`);
  }
  return lines.join("\n");
}

function imageWords(dockerfile: Dockerfile, target: BuildTarget): ImageWord[] {
  const globals = globalArguments(dockerfile, target);
  return neededStages(dockerfile, target).flatMap(({ base, index, body, ...stage }): ImageWord[] => {
    const [word = ""] = splitBlank(stage.from.rest);
    const { name } = readFrom(dockerfile, { ...stage, body }, target, globals);
    const own = base.kind === "image" ? [{ instruction: stage.from, word, reference: name }] : [];
    return [
      ...own,
      ...body.flatMap((instruction) =>
        originNames(instruction)
          .filter((from) => originOf(dockerfile, from, index, target, instruction).kind === "image")
          .map((from) => ({ instruction, word: from, reference: from })),
      ),
    ];
  });
}

/** The line of an instruction, which may go over several, that has the word. */
function lineOf({ subject, text }: Instruction, lines: readonly string[], word: string): number {
  const first = Number(/:(\d+)$/.exec(subject)?.[1] ?? 1) - 1;
  const most = first + text.length;
  const pattern = wordPattern(word);
  for (let at = first; at < Math.min(most, lines.length); at += 1)
    if (pattern.test(lines[at] ?? "")) return at;
  return -1;
}

/** The word by itself, or as the value of a flag or of one of its options. */
function wordPattern(word: string): RegExp {
  return new RegExp(`(?<=[\\s=,])${word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}(?=[\\s,]|$)`);
}
