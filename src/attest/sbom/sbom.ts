import type { ContentSource } from "../../oci/source.js";
import { pairLayers } from "../../oci/stored-layer.js";
import type { VerifiedVariant } from "../../registry/verify.js";
import { formatCycloneDx } from "./cyclonedx.js";
import { readInventory } from "./inventory.js";
import type { Inventory, SbomSubject } from "./package.js";
import { formatSpdx } from "./spdx.js";

/** What an SBOM is written in. */
export type SbomFormat = "spdx" | "cyclonedx";

const formats: Readonly<Record<SbomFormat, (inventory: Inventory, subject: SbomSubject) => Promise<object>>> =
  {
    spdx: formatSpdx,
    cyclonedx: formatCycloneDx,
  };

/** Says what is in one platform of an image; `read` reads its layers. */
export function describeContents(
  { digest, platform, created }: Pick<VerifiedVariant, "digest" | "platform" | "created">,
  inventory: Inventory,
  { name, format }: { name: string; format: SbomFormat },
): Promise<object> {
  const seconds = Math.floor(Date.parse(created ?? "") / 1000);
  return formats[format](inventory, {
    name,
    digest,
    platform,
    created: Number.isSafeInteger(seconds) ? seconds : 0,
  });
}

/** Reads what is in one platform of an image. */
export function readContents(
  { digest, layers, diffIds }: Pick<VerifiedVariant, "digest" | "layers" | "diffIds">,
  content: ContentSource,
  lockfiles?: ReadonlyMap<string, string>,
): Promise<Inventory> {
  const name = `${content.name}: ${digest}`;
  return readInventory({ name, layers: pairLayers(layers, diffIds, name), content }, lockfiles);
}
