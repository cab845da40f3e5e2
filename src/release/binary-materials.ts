import { fileMaterial, type Material } from "../attest/provenance.js";
import { digestOfFile } from "../files.js";

/** A binary that an image copies. */
export interface CopiedBinary {
  /** In the directory of the binaries. */
  path: string;
  /** On this machine. */
  file: string;
}

/** The binaries that an image was given, by content. */
export async function binaryMaterials(binaries: readonly CopiedBinary[]): Promise<Material[]> {
  return Promise.all(binaries.map(async ({ path, file }) => fileMaterial(path, await digestOfFile(file))));
}
