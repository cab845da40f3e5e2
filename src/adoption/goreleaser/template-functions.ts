import type { Placeholder } from "../../tags/template.js";
import { NoEquivalent } from "../note.js";
import {
  isKnown,
  isTrue,
  joined,
  literal,
  placeholder,
  requireLength,
  type SymbolicText,
  textOf,
  type Value,
} from "../symbolic-text.js";
import { entryOf } from "../table.js";
import { optionalVariables } from "./fields.js";
import type { Fields } from "./template.js";

/** An argument, which is evaluated where it is needed. */
type Lazy = () => Value;

type Implementation = (given: readonly Lazy[], fields: Fields) => Value;

/** Formats of Go that are a placeholder of Slipway's. */
const layouts: Readonly<Record<string, Placeholder>> = {
  "2006-01-02T15:04:05Z07:00": "created",
  "2006-01-02T15:04:05Z": "created",
  "20060102": "date",
};

const functions: Readonly<Record<string, Implementation>> = {
  not: ([value]) => !isTrue(required(value)),
  and: (values) => decided(values, (value) => !isTrue(value)),
  or: (values) => decided(values, isTrue),
  eq: ([first, ...others]) => others.some((other) => areEqual(required(first), other())),
  ne: ([first, second]) => !areEqual(required(first), required(second)),
  gt: compared((a, b) => a > b),
  ge: compared((a, b) => a >= b),
  lt: compared((a, b) => a < b),
  le: compared((a, b) => a <= b),
  len: ([value]) => {
    const given = required(value);
    // More than nothing is all that is asked of what is not known.
    return textOf(given)?.length ?? 1;
  },
  print: (values) => joined(values, (value) => textual(value())),
  tolower: ofText((text) => text.toLowerCase()),
  toupper: ofText((text) => text.toUpperCase()),
  trim: ofText((text) => text.trim()),
  replace: ofTexts(replaceAll, 0),
  trimprefix: ([value, prefix]) => withoutPrefix(required(value), known(prefix)),
  trimsuffix: ofTexts(
    (text, end = "") => (text.endsWith(end) ? text.slice(0, text.length - end.length) : text),
    0,
  ),
  contains: ofTextsTo((text, part) => text.includes(part)),
  index: ([from, name], fields) => fieldOf(from, known(name), fields),
  envOrDefault: ([name, fallback], fields) => {
    const value = fields([optionalVariables, known(name)]);
    return isTrue(value) ? value : required(fallback);
  },
  isEnvSet: ([name], fields) => isTrue(fields([optionalVariables, known(name)])),
  time: ([layout]) => timeAs(known(layout)),
};

function replaceAll(text: string, from = "", to = ""): string {
  requireLength(text.length + (text.split(from).length + 1) * to.length);
  return text.replaceAll(from, () => to);
}

/** Applies a function of Go's templates, or of GoReleaser's. */
export function apply(name: string, given: readonly Lazy[], fields: Fields): Value {
  const implementation = entryOf(
    functions,
    name.replace(/^toLower$/, "tolower").replace(/^toUpper$/, "toupper"),
  );
  if (implementation === undefined) throw new NoEquivalent(`the function ${name} is not read`);
  return implementation(given, fields);
}

function required(value: Lazy | undefined): Value {
  if (value === undefined) throw new NoEquivalent("a function lacks an argument");
  return value();
}

/** An argument that has to be known before any release. */
function known(value: Lazy | undefined): string {
  const given = required(value);
  const text = textOf(given);
  if (text === undefined) throw new NoEquivalent("it depends on what only a release knows");
  return text;
}

function textual(value: Value): SymbolicText {
  return isKnown(value) ? literal(String(value)) : value;
}

/** As Go's and, and or: the first value that decides, else the last. */
function decided(values: readonly Lazy[], decides: (value: Value) => boolean): Value {
  let last: Value = false;
  for (const value of values) {
    last = value();
    if (decides(last)) return last;
  }
  return last;
}

function areEqual(first: Value, second: Value): boolean {
  const [a, b] = [textOf(first), textOf(second)];
  if (a !== undefined && b !== undefined) return a === b;
  // No placeholder is empty.
  if (a === "" || b === "") return false;
  throw new NoEquivalent("it decides by what only a release knows");
}

function compared(holds: (a: number, b: number) => boolean): Implementation {
  return ([first, second]) => holds(Number(known(first)), Number(known(second)));
}

function ofText(change: (text: string) => string): Implementation {
  return ([value]) => literal(change(known(value)));
}

function ofTexts(change: (text: string, ...others: string[]) => string, at: number): Implementation {
  return (values) => {
    const texts = values.map(known);
    const [text = ""] = texts.splice(at, 1);
    return literal(change(text, ...texts));
  };
}

function ofTextsTo(test: (text: string, part: string) => boolean): Implementation {
  return ([text, part]) => test(known(text), known(part));
}

/** A version has no v, and a git tag without it is one. */
function withoutPrefix(value: Value, prefix: string): Value {
  const text = textOf(value);
  if (text !== undefined) return literal(text.startsWith(prefix) ? text.slice(prefix.length) : text);
  const [first, ...others] = isKnown(value) ? [] : value;
  const isVersion = typeof first === "object" && "placeholder" in first && others.length === 0;
  if (isVersion && prefix === "v" && (first.placeholder === "tag" || first.placeholder === "version"))
    return placeholder("version");
  throw new NoEquivalent("it cuts what only a release knows");
}

function fieldOf(from: Lazy | undefined, name: string, fields: Fields): Value {
  const map = required(from);
  if (isKnown(map) || map.length !== 1 || typeof map[0] !== "object" || !("unknown" in map[0]))
    throw new NoEquivalent("index is read of .Env alone");
  return fields([optionalVariables, name]);
}

function timeAs(layout: string): Value {
  const value = entryOf(layouts, layout);
  if (value === undefined) throw new NoEquivalent(`Slipway writes no time as ${layout}`);
  return placeholder(value);
}
