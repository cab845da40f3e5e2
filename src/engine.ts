import { join } from "node:path";
import { type Container, ImageLayerCompression, ImageMediaTypes } from "@dagger.io/dagger";
import { lastLine, messageOf, SlipwayError } from "./errors.js";
import { scratch } from "./files.js";
import type { Compression } from "./oci/formats.js";
import { type LayoutArchive, openLayoutArchive } from "./oci/layout.js";

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

/** Why a build failed, in the words of the command that did: the engine's own message is only its exit code. */
export function buildFailure(dockerfile: string, error: unknown): Error {
  const printed = error instanceof Error && "stderr" in error ? lastLine(String(error.stderr)) : "";
  const reason = printed || lastLine(messageOf(error));
  // Slipway's own Dockerfile names itself in what it prints.
  return new SlipwayError(reason.startsWith(`${dockerfile}: `) ? reason : `${dockerfile}: ${reason}`);
}
