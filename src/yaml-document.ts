import { type Document, isScalar, Lexer, LineCounter, Parser, parseDocument, type Scalar, visit } from "yaml";
import { InputError, messageOf } from "./errors.js";

/** More than any configuration has; what is nested deeper takes far more than the text, and all of the stack. */
const most = { characters: 500_000, depth: 100 };

// What aliases make of a text takes far more than the text.
const mostAliases = 100;

/** Parses the first document of YAML that somebody else wrote. `merge` gives the key `<<` its meaning. */
export function parseYamlDocument(text: string, file: string, { merge = false } = {}): Document.Parsed {
  const refuse = (expected: string, given: string) => new InputError({ subject: file, expected, given });
  if (text.length > most.characters)
    throw refuse(`at most ${most.characters} characters`, `${text.length} of them`);
  if (isTooDeep(text)) throw refuse(`YAML nested at most ${most.depth} deep`, "more");
  const lineCounter = new LineCounter();
  const fault = (message: string, at = 0) => {
    const { line, col } = lineCounter.linePos(at);
    return refuse("YAML", `${message.split("\n")[0]} at line ${line}, column ${col}`);
  };
  // Of many errors the parser would find the place of each, and compare each key with all others.
  const quick = { logLevel: "silent", prettyErrors: false, uniqueKeys: false } as const;
  const document = parseDocument(text, { merge, lineCounter, ...quick });
  const [error] = document.errors;
  if (error !== undefined) throw fault(error.message, error.pos[0]);
  const repeated = repeatedKeyIn(document);
  if (repeated !== undefined) throw fault("Map keys must be unique", repeated.range?.[0]);
  return document;
}

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

function repeatedKeyIn(document: Document.Parsed): Scalar | undefined {
  let repeated: Scalar | undefined;
  visit(document, {
    Map(_, { items }) {
      const values = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (values.has(key.value)) repeated ??= key;
        values.add(key.value);
      }
    },
  });
  return repeated;
}

/** By the parser of tokens, which has a stack of its own, where that of documents takes the one of the process. */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    // Beside collections it has the document, and what is read.
    if (parser.stack.length > most.depth + 2) return true;
  }
  return false;
}
