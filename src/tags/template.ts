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

type Parsed<Known extends Placeholder> = Template & { placeholders: readonly Known[] };

/** How a text is taken apart. */
interface Syntax {
  /** Separates what is more than its own text. */
  separator: RegExp;
  /** A piece that is a placeholder. */
  placeholder: RegExp;
}

/** A tag can hold no braces of its own. */
const inTag: Syntax = { separator: /(\{[^{}]*\})/, placeholder: /^\{([^{}]*)\}$/ };
const inValue: Syntax = {
  separator: /(\$\{+[^{}]*\}+|\{\{[a-z]+\}\}|\{[a-z]+\})/,
  placeholder: /^\{([a-z]+)\}$/,
};
const goTemplate = /\{\{-?\s*\./;

/** Parses `{name}` and literal text; `known` are the placeholders that have a meaning where the template stands. */
export function parseTemplate<Known extends Placeholder>(
  text: string,
  known: readonly Known[],
  subject = "template",
): Parsed<Known> {
  return compile(text, inTag, known, subject);
}

/**
 * Parses a text that may hold braces of its own: `{word}` in lower case is a placeholder, `{{word}}` is the literal
 * `{word}`, and all others stay as they are, those of `${word}` included.
 */
export function parseValueTemplate<Known extends Placeholder>(
  text: string,
  known: readonly Known[],
  subject = "template",
): Parsed<Known> {
  return compile(text, inValue, known, subject);
}

function compile<Known extends Placeholder>(
  text: string,
  syntax: Syntax,
  known: readonly Known[],
  subject: string,
): Parsed<Known> {
  if (goTemplate.test(text))
    throw new InputError({
      subject,
      expected: `placeholders as they are written here, ${listOf(known)}`,
      given: text,
      fix: "Write {version} for {{ .Version }}",
    });
  const isKnown = (name: string): name is Known => known.some((placeholder) => placeholder === name);
  const placeholders: Known[] = [];
  const parts = text.split(syntax.separator).flatMap((piece): Part[] => {
    const [, escaped] = /^\{(\{[a-z]+\})\}$/.exec(piece) ?? [];
    const [, placeholder] = syntax.placeholder.exec(piece) ?? [];
    if (placeholder === undefined) return piece === "" ? [] : [{ literal: escaped ?? piece }];
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
