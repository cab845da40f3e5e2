import { z } from "zod";
import { parseList } from "./list-json.js";
import { formatPurl, isShown, type Package } from "./package.js";

const name = z.string().min(1).max(214).refine(isShown);
const version = z.string().min(1).max(256).refine(isShown);
const license = z
  .string()
  .max(1000)
  .transform((text) => text.trim().replace(/\s+/g, " "))
  .refine(isShown);

const packageJson = z.object({
  name,
  version,
  license: z
    .union([license, z.object({ type: license }).transform(({ type }) => type)])
    .optional()
    .catch(undefined),
});

const lockedEntry = z.object({
  name: name.optional(),
  version,
  license: license.optional().catch(undefined),
  dev: z.boolean().optional().catch(undefined),
  link: z.boolean().optional().catch(undefined),
});

const lock = z.object({ packages: z.record(z.string(), z.unknown()) });

/** The package of a directory of node_modules. */
export function packagesOfPackageJson(text: string, foundIn: string): Package[] {
  return packageOfNpm(parseList(text), foundIn);
}

/** What package-lock.json locks, in its versions 2 and 3, without what only development needs. */
export function packagesOfNpmLock(text: string, foundIn: string): Package[] {
  return Object.entries(lockedIn(text)).flatMap(([path, given]): Package[] => {
    const entry = lockedEntry.safeParse(given).data;
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    if (entry === undefined || name === undefined || entry.dev || entry.link) return [];
    return packageOfNpm({ name, ...entry }, foundIn);
  });
}

function lockedIn(text: string): Record<string, unknown> {
  return lock.safeParse(parseList(text)).data?.packages ?? {};
}

/** A package of npm; none where it is given no name or version. */
export function packageOfNpm(given: unknown, foundIn: string): Package[] {
  const parsed = packageJson.safeParse(given).data;
  if (parsed === undefined) return [];
  const { name, version, license } = parsed;
  const [, namespace, plain = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  return [
    {
      type: "npm",
      name,
      version,
      purl: formatPurl({ type: "npm", namespace, name: plain, version }),
      ...(license ? { license } : {}),
      foundIn,
    },
  ];
}
