import type { RegistryClient } from "../registry/client.js";
import { formatReference, manifestOf, parseReference, type Reference } from "../registry/reference.js";
import { type VerifiedImage, verifyImage } from "../registry/verify.js";
import { markdownTable, megabytes, type Report } from "../report.js";
import { asMarkdown } from "../text.js";

/** Reads any image back to the last blob; what is not whole is an error. */
export async function verifyReference(client: RegistryClient, text: string): Promise<Report> {
  const reference = parseReference(text, "--reference");
  return reportVerified(text, reference, await verifyImage(client, reference, manifestOf(reference)));
}

/** An image that was read back to the last blob: `asked` is the reference as it was given. */
function reportVerified(asked: string, reference: Reference, { digest, variants }: VerifiedImage): Report {
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
      `${asMarkdown(asked)} is whole: ${digest}`,
      markdownTable(["platform", "manifest", "image ID", "layers", "pulled"], rows),
    ].join("\n\n"),
    data: { reference: asked, digest, platforms },
    outputs: {
      DIGEST: digest,
      IMAGE: formatReference(reference, digest),
      PLATFORMS: platforms.map(({ platform }) => platform),
    },
  };
}
