import { checkedContent } from "./layer/checked-content.js";
import { mostArchiveBytes } from "./layer/uncompressed.js";
import type { PublishableImage } from "./oci/source.js";
import { pairLayers } from "./oci/stored-layer.js";
import { type Outputs, repositoryOutputs } from "./outputs.js";
import type { Durations } from "./phases.js";
import type { RegistryClient } from "./registry/client.js";
import type { Failure } from "./registry/outcome.js";
import { publishedImage, type Transfer } from "./registry/publish.js";
import type { Repository } from "./registry/reference.js";
import type { RolledBack } from "./registry/rollback.js";
import type { AliasMove } from "./registry/tag.js";
import type { VerifiedImage } from "./registry/verify.js";
import { megabytes, seconds } from "./report.js";

/** How an image came to be in a repository; nothing is sent where it existed. */
export type Arrival = "existed" | "pushed" | "copied";

/**
 * An image that a repository holds, for others. Its layers are held against its configuration on the way: nothing else
 * says that they are those of the image.
 */
export function copyOf(
  client: RegistryClient,
  repository: Repository,
  held: VerifiedImage,
): PublishableImage {
  const image = publishedImage(client, repository, held);
  const layers = held.variants.flatMap((variant) =>
    pairLayers(variant.layers, variant.diffIds, variant.digest),
  );
  const limit = mostArchiveBytes * held.variants.length;
  return { ...image, content: checkedContent(image.content, layers, limit) };
}

/** How an image arrived in one repository: a cell of a table. */
export function arrivalText({ how, transfer }: { how: Arrival; transfer: Transfer }): string {
  if (how === "existed") return how;
  return `${how}, ${megabytes(transfer.bytesSent)} sent, ${megabytes(transfer.bytesSkipped)} there`;
}

/** What was sent to all repositories, and what was there. */
export function transferOutputs(transfers: readonly Transfer[]): Outputs {
  const sum = (count: (transfer: Transfer) => number) =>
    transfers.reduce((total, transfer) => total + count(transfer), 0);
  return {
    BYTES_SENT: sum(({ bytesSent }) => bytesSent),
    BYTES_SKIPPED: sum(({ bytesSkipped }) => bytesSkipped),
    BLOBS_SENT: sum(({ blobs }) => blobs.sent),
    BLOBS_SKIPPED: sum(({ blobs }) => blobs.present + blobs.mounted),
  };
}

/** The time of all phases together, in milliseconds. */
export function totalOf(phases: Durations): number {
  return Object.values(phases).reduce((sum, milliseconds) => sum + milliseconds, 0);
}

/** The whole and its phases as one line. */
export function durationText(phases: Durations): string {
  const parts = Object.entries(phases).map(([phase, milliseconds]) => `${phase} ${seconds(milliseconds)}`);
  return `Took ${seconds(totalOf(phases))}: ${parts.join(", ")}.`;
}

/** What became of aliases: a cell of a table. */
export function movesText(aliases: readonly AliasMove[]): string {
  return aliases
    .map(
      ({ tag, moved, kept }) =>
        `${tag}${moved ? " moved" : ""}${kept === undefined ? "" : ` (was kept as ${kept})`}`,
    )
    .join(", ");
}

/** Where an image is after a publication or a rollback, and whether that changed anything. */
export function holderOutputs(outcomes: readonly ((RolledBack & { how?: Arrival }) | Failure)[]): Outputs {
  const done = outcomes.filter((outcome) => outcome.ok);
  const isChange = ({ how = "existed", aliases }: (typeof done)[number]) =>
    how !== "existed" || aliases.some(({ moved }) => moved);
  return {
    CHANGED: done.some(isChange),
    ...repositoryOutputs(
      done.map(({ repository, tag, digest, platforms }) => ({
        name: repository,
        outputs: { TAG: tag, DIGEST: digest, IMAGE: `${repository}@${digest}`, PLATFORMS: platforms },
      })),
    ),
  };
}
