import { VerificationError } from "../errors.js";
import { type Outputs, platformOutputs } from "../outputs.js";
import type { Report } from "../report.js";
import { asMarkdown } from "../text.js";
import { type Check, renderChecks } from "./check.js";
import { renderSize, type SizeReport } from "./size.js";

/** What was verified of one platform of a CI image. */
export interface Verification {
  platform: string;
  /** The checks from the inside of the image. */
  checks: Check[];
  size: SizeReport;
}

/** The verification of all platforms. Throws the same report as an error where a check does not hold. */
export function reportVerification(images: readonly Verification[]): Report {
  const report = {
    markdown: images.map(renderVerification).join("\n\n"),
    data: images.map((image) => ({ ...image, ok: failures(image) === 0 })),
    outputs: outputsOf(images),
  };
  if (images.every((image) => failures(image) === 0)) return report;
  throw new VerificationError(report.markdown.split("\n"));
}

/** The checks as a table. Throws the same table as an error where one does not hold. */
export function requireChecks(checks: readonly Check[]): string {
  const table = renderChecks(checks);
  if (checks.every(({ ok }) => ok)) return table;
  throw new VerificationError(table.split("\n"));
}

function renderVerification(image: Verification): string {
  const checks = allChecks(image);
  const failed = failures(image);
  const verdict =
    failed === 0 ? `all ${checks.length} checks hold` : `${failed} of ${checks.length} checks fail`;
  return `## CI image on ${asMarkdown(image.platform)}: ${verdict}\n\n${renderChecks(checks)}\n\n${renderSize(image.size)}`;
}

function outputsOf(images: readonly Verification[]): Outputs {
  const sizes = images.map(({ platform, size: { total } }) => ({
    name: platform,
    outputs: { PULL_BYTES: total.pulled, UNCOMPRESSED_BYTES: total.uncompressed },
  }));
  return { PLATFORMS: images.map(({ platform }) => platform), ...platformOutputs(sizes) };
}

function allChecks({ checks, size }: Verification): Check[] {
  return size.check === undefined ? checks : [...checks, size.check];
}

function failures(image: Verification): number {
  return allChecks(image).filter(({ ok }) => !ok).length;
}
