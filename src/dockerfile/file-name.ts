import { type Instruction, invalid } from "./instruction.js";

// Of Linux (NAME_MAX, and PATH_MAX without the zero at its end).
const maxBytes = 255;
const maxPath = 4095;

/** Throws where no file system of Linux has a file at that path. */
export function requireFileNames(path: string, instruction: Instruction): void {
  if (path.includes("\0")) throw invalid(instruction, "paths without the character NUL");
  if (Buffer.byteLength(path) > maxPath)
    throw invalid(
      instruction,
      `paths of at most ${maxPath} bytes, and not one of ${Buffer.byteLength(path)}`,
    );
  const long = path.split("/").find((name) => Buffer.byteLength(name) > maxBytes);
  if (long !== undefined)
    throw invalid(
      instruction,
      `file names of at most ${maxBytes} bytes, and not one of ${Buffer.byteLength(long)}`,
    );
}
