import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Container,
  type Directory,
  dag,
  ImageLayerCompression,
  ImageMediaTypes,
} from "@dagger.io/dagger";
import { z } from "zod";
import { lastLine, messageOf, SlipwayError } from "./errors.js";
import { nameByContent, scratch } from "./files.js";
import type { Compression } from "./oci/formats.js";
import { type LayoutArchive, openLayoutArchive } from "./oci/layout.js";
import { excerpt } from "./text.js";

const compressions: Readonly<Record<Compression, ImageLayerCompression>> = {
  gzip: ImageLayerCompression.Gzip,
  zstd: ImageLayerCompression.Zstd,
};

/**
 * Exports an image of the engine into the module's own container, and opens it there. Its layers are gzip unless asked
 * for otherwise, which every format and every registry knows.
 */
export async function exportArchive(
  container: Container,
  variants: Container[] = [],
  compression: Compression = "gzip",
): Promise<LayoutArchive> {
  const path = join(await scratch("image"), "image.tar");
  await container
    .asTarball({
      platformVariants: variants,
      mediaTypes: ImageMediaTypes.Oci,
      forcedCompression: compressions[compression],
    })
    .export(path);
  return openLayoutArchive(path);
}

// No other directory has the content of one with this file.
const contextMark = ".slipway-context";

/**
 * Gives what is written into a directory as the context of a build.
 *
 * Dagger 1.0 takes a context by the steps that first led to its content, be it in another session or in the repository,
 * and repeats them where the build runs: a path that is not there is an error or an empty context. So the path
 * follows from the content, and the content is nobody else's until the mark is taken out.
 */
export async function writeBuildContext(write: (directory: string) => Promise<void>): Promise<Directory> {
  const directory = await mkdtemp("context-");
  await write(directory);
  await writeFile(join(directory, contextMark), "");
  const path = await nameByContent(directory, "context");
  return dag.currentModule().workdir(path).withoutFile(contextMark);
}

/** What the engine says of a command that failed. */
const failedCommand = z.object({
  cmd: z.array(z.string()),
  exitCode: z.number(),
  stdout: z.string(),
  stderr: z.string(),
});

// The last line is often how it ended, and the cause stands before it.
const linesShown = 4;

/** Why a build failed: what the command that did printed last. The engine's own message is only its exit code. */
export function buildFailure(dockerfile: string, error: unknown): Error {
  const failed = failedCommand.safeParse(error).data;
  if (failed === undefined)
    return new SlipwayError(`${dockerfile}: ${excerpt(lastLine(messageOf(error)), 500)}`);
  const { cmd, exitCode, stdout, stderr } = failed;
  const printed = (stderr.trim() || stdout.trim()).split("\n").map((line) => line.trim());
  // Slipway's own Dockerfile names itself in what it prints, and says all of it in one line.
  const own = printed.findLast((line) => line.startsWith(`${dockerfile}: `));
  if (own !== undefined) return new SlipwayError(own);
  const said = printed.filter((line) => line !== "").slice(-linesShown);
  return new SlipwayError([
    `${dockerfile}: exit code ${exitCode} of RUN ${excerpt(cmd.at(-1)?.trim() ?? "", 200)}${said.length === 0 ? ", which printed nothing." : "; it printed last:"}`,
    ...said.map((line) => `  ${excerpt(line, 500)}`),
  ]);
}
