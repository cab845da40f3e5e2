import { parseDocument } from "yaml";
import { InputError, messageOf } from "../errors.js";

/** More than any configuration has; what aliases make of a text, and deep nesting, takes far more than the text. */
const limits = { characters: 1_000_000, aliases: 100, depth: 100 };

/** Parses the YAML of a configuration that somebody else wrote, whose top is a mapping. */
export function parseYaml(text: string, file: string): Readonly<Record<string, unknown>> {
  const refuse = (expected: string, given: unknown): never => {
    throw new InputError({ subject: file, expected, given });
  };
  if (text.length > limits.characters)
    refuse(`at most ${limits.characters} characters`, `${text.length} of them`);
  if (depthOf(text) > limits.depth) refuse(`YAML nested at most ${limits.depth} deep`, "more");
  let value: unknown;
  try {
    const document = parseDocument(text, { merge: true, logLevel: "silent" });
    const [error] = document.errors;
    if (error !== undefined) refuse("YAML", firstLine(error.message));
    value = document.toJS({ maxAliasCount: limits.aliases });
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse("YAML that can be read", firstLine(messageOf(error)));
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) refuse("a mapping", value);
  return value as Readonly<Record<string, unknown>>;
}

/** The deepest nesting that brackets, or dashes and indentation, may have; an upper bound. */
function depthOf(text: string): number {
  let deepest = 0;
  let brackets = 0;
  for (const line of text.split("\n")) {
    const [lead = ""] = /^(?: |- )*/.exec(line) ?? [];
    for (const character of line) {
      if (character === "[" || character === "{") brackets += 1;
      if ((character === "]" || character === "}") && brackets > 0) brackets -= 1;
      deepest = Math.max(deepest, brackets);
    }
    deepest = Math.max(deepest, (lead.match(/- /g) ?? []).length);
  }
  return deepest;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
