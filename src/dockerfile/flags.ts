import { type Instruction, invalid, unsupported } from "./instruction.js";

/** Flags of an instruction by name; a flag without a value stands for `true`. */
export type Flags = ReadonlyMap<string, string>;

/**
 * Reads the flags that an instruction may have. Those named in `engine` exist, but need a builder; any other is
 * an error, and so is one that is given twice.
 */
export function readFlags(
  instruction: Instruction,
  known: readonly string[],
  engine: readonly string[] = [],
): Flags {
  const flags = new Map<string, string>();
  for (const flag of instruction.flags) {
    const [, name = "", value = "true"] = /^--([^=]*)(?:=(.*))?$/s.exec(flag) ?? [];
    if (engine.includes(name)) throw unsupported(instruction, `${instruction.keyword} without --${name}`);
    if (!known.includes(name)) throw invalid(instruction, `${expectedOf(instruction, known)}, not --${name}`);
    if (flags.has(name)) throw invalid(instruction, `--${name} once`);
    flags.set(name, value);
  }
  return flags;
}

function expectedOf({ keyword }: Instruction, known: readonly string[]): string {
  return known.length === 0
    ? `${keyword} without flags`
    : `${keyword} with ${known.map((name) => `--${name}`).join(", ")}`;
}
