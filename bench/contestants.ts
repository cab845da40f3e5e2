import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Program } from "../test/support/program.js";
import { locateProgram } from "../test/support/program.js";
import { crane } from "../test/support/registry.js";

/** What is released: binaries on disk, as `linux_amd64/app`. */
export interface Work {
  /** Directory of the binaries. */
  binaries: string;
  architectures: readonly string[];
  /** File with a key that signs. */
  key: string;
  /** Directory for what a program needs on the way. */
  scratch: string;
}

/** Where to: a repository, and a version that `latest` is to be as well. */
export interface Destination {
  repository: string;
  version: string;
}

/** A program, and the commands by which it makes an image of binaries and sets two tags. */
export interface Contestant {
  name: string;
  commands(work: Work, to: Destination): string[][];
  /** Whether the last line that it prints is what the call itself took, without the start of Node.js. */
  saysFigures: boolean;
}

const regctl: Program = {
  commands: ["regctl"],
  module: { path: "github.com/regclient/regclient/cmd/regctl", version: "v0.11.7" },
  fix: "Install Go from https://go.dev/dl, or put regctl into PATH",
};

export async function findContestants(): Promise<Contestant[]> {
  const [cranePath, regctlPath] = [await locateProgram(crane), await locateProgram(regctl)];
  return [
    { name: "Slipway", commands: releaseBySlipway, saysFigures: true },
    {
      name: "Slipway attested",
      commands: (work, to) => releaseBySlipway(work, to).map((command) => [...command, work.key]),
      saysFigures: true,
    },
    { name: "crane", commands: (work, to) => releaseByCrane(cranePath, work, to), saysFigures: false },
    { name: "regctl", commands: (work, to) => releaseByRegctl(regctlPath, work, to), saysFigures: false },
  ];
}

const here = fileURLToPath(new URL(".", import.meta.url));

function releaseBySlipway({ binaries }: Work, { repository, version }: Destination): string[][] {
  return [[process.execPath, "--import", "tsx", join(here, "slipway.ts"), binaries, repository, version]];
}

function releaseByCrane(program: string, work: Work, { repository, version }: Destination): string[][] {
  const tagged = (architecture: string) => `${repository}:${version}-${architecture}`;
  return [
    ...work.architectures.flatMap((architecture) => [
      packed(work, architecture),
      [program, "append", "--oci-empty-base", "-f", layerOf(work, architecture), "-t", tagged(architecture)],
      [
        program,
        ...["mutate", "--entrypoint", "/app", "--set-platform", `linux/${architecture}`],
        ...["-t", tagged(architecture), tagged(architecture)],
      ],
    ]),
    [
      program,
      ...["index", "append", "-t", `${repository}:${version}`],
      ...work.architectures.flatMap((architecture) => ["-m", tagged(architecture)]),
    ],
    [program, "tag", `${repository}:${version}`, "latest"],
  ];
}

function releaseByRegctl(program: string, work: Work, { repository, version }: Destination): string[][] {
  const [registry = ""] = repository.split("/");
  const run = (...rest: string[]) => [program, "--host", `reg=${registry},tls=disabled`, ...rest];
  const tagged = (architecture: string) => `${repository}:${version}-${architecture}`;
  return [
    ...work.architectures.flatMap((architecture) => [
      packed(work, architecture),
      run("image", "create", tagged(architecture), "--platform", `linux/${architecture}`),
      run(
        ...["image", "mod", tagged(architecture), "--replace", "--config-entrypoint", '["/app"]'],
        ...["--layer-add", `tar=${layerOf(work, architecture)}`],
      ),
    ]),
    run(
      ...["index", "create", `${repository}:${version}`],
      ...work.architectures.flatMap((architecture) => ["--ref", tagged(architecture)]),
    ),
    run("image", "copy", `${repository}:${version}`, `${repository}:latest`),
  ];
}

function packed(work: Work, architecture: string): string[] {
  return [
    "tar",
    "-C",
    join(work.binaries, `linux_${architecture}`),
    "-cf",
    layerOf(work, architecture),
    "app",
  ];
}

function layerOf({ scratch }: Work, architecture: string): string {
  return join(scratch, `${architecture}.tar`);
}
