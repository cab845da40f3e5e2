import { join } from "node:path";
import { parseDockerfile } from "../../src/dockerfile/dockerfile.js";
import type { ImageFormat } from "../../src/oci/formats.js";
import { parsePlatform } from "../../src/oci/platform.js";
import type { PublishableImage } from "../../src/oci/source.js";
import { assembleRelease } from "../../src/release/assemble.js";
import type { ImageIds } from "../../src/release/image-ids.js";
import { makeClient } from "./client.js";
import { dockerfileOf } from "./dockerfile.js";
import { openContext, writeFiles } from "./image-files.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

/** An image as a release assembles it, packed, with the identity that it had before. */
export interface ReleasedImage {
  ids: ImageIds;
  packed: PublishableImage;
}

const platforms = ["linux/amd64", "linux/arm64"];

/** Assembles an image of two platforms, whose program is `content`. */
export async function makeReleasedImage(
  content: string,
  format: ImageFormat = "oci",
  annotations: Readonly<Record<string, string>> = {},
): Promise<ReleasedImage> {
  const { path } = makeTemporaryDirectory();
  const context = join(path, "context");
  const files = platforms.map((platform) => [`${platform}/hello`, { content: `${content} ${platform}` }]);
  await writeFiles(path, { "layers/": "", ...prefixed("context", Object.fromEntries(files)) });
  const text = "FROM scratch\nARG TARGETARCH\nCOPY linux/$TARGETARCH/hello /app\n";
  const staged = {
    trigger: { kind: "main", branch: "main" } as const,
    chosen: dockerfileOf(text),
    dockerfile: parseDockerfile(text, "Dockerfile.release"),
    layers: join(path, "layers"),
    targets: platforms.map((platform) => ({
      platform: parsePlatform(platform),
      buildArgs: {},
      remarks: [],
      context: openContext(context, "Dockerfile.release"),
    })),
    annotations,
    labels: {},
    format,
    compression: "gzip" as const,
    checks: [],
    binaries: [],
  };
  const { image, pack } = await assembleRelease(staged, { client: makeClient(), sourceDateEpoch: 0 });
  return { ids: image, packed: await pack() };
}

function prefixed<T>(directory: string, files: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [`${directory}/${path}`, file]));
}
