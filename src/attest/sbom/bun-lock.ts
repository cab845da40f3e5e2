import { z } from "zod";
import { withoutComments } from "../../json.js";
import { parseList } from "./list-json.js";
import { packageOfNpm } from "./npm.js";
import type { Package } from "./package.js";

const names = z.record(z.string(), z.unknown()).catch({});

/** What a package or a workspace needs where it runs. */
const needs = z.object({
  dependencies: names.default({}),
  optionalDependencies: names.default({}),
  peerDependencies: names.default({}),
});

const workspace = needs.extend({ name: z.string().optional().catch(undefined) });

const lock = z.object({
  workspaces: z.record(z.string(), z.unknown()).catch({}).default({}),
  packages: z.record(z.string(), z.unknown()),
});

const entry = z.tuple([z.string()], z.unknown());

type Locked = z.infer<typeof lock>;

/** A dependency, and the names of the packages whose directories it is looked for in. */
interface Need {
  name: string;
  from: readonly string[];
}

// Packages within others, and characters of their names: far more than any project has.
const deepest = 16;
const longest = 1000;

/**
 * What bun.lock locks, without what only development needs: an entry `["name@version", …, { dependencies }, …]` for each
 * package, by the names of the packages that it lies within and its own.
 */
export function packagesOfBunLock(text: string, foundIn: string): Package[] {
  const locked = lock.safeParse(parseList(withoutComments(text))).data;
  if (locked === undefined) return [];
  return [...neededOf(locked)].flatMap((key): Package[] => {
    const [id = ""] = entry.safeParse(locked.packages[key]).data ?? [];
    // What is no version is a file or a repository.
    const [, name, version] = id.length > longest ? [] : (/^(@?[^@]+)@(\d[^@]*)$/.exec(id) ?? []);
    return packageOfNpm({ name, version }, foundIn);
  });
}

/** The keys of the packages that the workspaces need, and those that these need. */
function neededOf({ workspaces, packages }: Locked): Set<string> {
  const keys = new Set(Object.keys(packages));
  const needed = new Set<string>();
  const pending = Object.values(workspaces).flatMap((given) => {
    const { name, ...own } = workspace.safeParse(given).data ?? {};
    return needsOf(own, name === undefined ? [] : namesOf(name));
  });
  for (let need = pending.pop(); need !== undefined; need = pending.pop()) {
    const key = keyOf(need, keys);
    if (key === undefined || needed.has(key)) continue;
    needed.add(key);
    for (const next of needsOf(detailsOf(packages[key]), namesOf(key))) pending.push(next);
  }
  return needed;
}

function needsOf(given: unknown, from: readonly string[]): Need[] {
  const { dependencies, optionalDependencies, peerDependencies } = needs.safeParse(given).data ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).map((name) => ({
    name,
    from,
  }));
}

/** Where it lies: in the directory of the nearest package that has it. */
function keyOf({ name, from }: Need, keys: ReadonlySet<string>): string | undefined {
  return from
    .map((_, at) => [...from.slice(0, from.length - at), name].join("/"))
    .concat(name)
    .find((key) => keys.has(key));
}

/** The names that a key consists of; one of a scope has a slash. */
function namesOf(key: string): string[] {
  return key.length > longest ? [] : (key.match(/@[^/]+\/[^/]+|[^/]+/g) ?? []).slice(0, deepest);
}

/** Of an entry: the part that is an object, wherever it stands. */
function detailsOf(given: unknown): unknown {
  return Array.isArray(given)
    ? given.find((part) => typeof part === "object" && part !== null && !Array.isArray(part))
    : undefined;
}
