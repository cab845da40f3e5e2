import type { VerifiedImage } from "../registry/verify.js";
import { markdownTable, megabytes, type Report } from "../report.js";

/** An image that was read back to the last blob: `reference` is what it was asked for by. */
export function reportVerified(reference: string, { digest, variants }: VerifiedImage): Report {
  const platforms = variants.map(({ platform, digest: manifest, config, layers }) => ({
    platform,
    manifest,
    imageId: config.digest,
    layers: layers.length,
    bytes: layers.reduce((sum, { size }) => sum + size, config.size),
  }));
  const rows = platforms.map(({ platform, manifest, imageId, layers, bytes }) => [
    platform,
    manifest,
    imageId,
    String(layers),
    megabytes(bytes),
  ]);
  return {
    markdown: [
      `${reference} is whole: ${digest}`,
      markdownTable(["platform", "manifest", "image ID", "layers", "pulled"], rows),
    ].join("\n\n"),
    data: { reference, digest, platforms },
  };
}
