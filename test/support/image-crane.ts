import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { locateProgram, type Program } from "./program.js";

const program: Program = {
  commands: ["crane"],
  module: { path: "github.com/google/go-containerregistry/cmd/crane", version: "v0.22.1" },
  fix: "Install Go from https://go.dev/dl, or put crane into PATH",
};

/** Runs go-containerregistry's crane, an independent reading of images and registries. */
export async function crane(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(await locateProgram(program), args, {
    timeout: 60_000,
  });
  return `${stdout}${stderr}`.trim();
}
