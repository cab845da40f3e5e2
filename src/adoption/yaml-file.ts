import { InputError, messageOf } from "../errors.js";
import { parseYamlDocument } from "../yaml-document.js";

/** What aliases make of a text takes far more than the text. */
const mostAliases = 100;

/** Parses the YAML of a configuration that somebody else wrote, whose top is a mapping. */
export function parseYaml(text: string, file: string): Readonly<Record<string, unknown>> {
  const document = parseYamlDocument(text, file, { merge: true });
  const refuse = (expected: string, given: unknown) => new InputError({ subject: file, expected, given });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    throw refuse("YAML that can be read", messageOf(error).split("\n")[0]);
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw refuse("a mapping", value);
  return value as Readonly<Record<string, unknown>>;
}
