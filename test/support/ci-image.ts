import { type CiImage, type CiImageInputs, describeCiImage } from "../../src/ci-image/image.js";
import type { PublishableImage } from "../../src/oci/source.js";
import { type ImageOptions, makeImage } from "./image.js";

/** A CI image for two platforms, with inputs of its own for each Dockerfile. */
export function describeImage(dockerfile = "FROM golang", inputs: Partial<CiImageInputs> = {}): CiImage {
  return describeCiImage({
    content: { "Dockerfile.ci": Buffer.from(dockerfile) },
    bases: [`golang@sha256:${"a".repeat(64)}`],
    buildArgs: {},
    platforms: ["linux/amd64", "linux/arm64"],
    miseVersion: "2025.12.13",
    alpine: "3.23",
    ...inputs,
  });
}

/** What a build of the image gives: as with RUN, each moment gives another digest. */
export function buildImage({ platforms, labels }: CiImage, options: ImageOptions = {}): PublishableImage {
  return makeImage({ platforms, labels, ...options });
}
