import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fileMaterial, type Material } from "../attest/provenance.js";

/** A binary that an image copies. */
export interface CopiedBinary {
  /** In the directory of the binaries. */
  path: string;
  /** On this machine. */
  file: string;
}

/** The binaries that an image was given, by content. */
export async function binaryMaterials(binaries: readonly CopiedBinary[]): Promise<Material[]> {
  return Promise.all(binaries.map(async ({ path, file }) => fileMaterial(path, await sha256Of(file))));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}
