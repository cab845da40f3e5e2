import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Container, dag, type File, type Platform } from "@dagger.io/dagger";
import { type ElfProgram, parseElf } from "../binaries/elf.js";
import { failureOf, runCommand } from "../command.js";
import { messageOf } from "../errors.js";
import { scratch } from "../files.js";
import { parsePlatform } from "../oci/platform.js";
import type { Check } from "./check.js";

const workdir = "/tmp/slipway-static-build";

// net and os/user are the packages of the standard library that link against libc wherever cgo lets them.
const program = `package main

import (
	"fmt"
	_ "net"
	_ "os/user"
	"runtime"
)

func main() { fmt.Println("hello from " + runtime.GOOS + "/" + runtime.GOARCH) }
`;

const names = { build: "static build", run: "run in an empty container" };

/**
 * Builds a Go program without cgo in the container, reads from its ELF header that it is static and of the right
 * architecture, and runs it in a container that holds nothing else.
 */
export async function checkStaticBuild(container: Container, platform: string): Promise<Check[]> {
  const built = await runCommand(
    container
      .withUser("root")
      .withNewFile(`${workdir}/main.go`, program)
      .withWorkdir(workdir)
      .withEnvVariable("GOCACHE", `${workdir}/cache`)
      .withEnvVariable("CGO_ENABLED", "0"),
    ["go", "build", "-o", "program", "main.go"],
  );
  const { os, architecture } = parsePlatform(platform);
  const expected = { build: `${architecture}, no interpreter`, run: `hello from ${os}/${architecture}` };
  if (built.exitCode !== 0) {
    return [
      { name: names.build, expected: expected.build, found: `go build: ${failureOf(built)}`, ok: false },
      { name: names.run, expected: expected.run, found: "no program", ok: false },
    ];
  }
  const file = built.container.file(`${workdir}/program`);
  const [linked, printed] = await Promise.all([linkageOf(file), outputOf(file, platform)]);
  return [
    { name: names.build, expected: expected.build, found: linked, ok: linked === expected.build },
    { name: names.run, expected: expected.run, found: printed, ok: printed === expected.run },
  ];
}

async function linkageOf(file: File): Promise<string> {
  const path = join(await scratch("static-build"), "program");
  await file.export(path);
  const bytes = await readFile(path);
  try {
    return describeLinkage(parseElf(bytes, "program"));
  } catch (error) {
    return messageOf(error);
  }
}

function describeLinkage({ architecture, interpreter }: ElfProgram): string {
  return `${architecture}, ${interpreter === undefined ? "no interpreter" : `interpreter ${interpreter}`}`;
}

async function outputOf(file: File, platform: string): Promise<string> {
  const empty = dag.container({ platform: platform as Platform }).withFile("/program", file);
  const result = await runCommand(empty, ["/program"]);
  return result.exitCode === 0 ? result.stdout.trim() : failureOf(result);
}
