import type { Job } from "./workflow.js";

/** More than any release has. */
const mostCombinations = 64;

/** The combinations of a matrix, each as values by their path; one without any where there is no matrix that can be read. */
export function combinationsOf({ strategy }: Job): ReadonlyMap<string, string>[] {
  const { include, exclude: _, ...axes } = strategy?.matrix ?? {};
  const lists = Object.entries(axes).flatMap(([name, values]): [string, unknown[]][] =>
    Array.isArray(values) ? [[name, values]] : [],
  );
  let combinations: Record<string, unknown>[] = lists.length === 0 ? [] : [{}];
  for (const [name, values] of lists)
    combinations = combinations
      .flatMap((combination) => values.map((value) => ({ ...combination, [name]: value })))
      .slice(0, mostCombinations);
  const extras = Array.isArray(include) ? include.filter(isRecord).slice(0, mostCombinations) : [];
  for (const extra of extras)
    combinations = included(
      extra,
      combinations,
      lists.map(([name]) => name),
    );
  return combinations.length === 0 ? [new Map()] : combinations.map(flatten);
}

/** What include adds: to the combinations that it contradicts nowhere, else one of its own. */
function included(
  extra: Record<string, unknown>,
  combinations: readonly Record<string, unknown>[],
  axes: readonly string[],
): Record<string, unknown>[] {
  const fits = (combination: Record<string, unknown>) =>
    axes.length > 0 && axes.every((axis) => !(axis in extra) || extra[axis] === combination[axis]);
  if (!combinations.some(fits)) return [...combinations, extra];
  return combinations.map((combination) => (fits(combination) ? { ...combination, ...extra } : combination));
}

function flatten(combination: Record<string, unknown>): Map<string, string> {
  const flat = new Map<string, string>();
  const add = (path: string, value: unknown) => {
    if (isRecord(value)) for (const [key, own] of Object.entries(value)) add(`${path}.${key}`, own);
    else flat.set(path, String(value));
  };
  for (const [name, value] of Object.entries(combination)) add(name, value);
  return flat;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
