import { NoEquivalent } from "../note.js";
import { textOf } from "../symbolic-text.js";
import { type Scope, translateText } from "./expression.js";
import type { Workflow } from "./workflow.js";

/**
 * Variables that workflows set for GoReleaser, as far as their values are written there. One that has two values is
 * not known.
 */
export function goreleaserVariables(
  workflows: readonly Workflow[],
  surroundings: Pick<Scope, "origin" | "isMain">,
): Record<string, string> {
  const found = new Map<string, Set<string | undefined>>();
  for (const { env, jobs, triggers } of workflows)
    for (const job of jobs.values())
      for (const step of job.steps) {
        if (!/goreleaser/i.test(`${step.uses ?? ""} ${step.run ?? ""}`)) continue;
        const variables = new Map([...env, ...job.env, ...step.env]);
        const scope = {
          ...surroundings,
          triggers,
          env: variables,
          matrix: new Map(),
          metadata: new Set<string>(),
        };
        for (const [name, text] of variables)
          found.set(name, (found.get(name) ?? new Set()).add(valueIn(text, scope)));
      }
  return Object.fromEntries(
    [...found].flatMap(([name, values]) => {
      const [value] = values;
      return values.size === 1 && value !== undefined ? [[name, value]] : [];
    }),
  );
}

function valueIn(text: string, scope: Scope): string | undefined {
  try {
    return textOf(translateText(text, scope));
  } catch (error) {
    if (error instanceof NoEquivalent) return undefined;
    throw error;
  }
}
