import { InputError } from "../errors.js";

/** What the parts of a template stand for that are written in braces. */
export interface Meanings {
  /** The version, without v: `1.2.3`. */
  version: string;
  /** The git tag as it is, without the prefix of its component: `v1.2.3`. */
  tag: string;
  major: string;
  minor: string;
  patch: string;
  branch: string;
  /** What one platform is called: `arm64`, `armv7`. */
  arch: string;
  /** The first seven digits of the commit. */
  sha: string;
  /** The commit. */
  revision: string;
  /** The day of the commit in UTC: `20260110`. */
  date: string;
  /** The time of the commit: `2026-01-10T12:00:00Z`. */
  created: string;
}

export type Placeholder = keyof Meanings;

/** What placeholders stand for in one call; one that is absent has no value there. */
export type Values = Readonly<Partial<Meanings>>;

type Part = { literal: string } | { placeholder: Placeholder };

/** A text with placeholders, parsed. */
export interface Template {
  text: string;
  parts: readonly Part[];
  /** Those that it holds, in their order. */
  placeholders: readonly Placeholder[];
}

/** Parses `{name}` and literal text; `known` are the placeholders that have a meaning where the template stands. */
export function parseTemplate<Known extends Placeholder>(
  text: string,
  known: readonly Known[],
  subject = "template",
): Template & { placeholders: readonly Known[] } {
  const isKnown = (name: string): name is Known => known.some((placeholder) => placeholder === name);
  const placeholders: Known[] = [];
  const parts = text.split(/(\{[^{}]*\})/).flatMap((part): Part[] => {
    const [, placeholder] = /^\{(.*)\}$/.exec(part) ?? [];
    if (placeholder === undefined) return part === "" ? [] : [{ literal: part }];
    if (!isKnown(placeholder))
      throw new InputError({ subject, expected: `only the placeholders ${listOf(known)}`, given: text });
    placeholders.push(placeholder);
    return [{ placeholder }];
  });
  return { text, parts, placeholders };
}

/** The text with the values in place; undefined where a placeholder has none. */
export function fillTemplate({ parts, placeholders }: Template, values: Values): string | undefined {
  if (placeholders.some((placeholder) => values[placeholder] === undefined)) return undefined;
  return parts.map((part) => ("literal" in part ? part.literal : values[part.placeholder])).join("");
}

function listOf(placeholders: readonly Placeholder[]): string {
  return placeholders.map((placeholder) => `{${placeholder}}`).join(", ");
}
