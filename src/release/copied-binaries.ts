import { join } from "node:path";
import { type Binary, type Candidate, selectBinaries } from "../binaries/binaries.js";
import type { Catalog } from "../binaries/collect.js";
import { type PreflightCheck, preflight } from "../binaries/preflight.js";
import { reportPreflight } from "../binaries/preflight-report.js";
import type { AskVersion } from "../binaries/version-output.js";
import type { Dockerfile } from "../dockerfile/dockerfile.js";
import { baseOf } from "../dockerfile/stages.js";
import { filesOf } from "../dockerfile/survey.js";
import { formatPlatform } from "../oci/platform.js";
import { versionOf } from "../tags/ref.js";
import type { CopiedBinary } from "./binary-materials.js";
import type { TargetContext } from "./contexts.js";
import type { ReleaseDescription } from "./description.js";

/**
 * Holds the binaries that are copied against the release: each name for every platform, and each file what it is to
 * be. What does not hold is an error with the whole report; `dockerfile` is absent where a builder makes the image.
 */
export async function checkCopied(
  { settings, trigger, askVersion }: ReleaseDescription & { askVersion?: AskVersion | undefined },
  catalog: Catalog,
  contexts: readonly TargetContext[],
  dockerfile: Dockerfile | undefined,
): Promise<{ checks: PreflightCheck[]; binaries: CopiedBinary[] }> {
  const binaries = binariesOf(settings, catalog, contexts);
  const { builtVersion } = catalog;
  const checks = await preflight(
    catalog.root,
    { binaries, ...(builtVersion === undefined || binaries.length === 0 ? {} : { builtVersion }) },
    {
      baseOf: (platform) => {
        const found = contexts.find(({ target }) => formatPlatform(target.platform) === platform);
        return found && dockerfile && baseOf(dockerfile, found.target);
      },
      askVersion,
      version: versionOf(trigger),
    },
  );
  reportPreflight(checks);
  const copied = binaries.map(({ path }) => ({ path, file: join(catalog.root, path) }));
  return { checks, binaries: copied };
}

/** What is copied, completed to whole sets; all that there is where it is not known what is copied. */
function binariesOf(
  { platforms, binaries: { names, ids } }: ReleaseDescription["settings"],
  { candidates, files, subject }: Catalog,
  contexts: readonly TargetContext[],
): Binary[] {
  const select = (wanted: readonly string[]) =>
    selectBinaries(candidates, files, { platforms, names: wanted, ids }, subject);
  const used = contexts.map(usedBy);
  if (used.includes(undefined)) return candidates.length === 0 ? [] : select(names);
  const copied = used.flatMap((found) => found ?? []);
  // A name that several builds have was copied under a path of its own, which says all.
  const ambiguous = new Set(contexts.flatMap(({ overlay }) => [...(overlay?.ambiguous ?? [])]));
  const whole = [...new Set(copied.map(({ name }) => name))].filter((name) => !ambiguous.has(name));
  const single = copied.filter(({ name }) => ambiguous.has(name));
  return [
    ...(whole.length === 0 ? [] : select(whole)),
    ...single.map(({ name, platform, path }) => ({ name, platform, path, staged: path })),
  ];
}

function usedBy({ overlay, copied }: TargetContext): Candidate[] | undefined {
  if (copied === undefined) return undefined;
  return [...filesOf(copied)]
    .flatMap((node) => overlay?.binaryOf(node) ?? [])
    .filter(({ isPackage }) => isPackage !== true);
}
