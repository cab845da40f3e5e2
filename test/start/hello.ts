import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildInfoOf, withSections } from "../support/elf-sections.js";
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

/** What the programs say of their build, as Go's linker writes it. */
const modules = [
  "path\texample.com/hello",
  "mod\texample.com/hello\t(devel)\t",
  "dep\tgolang.org/x/text\tv0.31.0\t",
  "build\tCGO_ENABLED=0",
];

/** A project with a program for each platform, which differ with the source that they are built from. */
export async function writeHello(source: string, version?: string): Promise<string> {
  const { path } = makeTemporaryDirectory();
  await mkdir(join(path, "dist"));
  await writeFile(join(path, "slipway.json"), JSON.stringify(helloSettings));
  for (const architecture of architectures)
    await writeFile(
      join(path, "dist", `hello-linux-${architecture}`),
      program(architecture, source, version),
      {
        mode: 0o755,
      },
    );
  return path;
}

function program(
  architecture: (typeof architectures)[number],
  source: string,
  version: string | undefined,
): Buffer {
  const flags = version === undefined ? [] : [`build\t-ldflags="-X main.version=${version}"`];
  return withSections(tinyProgram(architecture), {
    ".go.buildinfo": buildInfoOf("go1.25.5", [...modules, ...flags, ""].join("\n")),
    ".data": noise(`${source} for ${architecture}`),
  });
}

/** Bytes that are the same in every run, and that no compression makes fewer. */
function noise(seed: string): Buffer {
  return createHash("shake256", { outputLength: size }).update(seed).digest();
}
