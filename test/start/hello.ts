import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTemporaryDirectory } from "../support/temporary-directory.js";
import { tinyProgram } from "../support/tiny-program.js";

/** Settings of the project of the demonstration, which has two repositories at hosts that nobody has (RFC 2606). */
export const helloSettings = {
  release: {
    repositories: [
      { repository: "registry.example/acme/hello" },
      { repository: "mirror.example/acme/hello", latest: "highest" },
    ],
  },
};

const architectures = ["amd64", "arm64"] as const;
const size = 1_000_000;

/** A project with a program for each platform, which differ with the source that they are built from. */
export async function writeHello(source: string): Promise<string> {
  const { path } = makeTemporaryDirectory();
  await mkdir(join(path, "dist"));
  await writeFile(join(path, "slipway.json"), JSON.stringify(helloSettings));
  for (const architecture of architectures)
    await writeFile(
      join(path, "dist", `hello-linux-${architecture}`),
      Buffer.concat([tinyProgram(architecture), noise(`${source} for ${architecture}`)]),
      { mode: 0o755 },
    );
  return path;
}

/** Bytes that are the same in every run, and that no compression makes fewer. */
function noise(seed: string): Buffer {
  return createHash("shake256", { outputLength: size }).update(seed).digest();
}
