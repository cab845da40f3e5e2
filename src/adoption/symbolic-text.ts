import type { Placeholder } from "../tags/template.js";
import { NoEquivalent } from "./note.js";

/** A text of which parts are known at a release only. */
export type SymbolicText = readonly (
  | string
  | { placeholder: Placeholder }
  /** What is some text, and not known to have an equivalent: it can be tested, and not shown. */
  | { unknown: string }
)[];

/** What an expression stands for. */
export type Value = SymbolicText | boolean | number;

/** More than any text of an image has; what repeats itself ends there. */
export const longest = 10_000;

/** A text that is not longer than it may be, told before it is made. */
export function requireLength(length: number): void {
  if (length > longest) throw new NoEquivalent(`it is longer than ${longest} characters`);
}

/** What the meanings of some items make together, told to be too long before all of them are looked for. */
export function joined<T>(
  items: readonly T[],
  meaningOf: (item: T, at: number) => SymbolicText,
): SymbolicText {
  const parts: SymbolicText[number][] = [];
  let length = 0;
  for (const [at, item] of items.entries())
    for (const part of meaningOf(item, at)) {
      length += typeof part === "string" ? part.length : 1;
      requireLength(length);
      parts.push(part);
    }
  return parts;
}

export function literal(text: string): SymbolicText {
  return text === "" ? [] : [text];
}

export function placeholder(name: Placeholder): SymbolicText {
  return [{ placeholder: name }];
}

/** Whether a value is known by itself, and is no text. */
export function isKnown(value: Value): value is boolean | number {
  return typeof value === "boolean" || typeof value === "number";
}

/** The value as a text of which all is known; undefined where a release decides. */
export function textOf(value: Value): string | undefined {
  if (isKnown(value)) return String(value);
  return value.every((part) => typeof part === "string") ? value.join("") : undefined;
}

/** Whether a condition holds: a text does where there is any, and no placeholder is empty. */
export function isTrue(value: Value): boolean {
  return isKnown(value) ? value !== false && value !== 0 : value.length > 0;
}

/** A template of which the literal text is written in Slipway's terms already. */
export function asWritten(text: SymbolicText): string {
  return text.map((part) => (typeof part === "string" ? part : shown(part))).join("");
}

/** A template of a tag or of a repository, which have no braces of their own. */
export function asTag(text: SymbolicText): string {
  return text.map((part) => (typeof part === "string" ? withoutBraces(part) : shown(part))).join("");
}

/** A template of a label, an annotation or a build argument: what looks like a placeholder and is none is escaped. */
export function asValue(text: SymbolicText): string {
  return text
    .map((part) => (typeof part === "string" ? part.replace(/\{[a-z]+\}/g, "{$&}") : shown(part)))
    .join("");
}

function withoutBraces(text: string): string {
  if (/[{}]/.test(text)) throw new NoEquivalent("a tag has no braces");
  return text;
}

function shown(part: Exclude<SymbolicText[number], string>): string {
  if ("unknown" in part) throw new NoEquivalent(part.unknown);
  return `{${part.placeholder}}`;
}
