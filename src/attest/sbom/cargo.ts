import { z } from "zod";
import { formatPurl, isShown, type Package } from "./package.js";

const crate = z.object({
  name: z.string().min(1).max(200).refine(isShown),
  version: z.string().min(1).max(200).refine(isShown),
  kind: z.string().optional(),
});

const list = z.object({ packages: z.array(z.unknown()) });

/** The crates that cargo-auditable lists, without those that only the build needed. */
export function packagesOfCargo(json: unknown, foundIn: string): Package[] {
  return (list.safeParse(json).data?.packages ?? []).flatMap((entry): Package[] => {
    const parsed = crate.safeParse(entry);
    if (!parsed.success) return [];
    const { name, version, kind = "runtime" } = parsed.data;
    if (kind !== "runtime") return [];
    return [{ type: "cargo", name, version, purl: formatPurl({ type: "cargo", name, version }), foundIn }];
  });
}
